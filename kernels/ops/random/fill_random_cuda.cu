#include "kernels/cuda/launch.cuh"
#include "kernels/ops/random/fill_random.h"

namespace athanor::kernels {

namespace {

struct Source {
  std::uint64_t seed, first_index;
  std::uint32_t step, stream;
};

struct Draw {
  double first, second;  // uniform in (0, 1)
};

__device__ Draw draw(const Source& source, std::int64_t i, std::uint64_t attempt) {
  const std::uint64_t index = source.first_index + static_cast<std::uint64_t>(i);
  const PhiloxBlock block = philox_at(source.seed, source.step, source.stream, index ^ (attempt << 48));
  constexpr double kUnit = 1.0 / 4294967296.0;
  return {(block.word[0] + 0.5) * kUnit, (block.word[1] + 0.5) * kUnit};
}

__device__ double standard_normal(const Draw& u) { return sqrt(-2.0 * log(u.first)) * cospi(2.0 * u.second); }

__global__ void uniform_kernel(std::int64_t elements, Source source, double low, double high, float* y) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < elements) y[i] = static_cast<float>(low + (high - low) * draw(source, i, 0).first);
}

__global__ void normal_kernel(std::int64_t elements, Source source, double mean, double std, float* y) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < elements) y[i] = static_cast<float>(mean + std * standard_normal(draw(source, i, 0)));
}

__global__ void truncated_normal_kernel(std::int64_t elements, Source source, double mean, double std, double cut,
                                        float* y) {
  constexpr std::uint64_t kAttempts = 64;
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= elements) return;
  double z = standard_normal(draw(source, i, 0));
  for (std::uint64_t attempt = 1; attempt < kAttempts && fabs(z) > cut; ++attempt)
    z = standard_normal(draw(source, i, attempt));
  z = fmin(fmax(z, -cut), cut);
  y[i] = static_cast<float>(mean + std * z);
}

}  // namespace

void fill_random_cuda(const Exec& exec, const FillRandomArgs& args) {
  const Source source{.seed = args.seed, .first_index = args.first_index, .step = args.step, .stream = args.stream};
  const std::int64_t elements = args.y.numel();
  const auto config = cuda::per_element(elements);
  auto* const y = args.y.as<float>();
  const double mean = args.mean, std = args.std;
  switch (args.distribution) {
    case Distribution::uniform:
      return cuda::launch_kernel(exec, "fill_random", config, uniform_kernel, elements, source, args.low, args.high, y);
    case Distribution::normal:
      return cuda::launch_kernel(exec, "fill_random", config, normal_kernel, elements, source, mean, std, y);
    case Distribution::truncated_normal:
      return cuda::launch_kernel(exec, "fill_random", config, truncated_normal_kernel, elements, source, mean, std,
                                 args.cut, y);
  }
}

}  // namespace athanor::kernels
