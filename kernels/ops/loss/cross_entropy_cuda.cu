#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/workspace.h"
#include "kernels/ops/loss/cross_entropy.h"
#include "kernels/ops/loss/cross_entropy_cuda.cuh"

namespace athanor::kernels {

namespace {

// One block per row.
__global__ void cross_entropy_kernel(std::int64_t classes, const float* x, const std::int32_t* targets, float smoothing,
                                     std::int32_t ignored, float* row_max, float* row_log, float* terms) {
  const std::int64_t row = blockIdx.x;
  const std::int32_t target = targets[row];
  const bool counts = target != ignored;  // the same for the whole block
  cuda::RowSoftmax softmax{};
  if (counts) softmax = cuda::row_softmax(x + row * classes, classes);
  if (threadIdx.x != 0) return;
  row_max[row] = softmax.max;
  row_log[row] = softmax.log;
  terms[row] = counts ? cuda::row_loss(softmax, x[row * classes + target], smoothing, classes) : 0.0f;
}

__global__ void cross_entropy_grad_kernel(std::int64_t classes, const float* x, const std::int32_t* targets,
                                          const float* row_max, const float* row_log, const float* counted,
                                          float smoothing, std::int32_t ignored, float dloss, float* dx) {
  const std::int64_t row = blockIdx.x;
  const std::int32_t target = targets[row];
  const float factor = target == ignored ? 0.0f : dloss / (*counted > 1.0f ? *counted : 1.0f);
  const float top = row_max[row], log = row_log[row], rest = smoothing / static_cast<float>(classes);
  for (std::int64_t v = threadIdx.x; v < classes; v += blockDim.x) {
    const std::int64_t at = row * classes + v;
    if (target == ignored) {
      dx[at] = 0.0f;
      continue;
    }
    const float wanted = v == target ? 1.0f - smoothing : 0.0f;
    dx[at] = factor * (expf((x[at] - top) - log) - wanted - rest);
  }
}

}  // namespace

void cross_entropy_cuda(const Exec& exec, const CrossEntropyArgs& args) {
  const std::int64_t rows = args.targets.numel(), classes = args.x.dim(-1);
  cuda::WorkspaceCutter cutter(exec);
  auto* const terms = cutter.take<float>(rows);
  const auto* const targets = args.targets.as<std::int32_t>();
  cuda::launch_kernel(exec, "cross_entropy", cuda::block_per_row(rows, classes), cross_entropy_kernel, classes,
                      args.x.as<float>(), targets, args.smoothing, args.ignored, args.row_max.as<float>(),
                      args.row_log.as<float>(), terms);
  cuda::launch_kernel(exec, "cross_entropy", cuda::block_per_row(1, rows), cuda::mean_of_rows_kernel, rows, terms,
                      targets, args.ignored, args.loss.as<float>(), args.counted.as<float>());
}

void cross_entropy_grad_cuda(const Exec& exec, const CrossEntropyGradArgs& args) {
  const std::int64_t rows = args.targets.numel(), classes = args.x.dim(-1);
  cuda::launch_kernel(exec, "cross_entropy_grad", cuda::block_per_row(rows, classes), cross_entropy_grad_kernel,
                      classes, args.x.as<float>(), args.targets.as<std::int32_t>(), args.row_max.as<float>(),
                      args.row_log.as<float>(), args.counted.as<float>(), args.smoothing, args.ignored, args.dloss,
                      args.dx.as<float>());
}

std::size_t cross_entropy_cuda_workspace_bytes(const CrossEntropyArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(cutter.take<float>(args.targets.numel()));
  return cutter.used_bytes();
}

}  // namespace athanor::kernels
