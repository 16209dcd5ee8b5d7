// The oracle of conv2d: plain loops, double accumulation, kept for ever.
#pragma once

#include "kernels/ops/conv/conv2d.h"

namespace athanor::kernels {

void conv2d_reference(const Exec& exec, const Conv2dArgs& args);
void conv2d_grad_reference(const Exec& exec, const Conv2dGradArgs& args);

}  // namespace athanor::kernels
