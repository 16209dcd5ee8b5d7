#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/workspace.h"
#include "kernels/ops/loss/giou_box.h"
#include "kernels/ops/loss/giou_loss.h"
#include "kernels/ops/loss/weighted_mean.cuh"

namespace athanor::kernels {

namespace {

__global__ void giou_loss_kernel(std::int64_t rows, const float* x, const float* target, const float* weight,
                                 double* terms) {
  const std::int64_t row = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (row >= rows) return;
  const GiouPair<float> pair(GiouBox<float>::load(x + 4 * row), GiouBox<float>::load(target + 4 * row));
  terms[row] = static_cast<double>(pair.loss()) * (weight ? static_cast<double>(weight[row]) : 1.0);
}

__global__ void giou_loss_grad_kernel(std::int64_t rows, const float* x, const float* target, const float* weight,
                                      const float* counted, float dloss, float* dx) {
  const std::int64_t row = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (row >= rows) return;
  const float share = *counted > 0.0f ? dloss * (weight ? weight[row] : 1.0f) / *counted : 0.0f;
  const auto box = GiouBox<float>::load(x + 4 * row), other = GiouBox<float>::load(target + 4 * row);
  GiouPair<float>(box, other).gradient(box, other, share).store(dx + 4 * row);
}

}  // namespace

void giou_loss_cuda(const Exec& exec, const GiouLossArgs& args) {
  constexpr const char* kOp = "giou_loss";
  const std::int64_t rows = args.x.dim(0);
  cuda::WorkspaceCutter cutter(exec);
  auto* const terms = cutter.take<double>(rows);
  const float* const weight = args.weight.as<float>();
  cuda::launch_kernel(exec, kOp, cuda::per_element(rows), giou_loss_kernel, rows, args.x.as<float>(),
                      args.target.as<float>(), weight, terms);
  cuda::launch_kernel(exec, kOp, cuda::block_per_row(1, rows), cuda::weighted_mean_kernel, rows, 1.0f, terms, weight,
                      args.loss.as<float>(), args.counted.as<float>());
}

void giou_loss_grad_cuda(const Exec& exec, const GiouLossGradArgs& args) {
  const std::int64_t rows = args.x.dim(0);
  cuda::launch_kernel(exec, "giou_loss_grad", cuda::per_element(rows), giou_loss_grad_kernel, rows, args.x.as<float>(),
                      args.target.as<float>(), args.weight.as<float>(), args.counted.as<float>(), args.dloss,
                      args.dx.as<float>());
}

std::size_t giou_loss_cuda_workspace_bytes(const GiouLossArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(cutter.take<double>(args.x.dim(0)));
  return cutter.used_bytes();
}

}  // namespace athanor::kernels
