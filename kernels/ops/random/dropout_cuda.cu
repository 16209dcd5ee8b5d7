#include "kernels/cuda/map.cuh"
#include "kernels/ops/random/dropout.h"

#include <algorithm>
#include <cmath>

namespace athanor::kernels {

namespace {

struct Drop {
  std::uint64_t seed, first_block;
  std::uint32_t step, stream, threshold;  // dropped below the threshold
  const std::uint32_t* step_on_device;    // null: step
  float scale;
};

// One thread per Philox block: four elements.
template <class T>
__global__ void dropout_kernel(std::int64_t elements, bool vectors, Drop drop, const T* x, T* y) {
  const std::int64_t block = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const std::int64_t first = block * 4;
  if (first >= elements) return;
  const PhiloxBlock random = philox_at(drop.seed, drop.step_on_device ? *drop.step_on_device : drop.step, drop.stream,
                                       drop.first_block + static_cast<std::uint64_t>(block));
  const auto kept = [&](int i, float value) { return random.word[i] >= drop.threshold ? value * drop.scale : 0.0f; };
  if (vectors && first + 4 <= elements) {
    cuda::Four values = cuda::load_vector(x + first);
#pragma unroll
    for (int i = 0; i < 4; ++i) values.at[i] = kept(i, values.at[i]);
    return cuda::store_vector(y + first, values);
  }
  for (int i = 0; i < 4 && first + i < elements; ++i) cuda::store(y, first + i, kept(i, cuda::load(x, first + i)));
}

}  // namespace

void dropout_cuda(const Exec& exec, const DropoutArgs& args) {
  const double probability = static_cast<double>(args.probability);
  const double threshold = std::clamp(probability * 4294967296.0, 0.0, 4294967295.0);
  const Drop drop{.seed = args.seed,
                  .first_block = args.first_index / 4,
                  .step = args.step,
                  .stream = args.stream,
                  .threshold = static_cast<std::uint32_t>(std::llround(threshold)),
                  .step_on_device = args.step_on_device.as<const std::uint32_t>(),
                  .scale = static_cast<float>(1.0 / (1.0 - probability))};
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    const T* x = args.x.as<T>();
    T* y = args.y.as<T>();
    cuda::launch_kernel(exec, "dropout", cuda::per_element(args.y.numel(), 4), dropout_kernel<T>, args.y.numel(),
                        cuda::all_on_fours(x, static_cast<const T*>(y)), drop, x, y);
  });
}

}  // namespace athanor::kernels
