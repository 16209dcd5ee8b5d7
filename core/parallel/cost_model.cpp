#include "core/parallel/cost_model.h"

namespace athanor::parallel {

CostModel uniform_costs(int ranks, int chunks, const StageCost& rank, double hop) {
  const double part = 1.0 / chunks;
  const StageCost stage{rank.forward * part,    rank.input_gradient * part, rank.weight_gradient * part,
                        rank.activation * part, rank.kept * part,           rank.reduce * part};
  const auto stages = static_cast<std::size_t>(ranks) * static_cast<std::size_t>(chunks);
  return {.stages = std::vector<StageCost>(stages, stage), .hop = hop};
}

std::vector<StageCost> gather_pieces(const std::vector<StageCost>& pieces, int stages) {
  std::vector<StageCost> gathered(static_cast<std::size_t>(stages), StageCost{0, 0, 0, 0, 0, 0});
  const std::size_t each = pieces.size() / gathered.size();
  for (std::size_t i = 0; i < each * gathered.size(); ++i) {
    StageCost& sum = gathered[i / each];
    sum.forward += pieces[i].forward;
    sum.input_gradient += pieces[i].input_gradient;
    sum.weight_gradient += pieces[i].weight_gradient;
    sum.activation += pieces[i].activation;
    sum.kept += pieces[i].kept;
    sum.reduce += pieces[i].reduce;
  }
  return gathered;
}

double memory_change(const StageCost& cost, OpKind kind) noexcept {
  switch (kind) {
    case OpKind::forward:
    case OpKind::prefetch: return cost.activation;
    case OpKind::input_gradient: return cost.kept - cost.activation;
    case OpKind::weight_gradient: return -cost.kept;
    case OpKind::backward:
    case OpKind::offload: return -cost.activation;
    default: return 0;
  }
}

double compute_time(const StageCost& cost, OpKind kind) noexcept {
  switch (kind) {
    case OpKind::forward: return cost.forward;
    case OpKind::input_gradient: return cost.input_gradient;
    case OpKind::weight_gradient: return cost.weight_gradient;
    case OpKind::backward: return cost.input_gradient + cost.weight_gradient;
    default: return 0;
  }
}

}  // namespace athanor::parallel
