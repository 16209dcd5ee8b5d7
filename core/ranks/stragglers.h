// Which rank is slower at its own work than its peers. A pure function of what ranks measured, so all that know the
// figures come to the same.
//
// Peers of a rank are those with the same work: the others of its kind. Where it is the only one of its kind, as a
// stage of a pipeline without replicas, nothing says how long its work should take; it is then held against its own
// beginning, and so are the others, whose median tells what became slower for all.
//
// A figure is what a window of steps took (WorkWatch), smoothed as an EWMA with the weight kNewest for the newest. A
// rank that lies more than kSlow above the median of its peers for kWindows windows in a row is seen; it has caught up
// once as many windows by themselves lie less than kCaughtUp above. What lies between the two changes nothing, and
// neither does a single window: other programs take a core for a while.
#pragma once

#include "core/journal/event.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace athanor::runner {

[[nodiscard]] double median(std::vector<double> values);

class Stragglers {
 public:
  static constexpr double kNewest = 0.5;
  static constexpr double kSlow = 0.10;
  static constexpr double kCaughtUp = 0.05;
  static constexpr int kWindows = 5;
  static constexpr int kBeginning = 3;  // windows that a rank's own beginning is made of

  // Of each rank what its work is: equal numbers, equal work.
  explicit Stragglers(std::vector<int> kinds);

  // What a window that began with the step `from` and ended with `to` took each rank, in any one unit above 0. Returns
  // what is new: ranks that are seen, and those that have caught up; what to do is the caller's to say.
  [[nodiscard]] std::vector<journal::StragglerSeen> take(std::int64_t from, std::int64_t to,
                                                         std::span<const double> work);

  // From now on ranks have other work, which would take each of them so long if it were not slow; nothing that was
  // measured before counts. Who is seen stays so.
  void expect(std::vector<double> work);

  // Of each rank, smoothed; empty before the first window.
  [[nodiscard]] const std::vector<double>& work() const noexcept { return work_; }
  // How many times as long as it should each rank takes, by what is seen: 1 for those that are not slow.
  [[nodiscard]] std::vector<double> paces() const;
  [[nodiscard]] bool sees_any() const { return std::ranges::any_of(states_, &State::is_seen); }

 private:
  struct State {
    bool is_seen = false;
    int in_a_row = 0;        // windows that speak for the other state
    std::int64_t since = 0;  // the first step of those
  };
  [[nodiscard]] bool has_twins() const;
  [[nodiscard]] std::vector<double> comparable(std::span<const double> work) const;
  [[nodiscard]] double slower(const std::vector<double>& figures, std::size_t rank) const;

  std::vector<int> kinds_;
  std::vector<State> states_;
  std::vector<double> work_, beginning_;
  int windows_ = 0;  // in beginning_
};

}  // namespace athanor::runner
