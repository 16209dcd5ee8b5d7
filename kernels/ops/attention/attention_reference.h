// The oracle of attention: plain loops, double accumulation, kept for ever.
#pragma once

#include "kernels/ops/attention/attention.h"

namespace athanor::kernels {

void attention_reference(const Exec& exec, const AttentionArgs& args);
void attention_grad_reference(const Exec& exec, const AttentionGradArgs& args);

}  // namespace athanor::kernels
