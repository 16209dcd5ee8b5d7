// The oracle of group_norm: plain loops, double accumulation, kept for ever.
#pragma once

#include "kernels/ops/norm/group_norm.h"

namespace athanor::kernels {

void group_norm_reference(const Exec& exec, const GroupNormArgs& args);
void group_norm_grad_reference(const Exec& exec, const GroupNormGradArgs& args);

}  // namespace athanor::kernels
