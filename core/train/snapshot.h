// Between live tensors and a checkpoint's named arrays.
#pragma once

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"
#include "core/optim/optimizer.h"
#include "core/tensor/context.h"

#include <cstdint>
#include <vector>

namespace athanor::train {

// A shape as checkpoints and foreign files hold it.
[[nodiscard]] inline std::vector<std::int64_t> dims_of(const Shape& shape) { return {shape.begin(), shape.end()}; }

// Fills `into`, the memory of which is used again where it held the same model before.
void capture(const Context& context, const std::vector<Parameter>& parameters, const optim::Optimizer& optimizer,
             checkpoint::TrainingState state, checkpoint::Contents& into);

// Overwrites parameters and, when given, the optimizer's state. Nothing is changed unless every name and shape fits:
// invalid_input names the first that does not.
[[nodiscard]] Result<void> restore(Context& context, const checkpoint::Contents& contents,
                                   const std::vector<Parameter>& parameters, optim::Optimizer* optimizer);

}  // namespace athanor::train
