// What a rank has of a run's training state, and what of it it writes of a checkpoint: asked by a run, and by what is
// predicted of it.
#pragma once

#include "core/assembly/assembly.h"
#include "core/train/held.h"

#include <vector>

namespace athanor::runner {

// A rank with its part. Everything is referred to.
struct Holder {
  const std::vector<Parameter>& parameters;
  const optim::Optimizer& optimizer;
  const distributed::StateShare* share = nullptr;  // null where all is held
  const Stages* stages = nullptr;                  // null where the model is not cut
  parallel::Coordinates here;
};

[[nodiscard]] std::vector<train::Held> held_by(const Holder& holder);
// So that all ranks together write everything once; where none holds less than all, the first writes it.
[[nodiscard]] std::vector<train::Held> written_by(const Holder& holder);

// The same of an assembly, which has its peers where it is to tell what it writes.
[[nodiscard]] std::vector<train::Held> held_by(const Assembly& assembly);
[[nodiscard]] std::vector<train::Held> written_by(const Assembly& assembly);

}  // namespace athanor::runner
