#include "core/store/levels.h"

#include "core/store/buckets.h"
#include "core/store/columns.h"
#include "core/store/page.h"
#include "core/store/pages.h"

#include <algorithm>

namespace athanor::store {
namespace {

constexpr auto kEntries = static_cast<std::size_t>(kPageSummaries);
constexpr auto kChildren = static_cast<std::size_t>(kFan);
static_assert(kPageSummaries % kFan == 0, "what is summed up together stands on one page");

StepRange steps_of(const std::vector<Bucket>& buckets) {
  StepRange steps{buckets.front().first_step, buckets.front().last_step};
  for (const Bucket& bucket : buckets)
    steps = {std::min(steps.first, bucket.first_step), std::max(steps.last, bucket.last_step)};
  return steps;
}

// The newest entry of the level above: of what the newest entries of this one have in common.
std::span<const Bucket> newest_group(const std::vector<Bucket>& open) {
  return std::span(open).subspan((open.size() - 1) / kChildren * kChildren);
}

}  // namespace

Levels::Levels(Connection& connection, std::int64_t metric, std::int64_t samples) {
  for (int level = 1;; ++level) {
    const std::vector<PagePlace> places = places_of(connection, metric, level);
    if (places.empty()) return;
    const std::int64_t below = samples_below(level);
    const std::int64_t entries = (samples + below - 1) / below;
    const std::int64_t open = (entries + kPageSummaries - 1) / kPageSummaries - 1;  // -1: no page is left
    for (const PagePlace& place : places)
      if (place.number > open) drop_page(connection, place.row);
    if (open < 0) continue;
    if (static_cast<std::int64_t>(places.size()) <= open) damaged_page("a summary is missing");
    Level& kept = levels_.emplace_back();
    kept.page = open;
    kept.row = places[static_cast<std::size_t>(open)].row;
    kept.changed = true;
    unpack_buckets(page_bytes(connection, kept.row), Times::read, kept.open);
    const auto left = static_cast<std::size_t>(entries - open * kPageSummaries);
    if (kept.open.size() < left) damaged_page("a summary is too short");
    kept.open.resize(left);
    // It may have summed up more than is left.
    if (level > 1) kept.open.back() = bucket_of(newest_group(levels_[static_cast<std::size_t>(level) - 2].open));
  }
}

void Levels::add(Connection& connection, std::int64_t metric, std::span<const Point> points) {
  if (levels_.empty()) levels_.emplace_back();
  while (!points.empty()) {
    const std::size_t some = std::min<std::size_t>(points.size(), kBase);
    push(connection, metric, 0, bucket_of(points.first(some)));
    points = points.subspan(some);
  }
}

void Levels::push(Connection& connection, std::int64_t metric, std::size_t at, const Bucket& bucket) {
  if (levels_[at].open.size() == kEntries) {
    if (at + 1 == levels_.size()) begin_above(at);
    write(connection, metric, at);
    ++levels_[at].page;
    levels_[at].row = 0;
    levels_[at].open.clear();
  }
  Level& level = levels_[at];
  level.open.push_back(bucket);
  level.changed = true;
  if (at + 1 == levels_.size()) return;
  const std::span<const Bucket> group = newest_group(level.open);
  const Bucket sum = bucket_of(group);
  if (group.size() == 1) return push(connection, metric, at + 1, sum);
  replace(at + 1, sum);
}

void Levels::begin_above(std::size_t at) {
  Level above;
  above.changed = true;
  for (std::size_t child = 0; child < kEntries; child += kChildren)
    above.open.push_back(bucket_of(std::span<const Bucket>(levels_[at].open).subspan(child, kChildren)));
  levels_.push_back(std::move(above));
}

void Levels::replace(std::size_t at, const Bucket& newest) {
  Level& level = levels_[at];
  level.open.back() = newest;
  level.changed = true;
  if (at + 1 < levels_.size()) replace(at + 1, bucket_of(newest_group(level.open)));
}

void Levels::flush(Connection& connection, std::int64_t metric) {
  for (std::size_t at = 0; at < levels_.size(); ++at)
    if (levels_[at].changed) write(connection, metric, at);
}

void Levels::write(Connection& connection, std::int64_t metric, std::size_t at) {
  Level& level = levels_[at];
  level.row = write_page(connection, {metric, static_cast<int>(at) + 1, level.page}, steps_of(level.open),
                         pack_buckets(level.open), level.row);
  level.changed = false;
}

}  // namespace athanor::store
