// Convolutions of a fixed number of images by oneDNN, one thread each, NHWC images and [O,KH,KW,I] weights. The library
// keeps weights in an order of its own; pack_weights makes that order and lasts for one call of the op.
// Thread-safe: plans are built once per shape, kept for the life of the process, and may run on many threads at a time,
// each in a block of parallel_for: elsewhere they throw Failure (internal).
#pragma once

#include <cstddef>
#include <cstdint>

namespace athanor::kernels::cpu {

struct ConvShape {
  std::int64_t batch = 0, in_h = 0, in_w = 0, in_c = 0, out_h = 0, out_w = 0, out_c = 0, kernel_h = 0, kernel_w = 0;
  std::int64_t stride = 1, padding = 0;
  bool bias = false;
  [[nodiscard]] bool operator==(const ConvShape&) const = default;
};

enum class ConvPass : std::uint8_t { forward, input_gradient, weight_gradient };

class ConvPlan {
 public:
  virtual ~ConvPlan() = default;
  // Bytes of weights in the library's order, and of scratch for one execution.
  [[nodiscard]] virtual std::size_t weights_bytes() const = 0;
  [[nodiscard]] virtual std::size_t scratch_bytes() const = 0;
  virtual void pack_weights(const float* plain, void* packed) const = 0;
  virtual void unpack_weights(void* packed, float* plain) const = 0;
  // forward: reads x, packed weights and bias, writes y. input_gradient: reads y (dy) and packed weights, writes x
  // (dx). weight_gradient: reads x and y (dy), writes packed weights and bias.
  virtual void execute(float* x, void* packed_weights, float* bias, float* y, void* scratch) const = 0;
};

// Lives as long as the process.
[[nodiscard]] const ConvPlan& conv_plan(ConvPass pass, const ConvShape& shape);

}  // namespace athanor::kernels::cpu
