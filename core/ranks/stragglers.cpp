#include "core/ranks/stragglers.h"

#include <algorithm>
#include <utility>

namespace athanor::runner {

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

Stragglers::Stragglers(std::vector<int> kinds)
    : kinds_(std::move(kinds)), states_(kinds_.size()), beginning_(kinds_.size()) {}

// Whether ranks have others with the same work; it holds for all of a mesh or for none.
bool Stragglers::has_twins() const { return std::ranges::count(kinds_, kinds_.front()) > 1; }

double Stragglers::slower(const std::vector<double>& figures, std::size_t rank) const {
  std::vector<double> peers;
  for (std::size_t other = 0; other < figures.size(); ++other)
    if (other != rank && (!has_twins() || kinds_[other] == kinds_[rank])) peers.push_back(figures[other]);
  if (peers.empty()) return 0;
  const double usual = median(std::move(peers));
  return usual > 0 ? figures[rank] / usual - 1 : 0;
}

// What of each rank is compared: times, or how many times as long as at the beginning.
std::vector<double> Stragglers::comparable(std::span<const double> work) const {
  std::vector<double> out(work.begin(), work.end());
  if (has_twins()) return out;
  for (std::size_t rank = 0; rank < out.size(); ++rank) out[rank] /= beginning_[rank];
  return out;
}

void Stragglers::expect(std::vector<double> work) {
  beginning_ = std::move(work);
  windows_ = kBeginning;
  work_.clear();
  for (State& state : states_) state.in_a_row = 0;
}

std::vector<double> Stragglers::paces() const {
  std::vector<double> out(states_.size(), 1.0);
  if (work_.empty() || !sees_any()) return out;
  const std::vector<double> smoothed = comparable(work_);
  for (std::size_t rank = 0; rank < out.size(); ++rank)
    if (states_[rank].is_seen) out[rank] += std::max(0.0, slower(smoothed, rank));
  return out;
}

std::vector<journal::StragglerSeen> Stragglers::take(std::int64_t from, std::int64_t to, std::span<const double> work) {
  if (work_.empty()) work_.assign(work.begin(), work.end());
  for (std::size_t rank = 0; rank < work_.size(); ++rank)
    work_[rank] = kNewest * work[rank] + (1 - kNewest) * work_[rank];
  if (!has_twins() && windows_ < kBeginning) {
    ++windows_;
    for (std::size_t rank = 0; rank < work_.size(); ++rank) beginning_[rank] += work[rank] / kBeginning;
    return {};
  }
  const std::vector<double> smoothed = comparable(work_), newest = comparable(work);
  std::vector<journal::StragglerSeen> news;
  for (std::size_t rank = 0; rank < states_.size(); ++rank) {
    State& state = states_[rank];
    const double by = slower(state.is_seen ? newest : smoothed, rank);
    const bool speaks_for_other = state.is_seen ? by < kCaughtUp : by > kSlow;
    if (!speaks_for_other) {
      state.in_a_row = 0;
      continue;
    }
    if (state.in_a_row++ == 0) state.since = from;
    if (state.in_a_row < kWindows) continue;
    state.is_seen = !state.is_seen;
    state.in_a_row = 0;
    news.push_back({.step = to,
                    .rank = static_cast<std::int32_t>(rank),
                    .since = state.since,
                    .slower = by,
                    .is_over = !state.is_seen,
                    .against_past = !has_twins(),
                    .remedy = {}});
  }
  return news;
}

}  // namespace athanor::runner
