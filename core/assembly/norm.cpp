#include "core/assembly/norm.h"

#include "core/distributed/tensor_ranks.h"

#include <utility>

namespace athanor::runner {
namespace {

std::vector<distributed::ModelNorm::Part> counted(const std::vector<Parameter>& parameters,
                                                  const distributed::StateShare* share, const Stages* stages,
                                                  const parallel::Coordinates& here) {
  const auto counts = [&](const Parameter& parameter) {
    return (here.pipeline == 0 || stages->rank_of(parameter->path)) && (here.tensor == 0 || parameter->shard);
  };
  std::vector<distributed::ModelNorm::Part> out;
  if (share != nullptr) {
    for (const auto& place : share->places())
      if (place.piece && counts(place.whole)) out.emplace_back(place.piece, place.own.begin);
    return out;
  }
  for (const Parameter& parameter : parameters) {
    if (!counts(parameter)) continue;
    if (parameter->shard)
      out.emplace_back(parameter, distributed::shard_name(parameter->path, parameter->shard->index));
    else
      out.emplace_back(parameter);
  }
  return out;
}

}  // namespace

std::unique_ptr<distributed::ModelNorm> make_norm(const std::vector<Parameter>& parameters,
                                                  const distributed::StateShare* share, const Stages* stages,
                                                  const parallel::Coordinates& here, const NormAxes& axes,
                                                  optim::Optimizer& optimizer) {
  std::vector<comm::Communicator*> dividing;
  if (share != nullptr) dividing.push_back(axes.data);
  if (axes.tensor != nullptr) dividing.push_back(axes.tensor);
  if (stages != nullptr) dividing.push_back(axes.pipeline);
  if (dividing.empty()) return nullptr;
  return std::make_unique<distributed::ModelNorm>(std::move(dividing), optimizer,
                                                  stages ? stages->learns : distributed::sizes_of_all(parameters),
                                                  counted(parameters, share, stages, here));
}

}  // namespace athanor::runner
