#include "kernels/cuda/segments.cuh"
#include "kernels/ops/optim/adamw.h"

#include <cmath>

namespace athanor::kernels {

namespace {

using Table = cuda::SegmentTable<AdamWSegment>;
static_assert(sizeof(Table) < 4000, "a kernel's arguments are limited to 4 KiB");

struct Settings {
  float beta1, beta2, eps;
  float correction1, correction2;  // 1 - beta^t
  float gradient_scale, max_norm;
  const double* sum_squares;
};

__device__ float gradient_factor(const Settings& settings) {
  if (!settings.sum_squares || !(settings.max_norm > 0.0f)) return settings.gradient_scale;
  const double norm = static_cast<double>(settings.gradient_scale) * sqrt(*settings.sum_squares);
  const double factor = static_cast<double>(settings.max_norm) / (norm + 1e-6);
  return settings.gradient_scale * static_cast<float>(factor < 1.0 ? factor : 1.0);
}

__global__ void adamw_kernel(const Table table, Settings settings) {
  const auto chunk = cuda::chunk_of_block(table);
  const AdamWSegment segment = table.segment[chunk.segment];
  const float factor = gradient_factor(settings);
  const float keep = 1.0f - segment.lr * segment.weight_decay;
  for (std::int64_t i = chunk.begin + threadIdx.x; i < chunk.end; i += blockDim.x) {
    const float g = factor * segment.grad[i];
    const float m = settings.beta1 * segment.m[i] + (1.0f - settings.beta1) * g;
    const float v = settings.beta2 * segment.v[i] + (1.0f - settings.beta2) * g * g;
    segment.m[i] = m;
    segment.v[i] = v;
    const float step = (m / settings.correction1) / (sqrtf(v / settings.correction2) + settings.eps);
    segment.param[i] = segment.param[i] * keep - segment.lr * step;
  }
}

float bias_correction(float beta, std::int64_t step) {
  return static_cast<float>(1.0 - std::pow(static_cast<double>(beta), static_cast<double>(step)));
}

}  // namespace

void adamw_cuda(const Exec& exec, const AdamWArgs& args) {
  const Settings settings{.beta1 = args.beta1,
                          .beta2 = args.beta2,
                          .eps = args.eps,
                          .correction1 = bias_correction(args.beta1, args.step),
                          .correction2 = bias_correction(args.beta2, args.step),
                          .gradient_scale = args.gradient_scale,
                          .max_norm = args.max_norm,
                          .sum_squares = args.sum_squares.as<double>()};
  cuda::for_each_table(args.segments, [&](const Table& table, std::int64_t blocks) {
    cuda::launch_kernel(exec, "adamw", {.blocks_x = blocks, .threads_x = cuda::kBlockThreads}, adamw_kernel, table,
                        settings);
  });
}

}  // namespace athanor::kernels
