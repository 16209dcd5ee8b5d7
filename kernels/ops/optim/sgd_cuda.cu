#include "kernels/cuda/segments.cuh"
#include "kernels/ops/optim/sgd.h"
#include "kernels/ops/optim/step_values.cuh"

namespace athanor::kernels {

namespace {

using Table = cuda::SegmentTable<SgdSegment>;
static_assert(sizeof(Table) < 4000, "a kernel's arguments are limited to 4 KiB");

struct Settings {
  cuda::StepSource source;
  float mu;
  bool nesterov;
};

__global__ void sgd_kernel(const Table table, Settings settings) {
  const auto chunk = cuda::chunk_of_block(table);
  const SgdSegment segment = table.segment[chunk.segment];
  if (!settings.source.moves()) return;
  const float factor = settings.source.factor(), lr = settings.source.rate(segment.lr);
  for (std::int64_t i = chunk.begin + threadIdx.x; i < chunk.end; i += blockDim.x) {
    const float value = segment.param[i];
    const float g = factor * segment.grad[i] + segment.weight_decay * value;
    float step = g;
    if (segment.momentum) {
      const float velocity = settings.mu * segment.momentum[i] + g;
      segment.momentum[i] = velocity;
      step = settings.nesterov ? g + settings.mu * velocity : velocity;
    }
    segment.param[i] = value - lr * step;
  }
}

}  // namespace

void sgd_cuda(const Exec& exec, const SgdArgs& args) {
  const Settings settings{.source = cuda::step_source(args), .mu = args.mu, .nesterov = args.nesterov};
  cuda::for_each_table(args.segments, [&](const Table& table, std::int64_t blocks) {
    cuda::launch_kernel(exec, "sgd", {.blocks_x = blocks, .threads_x = cuda::kBlockThreads}, sgd_kernel, table,
                        settings);
  });
}

}  // namespace athanor::kernels
