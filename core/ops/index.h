// Differentiable look-ups and reductions over tokens. Letters: B batch, T tokens, C channels, V vocabulary.
#pragma once

#include "core/autograd/variable.h"

namespace athanor::ops {

// y [..., C] = rows of table [V,C] named by ids i32 [...]. Ids have no gradient. On a GPU the ids are not checked.
[[nodiscard]] Variable embedding(Context& context, const Variable& table, const Tensor& ids);

// y [B,C]: mean of x [B,T,C] over the first lengths[b] tokens; lengths i32 [B] or absent (all T).
[[nodiscard]] Variable masked_mean(Context& context, const Variable& x, const Tensor& lengths = {});

}  // namespace athanor::ops
