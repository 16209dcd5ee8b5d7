#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/workspace.h"
#include "kernels/ops/loss/regression_loss.h"
#include "kernels/ops/loss/weighted_mean.cuh"

namespace athanor::kernels {

namespace {

// beta = 0 is l1.
__device__ float distance(float d, float beta) {
  const float size = fabsf(d);
  return size < beta ? 0.5f * size * size / beta : size - 0.5f * beta;
}

__device__ float slope(float d, float beta) {
  if (fabsf(d) < beta) return d / beta;
  return d > 0.0f ? 1.0f : d < 0.0f ? -1.0f : 0.0f;
}

// One block per row.
__global__ void regression_loss_kernel(std::int64_t width, const float* x, const float* target, const float* weight,
                                       float beta, double* terms) {
  const std::int64_t row = blockIdx.x;
  double sum = 0.0;
  for (std::int64_t c = threadIdx.x; c < width; c += blockDim.x)
    sum += static_cast<double>(distance(x[row * width + c] - target[row * width + c], beta));
  sum = cuda::block_sum(sum);
  if (threadIdx.x == 0) terms[row] = weight ? static_cast<double>(weight[row]) * sum : sum;
}

__global__ void regression_loss_grad_kernel(std::int64_t numel, std::int64_t width, const float* x, const float* target,
                                            const float* weight, const float* counted, float beta, float dloss,
                                            float* dx) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= numel) return;
  const float share = weight ? weight[i / width] : 1.0f;
  dx[i] = *counted > 0.0f ? dloss * share / *counted * slope(x[i] - target[i], beta) : 0.0f;
}

template <class Args>
float beta_of(const Args& args) {
  return args.kind == RegressionKind::smooth_l1 ? args.beta : 0.0f;
}

std::int64_t rows_of(const View& x) { return x.dim(-1) == 0 ? 0 : x.numel() / x.dim(-1); }

}  // namespace

void regression_loss_cuda(const Exec& exec, const RegressionLossArgs& args) {
  constexpr const char* kOp = "regression_loss";
  const std::int64_t width = args.x.dim(-1), rows = rows_of(args.x);
  cuda::WorkspaceCutter cutter(exec);
  auto* const terms = cutter.take<double>(rows);
  const float* const weight = args.weight.as<float>();
  cuda::launch_kernel(exec, kOp, cuda::block_per_row(rows, width), regression_loss_kernel, width, args.x.as<float>(),
                      args.target.as<float>(), weight, beta_of(args), terms);
  cuda::launch_kernel(exec, kOp, cuda::block_per_row(1, rows), cuda::weighted_mean_kernel, rows,
                      static_cast<float>(width), terms, weight, args.loss.as<float>(), args.counted.as<float>());
}

void regression_loss_grad_cuda(const Exec& exec, const RegressionLossGradArgs& args) {
  const std::int64_t numel = args.x.numel();
  cuda::launch_kernel(exec, "regression_loss_grad", cuda::per_element(numel), regression_loss_grad_kernel, numel,
                      args.x.dim(-1), args.x.as<float>(), args.target.as<float>(), args.weight.as<float>(),
                      args.counted.as<float>(), beta_of(args), args.dloss, args.dx.as<float>());
}

std::size_t regression_loss_cuda_workspace_bytes(const RegressionLossArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(cutter.take<double>(rows_of(args.x)));
  return cutter.used_bytes();
}

}  // namespace athanor::kernels
