// Winograd's minimal filtering F(2x2, 3x3) for convolutions of 3x3 windows, stride 1 and padding 1: 16 products per 4
// outputs instead of 36. Source: Lavin and Gray 2015, arXiv:1509.09308, section 4.1:
//   y = A^T [(G g G^T) * (B^T d B)] A      for tiles d of 4x4 inputs, overlapping by 2, and y of 2x2 outputs
// and, as the adjoint in g, dg = G^T [(A dy A^T) * (B^T d B)] G.
// The products in the brackets, summed over channels, are 16 matrix products. These are the transforms around them; all
// run over channels, which must be a multiple of 8 and at most kWinogradMaxChannels.
#pragma once

#include <cstdint>

namespace athanor::kernels {

inline constexpr std::int64_t kWinogradMaxChannels = 2048;
inline constexpr std::int64_t kWinogradPoints = 16;

// One NHWC image of height x width and the 2x2 tiles that cover it; odd sizes have tiles that hang over.
struct WinogradImage {
  std::int64_t height, width, channels;
  [[nodiscard]] constexpr std::int64_t tiles() const { return (height + 1) / 2 * ((width + 1) / 2); }
  [[nodiscard]] constexpr std::int64_t numel() const { return height * width * channels; }
};

// All tile arrays are [16, point_stride / channels, channels]: the value of one point for tile t starts at
// point * point_stride + t * channels.

// B^T d B of every tile of the image, zeros beyond its border.
void winograd_input_tiles_avx2(const WinogradImage& image, const float* x, float* tiles, std::int64_t point_stride);
// A^T m A of every tile, plus bias [channels] if not null, into the image.
void winograd_output_tiles_avx2(const WinogradImage& image, const float* tiles, std::int64_t point_stride,
                                const float* bias, float* y);
// A dy A^T of every tile.
void winograd_gradient_tiles_avx2(const WinogradImage& image, const float* dy, float* tiles, std::int64_t point_stride);

// G g G^T of the windows of outputs [first, last): w [O,3,3,I] to u [16,O,I]. turned: g is taken turned by half a turn,
// as the gradient of the input needs it.
void winograd_weights_avx2(std::int64_t first, std::int64_t last, std::int64_t outputs, std::int64_t inputs,
                           bool turned, const float* w, float* u);
// G^T du G: du [16,O,I] to dw [O,3,3,I], overwritten.
void winograd_weight_gradient_avx2(std::int64_t outputs, std::int64_t inputs, const float* du, float* dw);

}  // namespace athanor::kernels
