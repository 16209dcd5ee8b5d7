// Between live tensors and a checkpoint's named arrays.
#pragma once

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/reader.h"
#include "core/optim/optimizer.h"
#include "core/tensor/context.h"
#include "core/train/held.h"

#include <cstdint>
#include <span>
#include <vector>

namespace athanor::train {

// Fills `into`, the memory of which is used again where it held the same model before.
void capture(const Context& context, const std::vector<Parameter>& parameters, const optim::Optimizer& optimizer,
             checkpoint::TrainingState state, checkpoint::Contents& into);

// Overwrites parameters and, when given, the optimizer's state. Nothing is changed unless every name and shape fits:
// invalid_input names the first that does not.
[[nodiscard]] Result<void> restore(Context& context, const checkpoint::Contents& contents,
                                   const std::vector<Parameter>& parameters, optim::Optimizer* optimizer);

// The same of what one of several ranks holds, which writes it together with the others.
void capture(const Context& context, const std::vector<Held>& held, checkpoint::TrainingState state,
             checkpoint::ShardContents& into);
// Fills what is held from a checkpoint of whatever layout. Errors: as Reader::read(), and invalid_input for a tensor of
// another shape; then what is held is nothing to use.
[[nodiscard]] Result<void> restore(const Context& context, const checkpoint::Reader& reader,
                                   const std::vector<Held>& held);

}  // namespace athanor::train
