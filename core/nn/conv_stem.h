// Turns a picture into tokens with a few convolutions, each halving its side: what lets a small transformer learn from
// few pictures (Xiao et al. 2021, arXiv:2106.14881).
//   stage:  x = gelu(norm(max_pool(conv3x3(x))))
// The norm is per position over channels, so nothing depends on the other samples of a batch.
#pragma once

#include "core/nn/layers.h"

#include <vector>

namespace athanor::nn {

struct ConvStemConfig {
  std::int64_t in = 3;
  std::vector<std::int64_t> channels;  // one stage each
  Activation activation = Activation::gelu_erf;
};

// Parameters: <stage>.conv.{weight,bias}, <stage>.norm.{gain,bias}.
class ConvStem {
 public:
  ConvStem(const Scope& scope, const ConvStemConfig& config);
  // [B,H,W,in] -> [B, H/2^stages, W/2^stages, channels.back()]
  [[nodiscard]] Variable forward(Context& context, const Variable& x_BHWC) const;
  // One of its stages alone.
  [[nodiscard]] Variable forward_stage(Context& context, std::size_t stage, const Variable& x_BHWC) const;
  [[nodiscard]] std::size_t stages() const noexcept { return stages_.size(); }

 private:
  struct Stage {
    Conv2d conv;
    LayerNorm norm;
  };
  Activation activation_;
  std::vector<Stage> stages_;
};

}  // namespace athanor::nn
