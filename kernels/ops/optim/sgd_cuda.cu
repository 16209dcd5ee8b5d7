#include "kernels/cuda/segments.cuh"
#include "kernels/ops/optim/gradient_factor.cuh"
#include "kernels/ops/optim/sgd.h"

namespace athanor::kernels {

namespace {

using Table = cuda::SegmentTable<SgdSegment>;
static_assert(sizeof(Table) < 4000, "a kernel's arguments are limited to 4 KiB");

struct Settings {
  cuda::GradientFactor gradient;
  float mu;
  bool nesterov;
};

__global__ void sgd_kernel(const Table table, Settings settings) {
  const auto chunk = cuda::chunk_of_block(table);
  const SgdSegment segment = table.segment[chunk.segment];
  const float factor = settings.gradient.value();
  for (std::int64_t i = chunk.begin + threadIdx.x; i < chunk.end; i += blockDim.x) {
    const float value = segment.param[i];
    const float g = factor * segment.grad[i] + segment.weight_decay * value;
    float step = g;
    if (segment.momentum) {
      const float velocity = settings.mu * segment.momentum[i] + g;
      segment.momentum[i] = velocity;
      step = settings.nesterov ? g + settings.mu * velocity : velocity;
    }
    segment.param[i] = value - segment.lr * step;
  }
}

}  // namespace

void sgd_cuda(const Exec& exec, const SgdArgs& args) {
  const Settings settings{.gradient = cuda::GradientFactor::of(args), .mu = args.mu, .nesterov = args.nesterov};
  cuda::for_each_table(args.segments, [&](const Table& table, std::int64_t blocks) {
    cuda::launch_kernel(exec, "sgd", {.blocks_x = blocks, .threads_x = cuda::kBlockThreads}, sgd_kernel, table,
                        settings);
  });
}

}  // namespace athanor::kernels
