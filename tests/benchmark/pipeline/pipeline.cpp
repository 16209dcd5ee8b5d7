// What the runtime of pipelines reaches, in three parts that take turns within each:
//   plan      8 processes of one host whose stages wait a given time instead of computing, with real messages: the
//             efficiency executed beside the one that the simulator promises
//   overhead  stages that do nothing: microseconds for each op of a rank's list
//   compute   a transformer on 2 processes: the step of zb-v against that of 1f1b
//   pipeline [--part NAME] [--rounds 7]
#include "core/distributed/pipeline_runner.h"
#include "core/parallel/generate.h"
#include "core/parallel/passes.h"
#include "core/parallel/search.h"
#include "core/parallel/simulate.h"
#include "tests/benchmark/pipeline/waiting.h"
#include "tests/core/distributed/small_transformer.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace {

using namespace athanor;
using namespace athanor::distributed;
using namespace athanor::distributed::bench;
using parallel::Op;
using parallel::OpKind;
using parallel::Schedule;
using parallel::StageCost;

constexpr double kForwardNs = 20e6;  // of all layers of a rank
constexpr int kRanks = 8, kMicroBatches = 16;

Schedule lowered(const Schedule& schedule) { return insert_steps(insert_transfers(order_micro_batches(schedule))); }

Schedule searched(int p, int m) {
  parallel::SearchProblem problem{.ranks = p, .micro_batches = m, .pieces = {}, .hop = 0.05, .memory_caps = {}};
  problem.pieces = parallel::uniform_costs(p, 2, kUnequal, 0).stages;
  problem.memory_caps.assign(static_cast<std::size_t>(p), 1.5 * p);
  Schedule schedule = value_or_throw(parallel::search(problem)).schedule;
  schedule.name = "searched";
  return schedule;
}

// One rank's runner over waiting stages, and what its spans add up to.
struct WaitingRank {
  WaitingRank(comm::Communicator& world, const Schedule& schedule, double forward_ns, std::int64_t numbers)
      : ops(schedule.ranks[static_cast<std::size_t>(world.rank())].size()) {
    const double scale = forward_ns * schedule.rank_count() / schedule.stage_count();
    const StageCost cost{.forward = scale * kUnequal.forward,
                         .input_gradient = scale * kUnequal.input_gradient,
                         .weight_gradient = scale * kUnequal.weight_gradient};
    std::vector<StageWork*> stages;
    for (const int rank : schedule.stage_ranks) {
      owned.push_back(rank == world.rank() ? std::make_unique<WaitingStage>(context, cost, numbers) : nullptr);
      stages.push_back(owned.back().get());
    }
    PipelinePorts ports;
    if (forward_ns > 0)
      ports = {.now_ns = now_ns, .tell = [this](const PipelineSpan& span) { add(span); }, .enter = {}};
    runner = std::make_unique<PipelineRunner>(world, schedule, std::move(stages), std::move(ports));
  }
  void add(const PipelineSpan& span) {
    if (!is_send(span.op.kind)) outside_ns += static_cast<double>(span.end_ns - span.begin_ns);
  }

  [[nodiscard]] std::int64_t take_cpu_ns() const {
    std::int64_t sum = 0;
    for (const auto& stage : owned) sum += stage ? stage->take_cpu_ns() : 0;
    return sum;
  }

  Context context{ContextOptions{}};
  std::size_t ops;
  double outside_ns = 0;  // of the runner: in stages, and standing still for a message
  std::vector<std::unique_ptr<WaitingStage>> owned;
  std::unique_ptr<PipelineRunner> runner;
};

double all_of(comm::Communicator& world, double mine, comm::Reduce reduce) {
  world.all_reduce(View(&mine, DType::f64, Shape{1}), reduce);
  return mine;
}

// Nanoseconds from when the first rank begins until the last is through.
double timed(comm::Communicator& world, const std::function<void()>& work) {
  world.barrier();
  const auto begin = static_cast<double>(now_ns());
  work();
  const auto end = static_cast<double>(now_ns());
  return all_of(world, end, comm::Reduce::max) - all_of(world, begin, comm::Reduce::min);
}

// How much longer than its ops a micro-batch takes to go from one rank to another and back, by the way: half of it, in
// units of F.
double measure_hop(comm::Communicator& world, std::int64_t numbers, int rounds) {
  const auto pair = world.split(world.rank() < 2 ? 0 : -1, world.rank());
  double hop = 0;
  if (pair) {
    WaitingRank rank(*pair, lowered(parallel::gpipe(2, 1)), kForwardNs, numbers);
    std::vector<double> hops;
    for (int round = 0; round <= rounds; ++round)
      hops.push_back((timed(*pair, [&] { rank.runner->run(); }) / kForwardNs - 2 * 3) / 2);
    hop = median({hops.begin() + 1, hops.end()});
  }
  return all_of(world, hop, comm::Reduce::max);
}

void measure_plan(comm::Group& group, int rounds) {
  comm::Communicator& world = group.world();
  const std::int64_t numbers = 64 << 10;
  std::vector<Schedule> schedules;
  for (const Schedule& plain : {parallel::one_f_one_b(kRanks, kMicroBatches), parallel::zb_h1(kRanks, kMicroBatches),
                                parallel::zb_v(kRanks, kMicroBatches), searched(kRanks, kMicroBatches)})
    schedules.push_back(lowered(plain));
  std::vector<std::unique_ptr<WaitingRank>> ranks;
  for (const Schedule& schedule : schedules)
    ranks.push_back(std::make_unique<WaitingRank>(world, schedule, kForwardNs, numbers));
  std::vector<std::vector<double>> efficiencies(schedules.size()), own(schedules.size()), shares(schedules.size()),
      used(schedules.size());
  for (int round = 0; round <= rounds; ++round)
    for (std::size_t i = 0; i < schedules.size(); ++i) {
      WaitingRank& rank = *ranks[i];
      rank.outside_ns = 0;
      double mine = 0, cpu = 0;
      const double makespan = timed(world, [&] {
        const auto start = static_cast<double>(now_ns());
        const std::int64_t before = cpu_ns();
        rank.runner->run();
        cpu = static_cast<double>(cpu_ns() - before - rank.take_cpu_ns());
        mine = static_cast<double>(now_ns()) - start - rank.outside_ns;
      });
      mine = all_of(world, mine, comm::Reduce::max);
      cpu = all_of(world, cpu, comm::Reduce::max);
      if (round == 0) continue;  // warm-up
      efficiencies[i].push_back(kMicroBatches * 3 * kForwardNs / makespan);
      own[i].push_back(mine / static_cast<double>(rank.ops) / 1e3);
      used[i].push_back(cpu / static_cast<double>(rank.ops) / 1e3);
      shares[i].push_back(mine / makespan);
    }
  const double hop = measure_hop(world, numbers, rounds);
  if (world.rank() != 0) return;
  fmt::print(
      "Waiting stages: {} processes, {} micro-batches, F:I:W = 1:1.15:.85, F {:.0f} ms a rank, messages of {} KiB, "
      "median of {} rounds in turns\nOf the rank that took most: what the runner adds, by the clock and as share of "
      "the step, and in CPU time\n"
      "A hop takes {:.4f} F; planned without and with it, executed, and executed less planned without\n"
      "{:10} {:>10} {:>10} {:>11} {:>7} {:>10} {:>10} {:>12} {:>14}\n",
      kRanks, kMicroBatches, kForwardNs / 1e6, numbers * 4 >> 10, rounds, hop, "schedule", "planned %", "with hops",
      "executed %", "points", "best round", "us an op", "of the step", "CPU us an op");
  for (std::size_t i = 0; i < schedules.size(); ++i) {
    const auto costs = parallel::uniform_costs(kRanks, schedules[i].stage_count() / kRanks, kUnequal, 0);
    const double planned = value_or_throw(simulate(schedules[i], costs)).efficiency;
    const auto hopping = parallel::uniform_costs(kRanks, schedules[i].stage_count() / kRanks, kUnequal, hop);
    fmt::print("{:10} {:>10.2f} {:>10.2f} {:>11.2f} {:>7.2f} {:>10.2f} {:>10.1f} {:>10.3f} % {:>14.1f}\n",
               schedules[i].name, 100 * planned, 100 * value_or_throw(simulate(schedules[i], hopping)).efficiency,
               100 * median(efficiencies[i]), 100 * (median(efficiencies[i]) - planned),
               100 * std::ranges::max(efficiencies[i]), median(own[i]), 100 * median(shares[i]), median(used[i]));
  }
}

void measure_overhead(comm::Group& group, int rounds, const char* kind) {
  comm::Communicator& world = group.world();
  const int p = world.size(), m = 64, steps = 20;
  std::vector<Schedule> schedules;
  for (const Schedule& plain : {parallel::one_f_one_b(p, m), parallel::zb_v(p, m)}) schedules.push_back(lowered(plain));
  std::vector<std::unique_ptr<WaitingRank>> ranks;
  for (const Schedule& schedule : schedules) ranks.push_back(std::make_unique<WaitingRank>(world, schedule, 0, 256));
  std::vector<std::vector<double>> wall(schedules.size()), busy(schedules.size());
  for (int round = 0; round <= rounds; ++round)
    for (std::size_t i = 0; i < schedules.size(); ++i) {
      double used = 0;
      const double took = timed(world, [&] {
        const std::int64_t before = cpu_ns();
        for (int step = 0; step < steps; ++step) ranks[i]->runner->run();
        used = static_cast<double>(cpu_ns() - before);
      });
      used = all_of(world, used, comm::Reduce::max);
      if (round == 0) continue;  // warm-up
      const double ops = static_cast<double>(ranks[i]->ops) * steps;
      wall[i].push_back(took / ops / 1e3);
      busy[i].push_back(used / ops / 1e3);
    }
  if (world.rank() != 0) return;
  for (std::size_t i = 0; i < schedules.size(); ++i)
    fmt::print("{:10} {:>5} {:12} {:>14.2f} {:>18.2f}\n", kind, p, schedules[i].name, median(wall[i]), median(busy[i]));
}

// The CPU time that the ops of a schedule take, by stage.
class OpTimes {
 public:
  explicit OpTimes(int stages) : sums_(static_cast<std::size_t>(stages) * kKinds), counts_(sums_.size()) {}

  void add(const PipelineSpan& span) {
    if (!is_compute(span.op.kind)) return;
    const std::size_t at = place(span.op.stage, span.op.kind);
    sums_[at] += static_cast<double>(span.end_ns - span.begin_ns);
    counts_[at] += 1;
  }
  // Also those of the other ranks.
  void gather(comm::Communicator& world) {
    for (auto* numbers : {&sums_, &counts_})
      world.all_reduce(View(numbers->data(), DType::f64, Shape{static_cast<std::int64_t>(numbers->size())}));
  }
  // Of one micro-batch; a backward in one go counts as two halves.
  [[nodiscard]] std::vector<StageCost> costs() const {
    std::vector<StageCost> all;
    for (std::size_t stage = 0; stage < sums_.size() / kKinds; ++stage) {
      const auto mean = [&](OpKind kind) {
        const std::size_t at = place(static_cast<int>(stage), kind);
        return counts_[at] > 0 ? sums_[at] / counts_[at] : 0.0;
      };
      const double half = mean(OpKind::backward) / 2;
      all.push_back({.forward = mean(OpKind::forward),
                     .input_gradient = half + mean(OpKind::input_gradient),
                     .weight_gradient = half + mean(OpKind::weight_gradient)});
    }
    return all;
  }

 private:
  static constexpr std::size_t kKinds = 4;
  static std::size_t place(int stage, OpKind kind) {
    return static_cast<std::size_t>(stage) * kKinds + static_cast<std::size_t>(kind);
  }
  std::vector<double> sums_, counts_;
};

void print_compute(const Schedule& schedule, const std::vector<double>& times, const OpTimes& ops, double& simulated) {
  const auto costs = ops.costs();
  StageCost all{.forward = 0, .input_gradient = 0, .weight_gradient = 0};
  for (const StageCost& cost : costs) {
    all.forward += cost.forward / 1e6;
    all.input_gradient += cost.input_gradient / 1e6;
    all.weight_gradient += cost.weight_gradient / 1e6;
  }
  simulated = value_or_throw(simulate(schedule, {.stages = costs})).makespan / 1e6;
  fmt::print(
      "  {:6} {:>7.0f} ms a step, {:.0f} to {:.0f}; CPU time of a micro-batch: F {:.1f}, I {:.1f}, W {:.1f} ms, from "
      "which "
      "the simulator says {:.0f} ms a step\n",
      schedule.name, median(times), std::ranges::min(times), std::ranges::max(times), all.forward, all.input_gradient,
      all.weight_gradient, simulated);
}

void measure_compute(comm::Group& group, int rounds) {
  comm::Communicator& world = group.world();
  const int p = 2, m = 8;
  const test::TransformerSize size{
      .vocabulary = 256, .width = 256, .heads = 4, .depth = 8, .tokens = 64, .samples = 4, .dropout = 0};
  const test::Training training{.micro_batches = m, .steps = 1, .clip_norm = 1};
  const std::vector<Schedule> schedules{lowered(parallel::one_f_one_b(p, m)), lowered(parallel::zb_v(p, m))};
  std::vector<OpTimes> ops;
  std::vector<std::unique_ptr<test::PipelineRank>> ranks;
  bool measures = false;
  for (const Schedule& schedule : schedules) ops.emplace_back(schedule.stage_count());
  for (std::size_t i = 0; i < schedules.size(); ++i)
    ranks.push_back(
        std::make_unique<test::PipelineRank>(group, schedules[i], size, training,
                                             PipelinePorts{.now_ns = cpu_ns,
                                                           .tell =
                                                               [&measures, &times = ops[i]](const PipelineSpan& span) {
                                                                 if (measures) times.add(span);
                                                               },
                                                           .enter = {}}));
  std::vector<std::vector<double>> times(schedules.size());
  for (int round = 0; round <= rounds; ++round)
    for (std::size_t i = 0; i < schedules.size(); ++i) {
      measures = round > 0;
      const double time = timed(world, [&] { ranks[i]->take_step(round); });
      if (measures) times[i].push_back(time / 1e6);
    }
  for (OpTimes& each : ops) each.gather(world);
  if (world.rank() != 0) return;
  fmt::print(
      "\nTransformer of width {} and depth {}, {} x {} tokens a micro-batch: {} processes of one thread, {} "
      "micro-batches, "
      "median of {} rounds in turns\n",
      size.width, size.depth, size.samples, size.tokens, p, m, rounds);
  std::vector<double> simulated(schedules.size());
  for (std::size_t i = 0; i < schedules.size(); ++i) print_compute(schedules[i], times[i], ops[i], simulated[i]);
  fmt::print("  1f1b / zb-v: {:.3f}x by the clock, {:.3f}x simulated from the CPU time of the ops\n",
             median(times[0]) / median(times[1]), simulated[0] / simulated[1]);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Prints what the runtime of pipelines reaches");
  std::string part = "all";
  int rounds = 7;
  app.add_option("--part", part)->check(CLI::IsMember({"all", "plan", "overhead", "compute"}));
  app.add_option("--rounds", rounds)->check(CLI::Range(5, 101));
  CLI11_PARSE(app, argc, argv);
  const auto wanted = [&](const char* name) { return part == "all" || part == name; };
  bool good = true;
  if (wanted("plan")) good = in_processes(kRanks, [&](comm::Group& group) { measure_plan(group, rounds); }) && good;
  if (wanted("overhead")) {
    fmt::print(
        "\nStages that do nothing, messages of 1 KiB: microseconds an op, median of {} rounds in turns\n"
        "{:10} {:>5} {:12} {:>14} {:>18}\n",
        rounds, "ranks are", "count", "schedule", "of the clock", "of the rank's CPU");
    for (const int count : {1, 2})
      good = in_processes(1,
                          [&](comm::Group&) {
                            comm::run_threads(count, {},
                                              [&](comm::Group& group) { measure_overhead(group, rounds, "threads"); });
                          }) &&
             good;
    for (const int count : {2, kRanks})
      good = in_processes(count, [&](comm::Group& group) { measure_overhead(group, rounds, "processes"); }) && good;
  }
  if (wanted("compute")) good = in_processes(2, [&](comm::Group& group) { measure_compute(group, rounds); }) && good;
  return good ? 0 : 1;
}
