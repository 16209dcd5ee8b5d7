#include "kernels/cuda/map.cuh"
#include "kernels/ops/random/dropout.h"

#include <algorithm>
#include <cmath>

namespace athanor::kernels {

namespace {

struct Drop {
  std::uint64_t seed, first_block;
  std::uint32_t step, stream, threshold;  // dropped below the threshold
  float scale;
};

// One thread per Philox block: four elements.
__global__ void dropout_kernel(std::int64_t elements, bool vectors, Drop drop, const float* x, float* y) {
  const std::int64_t block = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const std::int64_t first = block * 4;
  if (first >= elements) return;
  const PhiloxBlock random =
      philox_at(drop.seed, drop.step, drop.stream, drop.first_block + static_cast<std::uint64_t>(block));
  const auto kept = [&](int i, float value) { return random.word[i] >= drop.threshold ? value * drop.scale : 0.0f; };
  if (vectors && first + 4 <= elements) {
    cuda::Four values = cuda::load_four(x + first);
#pragma unroll
    for (int i = 0; i < 4; ++i) values.at[i] = kept(i, values.at[i]);
    return cuda::store_four(y + first, values);
  }
  for (int i = 0; i < 4 && first + i < elements; ++i) y[first + i] = kept(i, x[first + i]);
}

}  // namespace

void dropout_cuda(const Exec& exec, const DropoutArgs& args) {
  const float* x = args.x.as<float>();
  auto* const y = args.y.as<float>();
  const double probability = static_cast<double>(args.probability);
  const double threshold = std::clamp(probability * 4294967296.0, 0.0, 4294967295.0);
  const Drop drop{.seed = args.seed,
                  .first_block = args.first_index / 4,
                  .step = args.step,
                  .stream = args.stream,
                  .threshold = static_cast<std::uint32_t>(std::llround(threshold)),
                  .scale = static_cast<float>(1.0 / (1.0 - probability))};
  cuda::launch_kernel(exec, "dropout", cuda::per_element(args.y.numel(), 4), dropout_kernel, args.y.numel(),
                      cuda::all_on_16_bytes(x, y), drop, x, y);
}

}  // namespace athanor::kernels
