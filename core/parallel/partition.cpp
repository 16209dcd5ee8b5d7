#include "core/parallel/partition.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace athanor::parallel {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kRounding = 1e-9;  // of sums

bool is_bad(double value) { return !std::isfinite(value) || value < 0; }

std::string fault_of(std::span<const LayerCost> layers, std::span<const StageLimit> limits) {
  if (limits.empty()) return "there is no stage";
  if (layers.size() < limits.size())
    return fmt::format("{} layers cannot fill {} stages", layers.size(), limits.size());
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (is_bad(layers[i].time) || is_bad(layers[i].activation) || is_bad(layers[i].state))
      return fmt::format("a cost of layer {} is negative or not finite", i);
  for (std::size_t stage = 0; stage < limits.size(); ++stage)
    if (limits[stage].in_flight < 0 || std::isnan(limits[stage].memory) || is_bad(limits[stage].pace))
      return fmt::format("the limit of stage {} is no limit", stage);
  return {};
}

class Cutter {
 public:
  Cutter(std::span<const LayerCost> layers, std::span<const StageLimit> limits)
      : limits_(limits), time_(layers.size() + 1, 0), activation_(time_), state_(time_) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      time_[i + 1] = time_[i] + layers[i].time;
      activation_[i + 1] = activation_[i] + layers[i].activation;
      state_[i + 1] = state_[i] + layers[i].state;
    }
  }

  // Stages as fast as the slowest can be; its time, or kNever.
  double least_slowest() {
    solve([](double before, double time) { return std::max(before, time); });
    return best_.back().back();
  }

  // Of the partitions without a slower stage the one with the least sum of squares.
  std::vector<std::size_t> balance(double slowest) {
    solve([slowest](double before, double time) {
      return time > slowest * (1 + kRounding) ? kNever : before + time * time;
    });
    std::vector<std::size_t> begins(limits_.size());
    std::size_t end = time_.size() - 1;
    for (std::size_t stage = limits_.size(); stage-- > 0;) end = begins[stage] = begin_[stage][end];
    return begins;
  }

  // The first stage that no partition of the layers before it can reach.
  [[nodiscard]] std::size_t first_unfilled() const {
    for (std::size_t stage = 0; stage < best_.size(); ++stage)
      if (std::ranges::all_of(best_[stage], [](double value) { return value == kNever; })) return stage;
    return best_.size() - 1;
  }

 private:
  [[nodiscard]] double time_of(std::size_t stage, std::size_t begin, std::size_t end) const {
    return (time_[end] - time_[begin]) * limits_[stage].pace;
  }
  [[nodiscard]] bool fits(std::size_t stage, std::size_t begin, std::size_t end) const {
    const double held =
        state_[end] - state_[begin] + limits_[stage].in_flight * (activation_[end] - activation_[begin]);
    return held <= limits_[stage].memory * (1 + kRounding);
  }

  // best_[stage][end]: the least cost of stages 0 … stage over layers [0, end), where `extend` adds the time of the
  // last of them.
  template <class Extend>
  void solve(Extend&& extend) {
    const std::size_t layers = time_.size() - 1;
    best_.assign(limits_.size(), std::vector<double>(layers + 1, kNever));
    begin_.assign(limits_.size(), std::vector<std::size_t>(layers + 1, 0));
    for (std::size_t stage = 0; stage < limits_.size(); ++stage)
      for (std::size_t end = stage + 1; end <= layers; ++end)
        for (std::size_t begin = stage; begin < end; ++begin) {
          const double before = stage > 0 ? best_[stage - 1][begin] : begin == 0 ? 0 : kNever;
          if (before == kNever || !fits(stage, begin, end)) continue;
          const double cost = extend(before, time_of(stage, begin, end));
          if (cost >= best_[stage][end]) continue;
          best_[stage][end] = cost;
          begin_[stage][end] = begin;
        }
  }

  std::span<const StageLimit> limits_;
  std::vector<double> time_, activation_, state_;  // of the layers before each
  std::vector<std::vector<double>> best_;
  std::vector<std::vector<std::size_t>> begin_;
};

}  // namespace

std::vector<StageLimit> one_f_one_b_limits(int ranks, int micro_batches, double memory) {
  std::vector<StageLimit> limits;
  for (int rank = 0; rank < ranks; ++rank) limits.push_back({std::min(micro_batches, ranks - rank), memory});
  return limits;
}

Result<Partition> partition_layers(std::span<const LayerCost> layers, std::span<const StageLimit> limits) {
  const std::string intention = "cut the model into stages";
  if (std::string cause = fault_of(layers, limits); !cause.empty())
    return fail(ErrorKind::invalid_input, intention, std::move(cause));
  Cutter cutter(layers, limits);
  const double slowest = cutter.least_slowest();
  if (slowest == kNever) {
    const std::size_t stage = cutter.first_unfilled();
    return fail(ErrorKind::out_of_memory, intention,
                fmt::format("however the layers are cut, those up to stage {} exceed the memory of one of them", stage),
                "use more stages, or keep fewer micro-batches in flight");
  }
  return Partition{cutter.balance(slowest), slowest};
}

Result<std::vector<std::int64_t>> share_micro_batches(std::int64_t micro_batches, std::span<const double> speeds) {
  const double sum = std::accumulate(speeds.begin(), speeds.end(), 0.0);
  if (micro_batches < 0 || std::ranges::any_of(speeds, is_bad) || !std::isfinite(sum) || sum <= 0)
    return fail(ErrorKind::invalid_input, fmt::format("share {} micro-batches out", micro_batches),
                "their number is negative, or no speed is above 0, or one is negative or not finite");
  // Everyone gets at least the whole part of an exact share, up to rounding; the rest goes where it ends first.
  std::vector<std::int64_t> shares;
  shares.reserve(speeds.size());
  for (const double speed : speeds)
    shares.push_back(
        static_cast<std::int64_t>(std::floor(static_cast<double>(micro_batches) * (speed / sum) * (1 - kRounding))));
  std::int64_t left = micro_batches - std::accumulate(shares.begin(), shares.end(), std::int64_t{0});
  for (; left > 0; --left) {
    std::size_t soonest = 0;
    double end = kNever;
    for (std::size_t i = 0; i < speeds.size(); ++i) {
      if (speeds[i] <= 0) continue;
      const double ends = static_cast<double>(shares[i] + 1) / speeds[i];
      if (ends >= end) continue;
      end = ends;
      soonest = i;
    }
    ++shares[soonest];
  }
  return shares;
}

}  // namespace athanor::parallel
