// The AVX2 bodies of group_norm for one sample. Channels are a multiple of 8, at most kGroupNormMaxChannels.
#pragma once

#include "kernels/base/activation.h"

#include <cstdint>

namespace athanor::kernels {

inline constexpr std::int64_t kGroupNormMaxChannels = 2048;

struct GroupNormSample {
  std::int64_t positions, channels, groups;
  Activation activation;
  const float *x, *gain, *bias;  // gain and bias may be null
};

// mean and rstd [groups] may be null.
void group_norm_sample_avx2(const GroupNormSample& sample, float eps, float* y, float* mean, float* rstd);

// dgain and dbias [channels] receive the sums over this sample (overwritten); any output may be null.
void group_norm_grad_sample_avx2(const GroupNormSample& sample, const float* mean, const float* rstd, const float* dy,
                                 float* dx, float* dgain, float* dbias);

}  // namespace athanor::kernels
