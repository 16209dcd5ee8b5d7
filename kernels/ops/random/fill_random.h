// fill_random: y[i] drawn from a distribution, a pure function of (seed, step, stream, first_index + i).
//   uniform          low + (high - low) * u
//   normal           mean + std * z
//   truncated_normal mean + std * z, z redrawn until |z| <= cut
//
// Draw `attempt` of element i uses Philox block (counter = [low32(i), high32(i) ^ (attempt << 16), step, stream],
// key = seed). u = (word0 + 0.5) / 2^32. z = sqrt(-2 ln u0) cos(2 pi u1) with u0, u1 from words 0 and 1 (Box and Muller
// 1958), computed in f64 and rounded. Truncation tries attempts 0, 1, 2, ... 63 and then clamps.
//
// Shapes      y of any shape. f32, contiguous. i < 2^48.
// Outputs     y: overwritten. On CUDA the last bit of a normal may differ from the CPU's.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/philox.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

enum class Distribution : std::uint8_t { uniform, normal, truncated_normal };

struct FillRandomArgs {
  Distribution distribution = Distribution::normal;
  float low = 0.0f, high = 1.0f;  // uniform
  float mean = 0.0f, std = 1.0f;  // normal, truncated_normal
  float cut = 2.0f;               // truncated_normal, in standard deviations
  std::uint64_t seed = 0;
  std::uint32_t step = 0;
  std::uint32_t stream = 0;
  std::uint64_t first_index = 0;
  View y{};

  static constexpr auto arrays() { return std::array{writes("y", &FillRandomArgs::y)}; }
};

void fill_random(const Exec& exec, const FillRandomArgs& args);

// Backends.
[[nodiscard]] Candidates<FillRandomArgs> fill_random_candidates();
void fill_random_cuda(const Exec& exec, const FillRandomArgs& args);

}  // namespace athanor::kernels
