// Where the model of a pipeline is cut, from what its layers take. Every rank comes to the same, for all know the same
// figures.
//
// What a layer takes is its part, by the time of its forward passes, of what a micro-batch takes its rank (WorkWatch),
// measured once; of a rank that is seen to be slow by then, without what it is slower by. A rank's pace is from then on
// what its layers take it over what they were measured to take.
//
// At checkpoints alone the model is cut anew, where the schedule, simulated with these figures, is to be done sooner by
// more than kWorthIt of the step; and not again before the work of all was measured since.
#pragma once

#include "core/assembly/stages.h"
#include "core/comm/communicator.h"
#include "core/journal/event.h"
#include "core/parallel/mesh.h"
#include "core/ranks/work_watch.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

namespace athanor::runner {

struct Recut {
  std::vector<std::size_t> begins;  // the first layer of each stage
  double gain = 0;                  // of the step
};
// A better cut than that of the plan, where there is one that is worth it; `step` is what a step takes, in the unit of
// the layers' work.
[[nodiscard]] std::optional<Recut> plan_cut(const distributed::StagePlan& plan, const LayerWork& work, double step);

class StageBalance {
 public:
  static constexpr double kWorthIt = 0.05;

  // The model is cut so, by what was measured; null: by what the recipe says. Returns what the layers of each rank are
  // to take it if it is not slow, in nanoseconds; empty where that is not known.
  [[nodiscard]] std::vector<double> begin(const parallel::Mesh& mesh, const Stages& stages, const LayerWork* measured);

  // Whether the model is to be cut elsewhere from this checkpoint on, as measured() then says. `forward_seconds` are
  // this rank's (PipelinePass). A call that all ranks make; failures are the communicator's.
  [[nodiscard]] bool plan(std::int64_t step, const WorkWatch& watch, const std::vector<double>& forward_seconds,
                          comm::Communicator& ranks);
  [[nodiscard]] const LayerWork& measured() const noexcept { return measured_; }
  // What plan() has changed.
  [[nodiscard]] const journal::WorkShifted& shifted() const noexcept { return shifted_; }

 private:
  void measure(const WorkWatch& watch, std::vector<double> forward_seconds, comm::Communicator& ranks);
  [[nodiscard]] std::vector<double> slowest_by_place(std::span<const double> of_ranks) const;
  [[nodiscard]] std::vector<double> expected() const;

  parallel::Mesh mesh_;
  distributed::StagePlan plan_;
  LayerWork measured_;  // without layers until it is
  journal::WorkShifted shifted_;
};

// To a file and back, exactly. Throws Failure: io, corrupt.
void write_layer_work(const std::filesystem::path& file, const LayerWork& work);
[[nodiscard]] LayerWork read_layer_work(const std::filesystem::path& file);

// As the recipe has it; nothing where it wants none.
[[nodiscard]] std::optional<StageBalance> make_stage_balance(const recipe::Recipe& recipe);

}  // namespace athanor::runner
