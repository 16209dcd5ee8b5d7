// Attention on tensor cores: what attention_cuda and its gradient call for arrays in f16 and bf16.
#pragma once

#include "kernels/ops/attention/attention.h"

namespace athanor::kernels {

// False, and nothing done, where the arrays are f32 or the heads too large.
[[nodiscard]] bool attention_by_tensor_cores(const Exec& exec, const AttentionArgs& args);
// `delta` f32 [B,H,Tq] holds sum_d dout out already.
[[nodiscard]] bool attention_grad_by_tensor_cores(const Exec& exec, const AttentionGradArgs& args, const float* delta);

}  // namespace athanor::kernels
