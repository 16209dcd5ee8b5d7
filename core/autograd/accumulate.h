// Adding up gradients.
#pragma once

#include "core/tensor/context.h"

namespace athanor {

// sum += addend, in the memory of whichever of the two nobody else sees. Both have one shape and format.
void accumulate(Context& context, Tensor& sum, Tensor addend);

}  // namespace athanor
