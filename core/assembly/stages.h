// How a recipe's model is cut into the stages of a pipeline.
#pragma once

#include "core/distributed/pipeline_pass.h"
#include "core/optim/square_sums.h"
#include "core/recipe/recipe.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::runner {

// The same on every rank: it follows from recipe and vocabulary alone.
struct Stages {
  distributed::StagePlan plan;
  std::vector<models::ChainLayer> layers;    // without a model behind them: for names and owners alone
  std::vector<double> flops;                 // of each layer's forward pass, of a single row
  std::vector<optim::ParameterSize> learns;  // of the whole model, in its order

  // The rank along the pipeline that has a parameter; nothing where all have it.
  [[nodiscard]] std::optional<int> rank_of(std::string_view parameter) const;
};

// Stages take about equally long, by the operations of their layers. Throws FieldFailure where the model has fewer
// layers than there are stages, and where the schedule does not go with ranks and micro-batches.
[[nodiscard]] Stages cut_into_stages(const recipe::Recipe& recipe, std::int64_t vocabulary);

}  // namespace athanor::runner
