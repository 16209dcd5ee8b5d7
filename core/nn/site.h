// Where a layer stands, and what decides from outside in which number formats it computes. Layers know their own site
// and ask; neither they nor models know of policies.
#pragma once

#include "core/ops/gemm.h"

#include <cstdint>
#include <string>

namespace athanor::nn {

enum class LayerKind : std::uint8_t { linear, convolution, embedding };

struct Site {
  std::string path;  // of the layer: "image_tower.blocks.0.mlp.up"
  LayerKind kind = LayerKind::linear;
  std::size_t index = 0;         // in order of building, within one ParameterSet
  std::int64_t in = 0, out = 0;  // of the product
};

// Installed with Context::set_layer_precision. A Context without one computes everything in f32.
class LayerPrecision {
 public:
  virtual ~LayerPrecision() = default;
  // The activations as this layer reads them.
  [[nodiscard]] virtual Variable enter(Context& context, const Site& site, const Variable& x) = 0;
  // The activations as the model goes on with them.
  [[nodiscard]] virtual Variable leave(Context& context, const Site& site, const Variable& y) = 0;
  // ops::linear in the formats of this layer.
  [[nodiscard]] virtual Variable linear(Context& context, const Site& site, const Variable& x, const Variable& weight,
                                        const Variable& bias, const ops::LinearOptions& options) = 0;
};

}  // namespace athanor::nn
