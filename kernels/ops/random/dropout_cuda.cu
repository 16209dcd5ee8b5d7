#include "kernels/cuda/map.cuh"
#include "kernels/ops/random/dropout.h"

#include <cmath>

namespace athanor::kernels {

namespace {

struct Drop {
  std::uint64_t seed, first_block, threshold;  // dropped below the threshold, of 2^32
  std::uint32_t step, stream;
  float keep_probability;
};

// One thread per Philox block: four elements.
__global__ void dropout_kernel(std::int64_t elements, bool vectors, Drop drop, const float* x, float* y) {
  const std::int64_t block = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const std::int64_t first = block * 4;
  if (first >= elements) return;
  const PhiloxBlock random =
      philox_at(drop.seed, drop.step, drop.stream, drop.first_block + static_cast<std::uint64_t>(block));
  const auto kept = [&](int i, float value) {
    return random.word[i] >= drop.threshold ? value / drop.keep_probability : 0.0f;
  };
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
  const float *x = args.x.as<float>();
  auto* const y = args.y.as<float>();
  const Drop drop{.seed = args.seed,
                  .first_block = args.first_index / 4,
                  .threshold = static_cast<std::uint64_t>(std::llround(static_cast<double>(args.probability) * 4294967296.0)),
                  .step = args.step,
                  .stream = args.stream,
                  .keep_probability = 1.0f - args.probability};
  cuda::launch_kernel(exec, "dropout", cuda::per_element(args.y.numel(), 4), dropout_kernel, args.y.numel(),
                      cuda::all_on_16_bytes(x, y), drop, x, y);
}

}  // namespace athanor::kernels
