// The norm of a run's model, of which ranks have parts: of one optimizer's state, of its layers or of its matrices.
#pragma once

#include "core/assembly/stages.h"
#include "core/distributed/model_norm.h"
#include "core/distributed/state_share.h"
#include "core/parallel/mesh.h"

#include <memory>
#include <vector>

namespace athanor::runner {

// The communicators along the axes; null where an axis has but one rank.
struct NormAxes {
  comm::Communicator* data = nullptr;
  comm::Communicator* tensor = nullptr;
  comm::Communicator* pipeline = nullptr;
};

// Over the axes along which ranks have parts, so that all together count everything once: what several have, the first
// of them. `parameters` are those of this rank, at `here`; `share` and `stages` are null where the model is not divided
// so. Null where this rank has all of it. Everything is referred to and outlives the norm.
[[nodiscard]] std::unique_ptr<distributed::ModelNorm> make_norm(const std::vector<Parameter>& parameters,
                                                                const distributed::StateShare* share,
                                                                const Stages* stages, const parallel::Coordinates& here,
                                                                const NormAxes& axes, optim::Optimizer& optimizer);

}  // namespace athanor::runner
