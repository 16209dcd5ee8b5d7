#include "core/parallel/simulate.h"

#include "core/parallel/passes.h"
#include "core/parallel/requirements.h"
#include "core/parallel/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace athanor::parallel {
namespace {

using detail::kNowhere;

std::string fault_of(const CostModel& costs, const Schedule& schedule) {
  if (costs.stages.size() != schedule.stage_ranks.size())
    return fmt::format("there are costs of {} stages for {}", costs.stages.size(), schedule.stage_ranks.size());
  const auto is_bad = [](double value) { return !std::isfinite(value) || value < 0; };
  if (is_bad(costs.hop)) return fmt::format("a hop takes {}", costs.hop);
  for (std::size_t stage = 0; stage < costs.stages.size(); ++stage) {
    const StageCost& cost = costs.stages[stage];
    for (const double value : {cost.forward, cost.input_gradient, cost.weight_gradient, cost.activation, cost.kept,
                               cost.reduce, cost.activation - cost.kept})
      if (is_bad(value)) return fmt::format("a cost of stage {} is negative or not finite", stage);
  }
  return {};
}

class Simulator {
 public:
  Simulator(const Schedule& schedule, const CostModel& costs, std::span<const double> free)
      : schedule_(schedule),
        costs_(costs),
        transfers_(has_transfers(schedule)),
        places_(schedule.stage_count(), schedule.micro_batches, kNowhere),
        arrived_(schedule.stage_count(), schedule.micro_batches, kNotYet) {
    for (const auto& ops : schedule.ranks)
      for (std::size_t place = 0; place < ops.size(); ++place) places_[ops[place]] = static_cast<int>(place);
    result_.ranks.resize(schedule.ranks.size());
    lanes_.resize(schedule.ranks.size());
    for (std::size_t rank = 0; rank < free.size(); ++rank) lanes_[rank].compute = free[rank];
  }

  Simulation run() {
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t rank = 0; rank < lanes_.size(); ++rank)
        while (lanes_[rank].next < schedule_.ranks[rank].size() && advance(rank)) moved = true;
    }
    for (auto& lane : lanes_) std::ranges::copy(lane.spans, std::back_inserter(result_.timeline));
    summarise();
    return std::move(result_);
  }

 private:
  static constexpr double kNotYet = -1;

  struct Lanes {
    std::size_t next = 0;            // place in the list
    double compute = 0, reduce = 0;  // when each lane is free
    double held = 0;
    std::vector<TimelineSpan> spans;
  };

  // Does the next op of a rank; false where what it needs is not known yet.
  bool advance(std::size_t rank) {
    Lanes& lanes = lanes_[rank];
    const Op& op = schedule_.ranks[rank][lanes.next];
    const StageCost& cost = costs_.stages[static_cast<std::size_t>(op.stage)];
    if (is_compute(op.kind)) {
      double begin = lanes.compute;
      if (const auto need = detail::awaited(schedule_, places_, transfers_, op)) {
        if (arrived_[*need] == kNotYet) return false;
        begin = std::max(begin, arrived_[*need]);
      }
      compute(rank, op, begin, begin + compute_time(cost, op.kind));
    } else if (is_send(op.kind)) {
      send(rank, op, op);
    } else if (op.kind == OpKind::reduce_gradient) {
      const double begin = std::max(lanes.reduce, lanes.compute);
      lanes.reduce = begin + cost.reduce;
      lanes.spans.push_back({static_cast<std::int32_t>(rank), Lane::reduce, op, begin, lanes.reduce});
    } else {
      hold(rank, lanes.compute, memory_change(cost, op.kind));
    }
    ++lanes.next;
    return true;
  }

  void compute(std::size_t rank, const Op& op, double begin, double end) {
    Lanes& lanes = lanes_[rank];
    RankUse& use = result_.ranks[rank];
    if (use.busy == 0) use.first = begin;
    use.last = end;
    use.busy += end - begin;
    lanes.compute = end;
    lanes.spans.push_back({static_cast<std::int32_t>(rank), Lane::compute, op, begin, end});
    const double change = memory_change(costs_.stages[static_cast<std::size_t>(op.stage)], op.kind);
    hold(rank, change > 0 ? begin : end, change);
    if (const auto message = send_of(schedule_, op); message && !transfers_) send(rank, *message, op);
  }

  // `result` is known on the other rank a hop after the lane let go of it.
  void send(std::size_t rank, const Op& message, const Op& result) {
    Lanes& lanes = lanes_[rank];
    const double begin = lanes.compute;
    if (costs_.blocking_sends) lanes.compute += costs_.hop;
    arrived_[result] = lanes.compute + costs_.hop;
    lanes.spans.push_back({static_cast<std::int32_t>(rank), Lane::send, message, begin, arrived_[result]});
  }

  void hold(std::size_t rank, double time, double change) {
    if (change == 0) return;
    RankUse& use = result_.ranks[rank];
    double& held = lanes_[rank].held;
    held += change;
    use.memory_high_water = std::max(use.memory_high_water, held);
    use.memory.push_back({time, held});
  }

  void summarise() {
    double busy = 0, longest = 0;
    for (std::size_t rank = 0; rank < lanes_.size(); ++rank) {
      const RankUse& use = result_.ranks[rank];
      busy += use.busy;
      longest = std::max(longest, use.last - use.first);
      result_.makespan = std::max({result_.makespan, use.last, lanes_[rank].reduce});
    }
    const auto count = static_cast<double>(lanes_.size());
    if (result_.makespan == 0) return;
    result_.efficiency = busy / (count * result_.makespan);
    result_.span_efficiency = longest > 0 ? busy / (count * longest) : 0;
    for (RankUse& use : result_.ranks) use.bubble = 1 - use.busy / result_.makespan;
  }

  const Schedule& schedule_;
  const CostModel& costs_;
  bool transfers_;
  detail::Places places_;
  detail::OpTable<double> arrived_;
  std::vector<Lanes> lanes_;
  Simulation result_;
};

}  // namespace

Result<Simulation> simulate(const Schedule& schedule, const CostModel& costs, std::span<const double> free) {
  std::string cause;
  if (const auto faults = validate(schedule, nullptr, purpose_of(schedule)); !faults.empty())
    cause = faults.front().sentence;
  if (cause.empty()) cause = fault_of(costs, schedule);
  if (cause.empty() && !free.empty() && free.size() != schedule.ranks.size())
    cause = fmt::format("{} ranks are free for {}", free.size(), schedule.ranks.size());
  if (!cause.empty()) return fail(ErrorKind::invalid_input, "simulate the schedule " + schedule.name, cause);
  return Simulator(schedule, costs, free).run();
}

Result<StepTime> simulate_step(const Schedule& schedule, const CostModel& costs) {
  const auto passes = simulate(schedule, costs);
  if (!passes) return tl::unexpected(passes.error());
  std::vector<double> free;
  for (const RankUse& use : passes->ranks) free.push_back(use.last);
  const Schedule forwards = keep_forwards(schedule, schedule.micro_batches);
  return StepTime{.waiting = passes->makespan + value_or_throw(simulate(forwards, costs)).makespan,
                  .ahead = value_or_throw(simulate(forwards, costs, free)).makespan};
}

}  // namespace athanor::parallel
