// Activations recomputed instead of kept (Chen et al. 2016, arXiv:1604.06174): a part of a model runs without
// recording, and again, with recording, when its gradient comes. Of a contrastive batch in micro-batches each tower's
// pass over one of them is such a part, so that memory holds the activations of one micro-batch at a time (Gao et al.
// 2021, "GradCache", arXiv:2101.06983).
#pragma once

#include "core/autograd/variable.h"
#include "core/tensor/context.h"

#include <functional>
#include <span>

namespace athanor {

// Computes one value. Called twice, it must do the same: it depends on the inputs, on parameters and on tensors that it
// holds, all of which stay as they are until the backward pass. What wants a gradient is an input or a parameter.
using Part = std::function<Variable(Context&, std::span<const Variable> inputs)>;

// The value of the part. In between only the inputs are kept, which pass the saved-tensor hooks. Values and gradients
// have the bits of the plain pass: gradients are added in the same places in the same order, what is dropped is a
// function of the step, which is that of the first run, and halves of the backward pass (deferred_gradients.h) may be
// apart. Where gradients are not recorded it is the part and nothing else. Hooks of any parameter wait until the last
// part of the pass has been recomputed: it might use that parameter. What a part counts while recording, such as the
// largest number seen by a delayed scale (core/precision), it counts when it runs again, and so in the order of the
// backward pass. In the backward pass Failure(internal) is thrown when the part depends on a recorded value that is
// none of its inputs, or gives another shape than before.
[[nodiscard]] Variable recompute(Context& context, std::span<const Variable> inputs, Part part);

}  // namespace athanor
