// dropout: y[i] = x[i] / (1 - probability) where uniform(i) >= probability, else 0.
// Source: Srivastava et al. 2014, JMLR 15, in the inverted form.
//
// uniform(i) is word i % 4 of Philox block (counter = [low32(i / 4), high32(i / 4), step, stream], key = seed), see
// kernels/base/philox.h: a pure function of (seed, step, stream, i), the same on every device and for any thread count.
// uniform >= probability is decided on integers: word >= llround(probability * 2^32).
//
// Shapes      x, y of equal shape; i counts elements in memory order, from first_index on. f32, contiguous.
// Outputs     y: overwritten. y may alias x.
// Edge cases  probability 0 copies; 0 <= probability < 1 is the caller's duty.
// Gradient    dx = dropout(dy) with the same seed, step, stream and first_index.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/philox.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct DropoutArgs {
  View x{};
  float probability = 0.0f;
  std::uint64_t seed = 0;
  std::uint32_t step = 0;
  View step_on_device{};          // i32 [1], instead of step, so that the launch can be replayed; may be absent
  std::uint32_t stream = 0;       // one per place in the model
  std::uint64_t first_index = 0;  // a multiple of 4; not 0 when x is a shard of a larger logical tensor
  View y{};

  static constexpr auto arrays() {
    return std::array{reads("x", &DropoutArgs::x).narrow(), reads("step", &DropoutArgs::step_on_device),
                      writes("y", &DropoutArgs::y).narrow()};
  }
};

void dropout(const Exec& exec, const DropoutArgs& args);

// Backends.
[[nodiscard]] Candidates<DropoutArgs> dropout_candidates();
void dropout_cuda(const Exec& exec, const DropoutArgs& args);

}  // namespace athanor::kernels
