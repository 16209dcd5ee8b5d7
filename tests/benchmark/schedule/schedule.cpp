// Pipeline schedules: what simulator, search and validator reach. Figures are of the simulator, by a cost model named
// on each line, and stand beside the bound that no schedule exceeds.
//   schedule [--seeds 5] [--stride 1]
// A stride above 1 leaves out numbers of micro-batches in the sweep of the validator.
#include "core/parallel/generate.h"
#include "core/parallel/partition.h"
#include "core/parallel/passes.h"
#include "core/parallel/search.h"
#include "core/parallel/simulate.h"
#include "core/parallel/validate.h"
#include "tests/core/parallel/seeded_faults.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <numeric>

namespace {

using namespace athanor;
using namespace athanor::parallel;

constexpr StageCost kUnequal{.forward = 1, .input_gradient = 1.15, .weight_gradient = 0.85};

struct Setting {
  int p, m;
  const char* name;
  StageCost cost;
  double hop;
  bool blocking;
};

Simulation simulated(const Schedule& schedule, const Setting& setting) {
  CostModel costs = uniform_costs(setting.p, schedule.stage_count() / setting.p, setting.cost, setting.hop);
  costs.blocking_sends = setting.blocking;
  return value_or_throw(simulate(schedule, costs));
}

double high_water(const Simulation& simulation) {
  return std::ranges::max(simulation.ranks, {}, &RankUse::memory_high_water).memory_high_water;
}

// Efficiency, span efficiency where it differs, and the high water in micro-batches of one rank.
std::string cell(const Simulation& simulation) {
  std::string text = fmt::format("{:.1f}", 100 * simulation.efficiency);
  if (simulation.span_efficiency > simulation.efficiency + 1e-9)
    text += fmt::format("/{:.1f}", 100 * simulation.span_efficiency);
  return text + fmt::format(" ({:.4g})", high_water(simulation));
}

void print_static() {
  const Setting settings[] = {
      {4, 8, "F=I=W, hop 0", {}, 0, false},
      {4, 8, "1:1.15:.85, hop .05", kUnequal, .05, false},
      {8, 16, "F=I=W, hop 0", {}, 0, false},
      {8, 16, "1:1.15:.85, hop .05", kUnequal, .05, false},
      {8, 16, "1:1.15:.85, hop .2", kUnequal, .2, false},
      {8, 16, "hop .05, blocking", kUnequal, .05, true},
      {8, 32, "1:1.15:.85, hop .05", kUnequal, .05, false},
      {2, 4, "1:1.15:.85, hop .05", kUnequal, .05, false},
  };
  fmt::print("Static schedules: efficiency / of the span, percent (activations in micro-batches of a rank)\n");
  fmt::print("{:>2} {:>2} {:20}", "p", "m", "F:I:W");
  for (const char* name :
       {"gpipe", "1f1b", "interleaved 2", "interleaved 4", "zb-h1", "zb-h2", "zb-v", "v-half", "v-min"})
    fmt::print(" {:>16}", name);
  fmt::print("\n");
  for (const Setting& setting : settings) {
    const auto [p, m] = std::pair(setting.p, setting.m);
    fmt::print("{:>2} {:>2} {:20}", p, m, setting.name);
    for (const Schedule& schedule :
         {gpipe(p, m), one_f_one_b(p, m), interleaved_one_f_one_b(p, 2, m), interleaved_one_f_one_b(p, 4, m),
          zb_h1(p, m), zb_h2(p, m), zb_v(p, m), v_half(p, m), v_min(p, m)})
      fmt::print(" {:>16}", cell(simulated(schedule, setting)));
    fmt::print("\n");
  }
}

void print_search(int seeds) {
  const Setting settings[] = {{4, 8, "", kUnequal, .05, false},
                              {8, 16, "", kUnequal, .05, false},
                              {8, 32, "", kUnequal, .05, false},
                              {8, 16, "", kUnequal, .2, false},
                              {16, 64, "", kUnequal, .05, false}};
  fmt::print("\nSearched schedules, F:I:W = 1:1.15:.85, two chunks: efficiency in percent over {} seeds\n", seeds);
  fmt::print("{:>2} {:>2} {:>4} {:>8} {:>7} {:>7} {:>7} {:>7} {:>8} {:>12}  found from\n", "p", "m", "hop", "memory",
             "1f1b", "zb-v", "worst", "best", "bound", "median time");
  for (const Setting& setting : settings)
    for (const double cap : {1.0, 1.25, 1.5, 2.0}) {
      SearchProblem problem{.ranks = setting.p,
                            .micro_batches = setting.m,
                            .pieces = {},
                            .hop = setting.hop,
                            .memory_caps = std::vector<double>(static_cast<std::size_t>(setting.p), cap * setting.p)};
      problem.pieces = uniform_costs(setting.p, 2, setting.cost, 0).stages;
      std::vector<double> found, times;
      SearchResult last;
      for (int seed = 0; seed < seeds; ++seed) {
        const auto begin = std::chrono::steady_clock::now();
        last = value_or_throw(search(problem, {.seed = static_cast<std::uint64_t>(seed)}));
        times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
        found.push_back(last.efficiency);
      }
      std::ranges::sort(times);
      fmt::print("{:>2} {:>2} {:>4} {:>7}x {:>7.2f} {:>7.2f} {:>7.2f} {:>7.2f} {:>8.2f} {:>10.2f} s  {}\n", setting.p,
                 setting.m, setting.hop, cap, 100 * simulated(one_f_one_b(setting.p, setting.m), setting).efficiency,
                 100 * simulated(zb_v(setting.p, setting.m), setting).efficiency, 100 * std::ranges::min(found),
                 100 * std::ranges::max(found), 100 * last.bound, times[times.size() / 2], last.origin);
    }
}

void print_validator(int stride) {
  std::minstd_rand random(1);
  long good = 0, alarms = 0, swaps = 0, disagreements = 0, exceeded = 0, noticed = 0;
  std::vector<long> planted(test::seeds().size(), 0), found(planted);
  for (int p = 1; p <= 8; ++p)
    for (int m = 1; m <= 32; m += stride)
      for (const Schedule& plain : static_schedules(p, m, 4))
        for (const Schedule& schedule : {plain, join_backward(plain), insert_transfers(join_backward(plain))}) {
          ++good;
          MemoryLimit limit{uniform_costs(p, schedule.stage_count() / p, {}, 0).stages, {}};
          limit.caps = test::peaks(schedule, limit.stages);
          alarms += !validate(schedule, &limit).empty();
          ++exceeded;
          limit.caps[static_cast<std::size_t>(m % p)] -= 0.01;
          noticed += std::ranges::count(validate(schedule, &limit), FaultKind::memory, &Fault::kind) > 0;
          for (std::size_t which = 0; which < planted.size(); ++which) {
            Schedule bad = schedule;
            if (!test::seeds()[which].plant(bad, random)) continue;
            ++planted[which];
            found[which] += std::ranges::count(validate(bad), test::seeds()[which].expected, &Fault::kind) > 0;
          }
          Schedule swapped = schedule;
          auto& ops = swapped.ranks[random() / 7 % swapped.ranks.size()];
          std::swap(ops[random() / 7 % ops.size()], ops[random() / 7 % ops.size()]);
          ++swaps;
          disagreements += validate(swapped).empty() != test::executes(swapped);
        }
  fmt::print("\nValidator over all static schedules, p <= 8, v <= 4, m <= 32: {} of {} good schedules called wrong\n",
             alarms, good);
  for (std::size_t which = 0; which < planted.size(); ++which)
    fmt::print("  {:36} {:>6} of {:>6} found\n", test::seeds()[which].name, found[which], planted[which]);
  fmt::print("  {:36} {:>6} of {:>6} found\n", "exceed the memory of a rank", noticed, exceeded);
  fmt::print("  {:36} {:>6} of {:>6} judged otherwise than by an executor\n", "swap any two ops", disagreements, swaps);
}

void print_partition() {
  // A tower of 46 equal layers between an embedding and a loss that take longer, on 8 stages.
  std::vector<LayerCost> layers(48, {.time = 3, .activation = 1, .state = 4});
  layers.front() = {.time = 1, .activation = 0.5, .state = 40};
  layers.back() = {.time = 14, .activation = 6, .state = 40};
  const double ideal = std::accumulate(layers.begin(), layers.end(), 0.0,
                                       [](double sum, const auto& layer) { return sum + layer.time; }) /
                       8;
  double even = 0;
  for (std::size_t begin = 0; begin < layers.size(); begin += 6) {
    double time = 0;
    for (std::size_t i = begin; i < begin + 6; ++i) time += layers[i].time;
    even = std::max(even, time);
  }
  const auto limits = one_f_one_b_limits(8, 16, 84);
  const Partition partition = value_or_throw(partition_layers(layers, limits));
  fmt::print(
      "\nPartition of 48 layers on 8 stages, slowest stage against a perfect division: equal numbers {:.3f}x, "
      "partitioned {:.3f}x\n",
      even / ideal, partition.slowest / ideal);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Prints what pipeline schedules reach");
  int seeds = 5, stride = 1;
  app.add_option("--seeds", seeds)->check(CLI::Range(1, 1000));
  app.add_option("--stride", stride)->check(CLI::Range(1, 32));
  CLI11_PARSE(app, argc, argv);
  print_static();
  print_search(seeds);
  print_validator(stride);
  print_partition();
  return 0;
}
