#include "app/models/run_order.h"

#include "app/models/run_words.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <unordered_set>

namespace athanor::app {
namespace {

bool is_text(RunColumn column) { return column == RunColumn::name || column == RunColumn::tags; }

std::string folded(const std::string& text) { return QString::fromStdString(text).toCaseFolded().toStdString(); }

std::string text_of(const store::Run& run, RunColumn column) {
  if (column == RunColumn::name) return folded(run.name);
  std::string tags;
  for (const std::string& tag : run.tags) tags += (tags.empty() ? "" : ", ") + tag;
  return folded(tags);
}

}  // namespace

double figure_of(const store::Run& run, RunColumn column, const CurveStore& curves, std::int64_t now_ns) {
  switch (column) {
    case RunColumn::number: return static_cast<double>(run.id);
    case RunColumn::status: return static_cast<double>(run.status);
    case RunColumn::progress:
      return run.steps > 0 ? static_cast<double>(run.step) / static_cast<double>(run.steps) : 0.0;
    case RunColumn::loss:
    case RunColumn::curve: return last_value(run, "train/loss");
    case RunColumn::r1: return last_value(run, "eval/t2i_r1");
    case RunColumn::r10: return last_value(run, "eval/t2i_r10");
    case RunColumn::speed: return pace_of(run, curves, now_ns);
    case RunColumn::started: return static_cast<double>(run.started_ns > 0 ? run.started_ns : run.created_ns);
    case RunColumn::duration: return duration_of(run, now_ns);
    default: return 0;
  }
}

struct RunOrder::Key {
  store::RunId id = 0;
  int row = 0;  // in the store
  double number = 0;
  std::string text;
};

void RunOrder::sort_by(std::optional<RunColumn> column, Qt::SortOrder direction) {
  column_ = column;
  direction_ = direction;
}

query::Faults RunOrder::set_search(const QString& typed) {
  RunQuery query(typed, runs_, figures_);
  if (!query.faults().empty()) return query.faults();
  query_ = std::move(query);
  return {};
}

void RunOrder::ask_anew() { query_.set_now(static_cast<double>(wall_now_ns()) * 1e-9); }

RunOrder::Key RunOrder::key_of(const store::Run& run, int row) const {
  Key key{run.id, row, 0, {}};
  if (!column_) return key;
  if (is_text(*column_))
    key.text = text_of(run, *column_);
  else
    key.number = figure_of(run, *column_, *curves_, wall_now_ns());
  return key;
}

bool RunOrder::goes_before(const Key& a, const Key& b) const {
  if (std::isnan(a.number) != std::isnan(b.number)) return std::isnan(b.number);
  if (a.number < b.number || b.number < a.number) return (a.number < b.number) == (direction_ == Qt::AscendingOrder);
  if (const int texts = a.text.compare(b.text); texts != 0) return (texts < 0) == (direction_ == Qt::AscendingOrder);
  return a.row < b.row;
}

std::vector<store::RunId> RunOrder::arranged() {
  ask_anew();
  const std::vector<store::Run>& runs = runs_->runs();
  std::vector<store::RunId> order;
  order.reserve(runs.size());
  if (!column_) {
    for (std::size_t row = 0; row < runs.size(); ++row)
      if (query_.matches(row)) order.push_back(runs[row].id);
    return order;
  }
  std::vector<Key> keys;
  keys.reserve(runs.size());
  for (std::size_t row = 0; row < runs.size(); ++row)
    if (query_.matches(row)) keys.push_back(key_of(runs[row], static_cast<int>(row)));
  std::ranges::sort(keys, [this](const Key& a, const Key& b) { return goes_before(a, b); });
  std::ranges::transform(keys, std::back_inserter(order), &Key::id);
  return order;
}

std::vector<store::RunId> RunOrder::rearranged(const std::vector<store::RunId>& order,
                                               const std::vector<store::RunId>& touched,
                                               const std::vector<store::RunId>& removed) {
  ask_anew();
  std::unordered_set<store::RunId> out(touched.begin(), touched.end());
  out.insert(removed.begin(), removed.end());
  std::vector<store::RunId> rest;
  rest.reserve(order.size());
  std::ranges::copy_if(order, std::back_inserter(rest), [&out](store::RunId id) { return !out.contains(id); });
  const auto key = [this](store::RunId id) {
    const int row = runs_->row_of(id);
    return key_of(runs_->runs()[static_cast<std::size_t>(row)], row);
  };
  std::vector<Key> arriving;
  for (const store::RunId id : touched)
    if (const int row = runs_->row_of(id); row >= 0 && query_.matches(static_cast<std::size_t>(row)))
      arriving.push_back(key(id));
  std::ranges::sort(arriving, [this](const Key& a, const Key& b) { return goes_before(a, b); });
  std::vector<store::RunId> merged;
  merged.reserve(rest.size() + arriving.size());
  auto from = rest.begin();
  for (const Key& each : arriving) {
    const auto place =
        std::partition_point(from, rest.end(), [&](store::RunId id) { return goes_before(key(id), each); });
    merged.insert(merged.end(), from, place);
    merged.push_back(each.id);
    from = place;
  }
  merged.insert(merged.end(), from, rest.end());
  return merged;
}

}  // namespace athanor::app
