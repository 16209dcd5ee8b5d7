// vit: a transformer over the patches of a picture (Dosovitskiy et al. 2020, arXiv:2010.11929), pre-norm, with the mean
// over patches instead of a class token (Zhai et al. 2021, arXiv:2106.04560, appendix A).
//   patches -> + positions -> blocks -> norm -> mean over patches -> head
// Letters: B batch, H height, W width, T patches, C channels, E outputs.
#pragma once

#include "core/nn/transformer.h"

#include <vector>

namespace athanor::models {

struct VitConfig {
  std::int64_t image_px = 64, patch_px = 8;  // the second divides the first
  std::int64_t channels = 3;
  std::int64_t width = 192, depth = 12, heads = 3;
  double mlp_ratio = 4.0;
  float dropout = 0.0f;
  std::int64_t outputs = 100;  // classes, or the dim of an embedding

  [[nodiscard]] std::int64_t patches() const { return (image_px / patch_px) * (image_px / patch_px); }
};

// As a tower of a larger model. Parameters: patches, positions, blocks.<i>, norm, head.
class VitTower {
 public:
  // Throws Failure(invalid_input) naming the field when sizes do not fit together.
  VitTower(const nn::Scope& scope, const VitConfig& config);
  // [B,px,px,channels] -> [B,E]
  [[nodiscard]] Variable forward(Context& context, const Variable& images_BHWC) const;
  // The normalised patches [B,T,C] before pooling.
  [[nodiscard]] Variable patches(Context& context, const Variable& images_BHWC) const;

 private:
  VitConfig config_;
  nn::Conv2d patches_;
  nn::Positions positions_;
  std::vector<nn::TransformerBlock> blocks_;
  nn::LayerNorm norm_;
  nn::Linear head_;
};

class Vit {
 public:
  Vit(Context& context, const VitConfig& config, std::uint64_t seed)
      : config_(config), tower_(nn::Scope(context, parameters_, seed), config) {}
  [[nodiscard]] Variable forward(Context& context, const Variable& images_BHWC) const {
    return tower_.forward(context, images_BHWC);
  }
  [[nodiscard]] const std::vector<Parameter>& named_parameters() const noexcept { return parameters_.all(); }
  [[nodiscard]] const VitConfig& config() const noexcept { return config_; }

 private:
  VitConfig config_;
  nn::ParameterSet parameters_;
  VitTower tower_;
};

}  // namespace athanor::models
