#include "kernels/cuda/device/reduce.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/workspace.h"
#include "kernels/ops/index/nearest_code.h"

namespace athanor::kernels {

namespace {

// One block per row. Each thread tries every blockDim.x-th code; the least distance wins, of equals the first code.
__global__ void nearest_code_kernel(std::int64_t codes, std::int64_t width, const float* x, const float* codebook,
                                    float* out, std::int32_t* indices, double* terms) {
  const std::int64_t row = blockIdx.x;
  const float* x_row = x + row * width;
  float least = INFINITY;
  std::int64_t best = codes;
  for (std::int64_t k = threadIdx.x; k < codes; k += blockDim.x) {
    float distance = 0.0f;
    for (std::int64_t d = 0; d < width; ++d) {
      const float difference = x_row[d] - codebook[k * width + d];
      distance += difference * difference;
    }
    if (distance >= least) continue;
    least = distance;
    best = k;
  }
  // Max of the negated, then the first code that reaches it.
  const float nearest = -cuda::block_reduce<cuda::Max>(-least, -INFINITY);
  const int missing = static_cast<int>(codes);
  const int first = least == nearest ? static_cast<int>(best) : missing;
  int code = -cuda::block_reduce<cuda::Max>(-first, -missing);
  if (code >= missing) code = 0;  // nothing but NaN
  double sum = 0.0;
  for (std::int64_t d = threadIdx.x; d < width; d += blockDim.x) {
    const float value = codebook[code * width + d], difference = x_row[d] - value;
    out[row * width + d] = value;
    sum += static_cast<double>(difference) * static_cast<double>(difference);
  }
  sum = cuda::block_sum(sum);
  if (threadIdx.x != 0) return;
  indices[row] = code;
  terms[row] = sum;
}

__global__ void code_distance_kernel(std::int64_t rows, std::int64_t width, const double* terms, float* distance) {
  double sum = 0.0;
  for (std::int64_t row = threadIdx.x; row < rows; row += blockDim.x) sum += terms[row];
  sum = cuda::block_sum(sum);
  if (threadIdx.x != 0) return;
  const double numbers = static_cast<double>(rows) * static_cast<double>(width);
  *distance = numbers > 0.0 ? static_cast<float>(sum / numbers) : 0.0f;
}

__global__ void code_input_grad_kernel(std::int64_t numel, std::int64_t width, const float* x, const float* codebook,
                                       const std::int32_t* indices, float factor, float* dx) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < numel) dx[i] = factor * (x[i] - codebook[indices[i / width] * width + i % width]);
}

// One thread per number of the codebook, which walks all rows in order: no sorting, no atomics.
__global__ void codebook_grad_kernel(std::int64_t rows, std::int64_t codes, std::int64_t width, const float* x,
                                     const float* codebook, const std::int32_t* indices, float factor, bool accumulate,
                                     float* dcodebook) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= codes * width) return;
  const std::int64_t code = i / width;
  float sum = 0.0f;
  for (std::int64_t row = 0; row < rows; ++row)
    if (indices[row] == code) sum += codebook[i] - x[row * width + i % width];
  dcodebook[i] = accumulate ? dcodebook[i] + factor * sum : factor * sum;
}

}  // namespace

void nearest_code_cuda(const Exec& exec, const NearestCodeArgs& args) {
  constexpr const char* kOp = "nearest_code";
  const std::int64_t rows = args.indices.numel(), width = args.x.dim(-1), codes = args.codebook.dim(0);
  cuda::WorkspaceCutter cutter(exec);
  auto* const terms = cutter.take<double>(rows);
  cuda::launch_kernel(exec, kOp, cuda::block_per_row(rows, 4 * codes), nearest_code_kernel, codes, width,
                      args.x.as<float>(), args.codebook.as<float>(), args.codes.as<float>(),
                      args.indices.as<std::int32_t>(), terms);
  cuda::launch_kernel(exec, kOp, cuda::block_per_row(1, rows), code_distance_kernel, rows, width, terms,
                      args.distance.as<float>());
}

void nearest_code_grad_cuda(const Exec& exec, const NearestCodeGradArgs& args) {
  constexpr const char* kOp = "nearest_code_grad";
  const std::int64_t rows = args.indices.numel(), width = args.x.dim(-1), codes = args.codebook.dim(0);
  const double numbers = static_cast<double>(rows) * static_cast<double>(width);
  const float share = numbers > 0.0 ? static_cast<float>(2.0 * static_cast<double>(args.dloss) / numbers) : 0.0f;
  const float *const x = args.x.as<float>(), *const codebook = args.codebook.as<float>();
  const auto* const indices = args.indices.as<std::int32_t>();
  if (args.dx.present())
    cuda::launch_kernel(exec, kOp, cuda::per_element(rows * width), code_input_grad_kernel, rows * width, width, x,
                        codebook, indices, args.commitment * share, args.dx.as<float>());
  if (args.dcodebook.present())
    cuda::launch_kernel(exec, kOp, cuda::per_element(codes * width), codebook_grad_kernel, rows, codes, width, x,
                        codebook, indices, share, args.accumulate_parameters, args.dcodebook.as<float>());
}

std::size_t nearest_code_cuda_workspace_bytes(const NearestCodeArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(cutter.take<double>(args.indices.numel()));
  return cutter.used_bytes();
}

}  // namespace athanor::kernels
