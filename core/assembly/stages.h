// How a recipe's model is cut into the stages of a pipeline.
#pragma once

#include "core/distributed/pipeline_pass.h"
#include "core/optim/square_sums.h"
#include "core/parallel/cost_model.h"
#include "core/recipe/recipe.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::runner {

// What layers were measured to take.
struct LayerWork {
  std::vector<double> layers;  // a micro-batch, both passes, in any one unit, on a rank of pace 1
  std::vector<double> paces;   // by rank along the pipeline: 2 takes twice as long
  bool operator==(const LayerWork&) const = default;
};

// The same on every rank: it follows from recipe, vocabulary and what was measured.
struct Stages {
  distributed::StagePlan plan;
  std::vector<models::ChainLayer> layers;    // without a model behind them: for names and owners alone
  std::vector<double> flops;                 // of each layer's forward pass, of a single row
  std::vector<optim::ParameterSize> learns;  // of the whole model, in its order
  // Whether ranks take their steps before the norm of the whole model is known (core/train/trainer.h): where that makes
  // a step shorter by more than a hundredth, by simulation. About that much is what copying for it takes where a
  // parameter sees a thousand tokens of a batch.
  bool steps_ahead = false;

  // The rank along the pipeline that has a parameter; nothing where all have it.
  [[nodiscard]] std::optional<int> rank_of(std::string_view parameter) const;
  // Of the stages, by what was measured or, where that is null, in operations of a single row.
  [[nodiscard]] parallel::CostModel costs(const LayerWork* measured = nullptr) const;
};

// How long a cut model takes by the schedule, simulated, in the unit of the work; half of a layer's work counts as
// forward passes, for features are made before the loss.
[[nodiscard]] double simulated_time(const parallel::Schedule& schedule, const std::vector<std::size_t>& begins,
                                    const LayerWork& work);
// The first layer of each stage of the schedule: stages that take equally long as far as layers allow it, moved by
// layers as long as the simulated time becomes shorter.
[[nodiscard]] std::vector<std::size_t> cut_layers(const parallel::Schedule& schedule, const LayerWork& work);

inline constexpr std::int64_t kReadsAll = 0;

// Stages take about equally long, by what was measured or, where that is null, by the operations of their layers; what
// was measured is then the same on every rank as well. `usual_tokens` of a text are usually read. Throws FieldFailure
// where the model has fewer layers than there are stages, and where the schedule does not go with ranks and
// micro-batches.
[[nodiscard]] Stages cut_into_stages(const recipe::Recipe& recipe, std::int64_t vocabulary,
                                     const LayerWork* measured = nullptr, std::int64_t usual_tokens = kReadsAll);

// The operations of a row's forward pass by the tokens that are read of its text, from one to data.max_tokens.
[[nodiscard]] std::vector<double> row_costs(const recipe::Recipe& recipe);

}  // namespace athanor::runner
