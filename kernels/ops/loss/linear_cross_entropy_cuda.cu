#include "kernels/cuda/column_reduce.cuh"
#include "kernels/cuda/product.h"
#include "kernels/cuda/workspace.h"
#include "kernels/ops/loss/cross_entropy_cuda.cuh"
#include "kernels/ops/loss/linear_cross_entropy.h"

#include <algorithm>

namespace athanor::kernels {

namespace {

constexpr const char* kOp = "linear_cross_entropy";
constexpr std::int64_t kChunkNumbers = std::int64_t{1} << 26;  // of logits: 256 MiB
constexpr std::int64_t kLeastChunk = 128;

std::int64_t rows_per_chunk(std::int64_t rows, std::int64_t classes) {
  return std::min(rows, std::max(kLeastChunk, kChunkNumbers / std::max<std::int64_t>(classes, 1)));
}

struct Scratch {
  void* product = nullptr;
  float *logits = nullptr, *terms = nullptr;
  void* columns = nullptr;
};

Scratch lay_out(cuda::WorkspaceCutter& cutter, const LinearCrossEntropyArgs& args) {
  const std::int64_t rows = args.targets.numel(), classes = args.w.dim(0), chunk = rows_per_chunk(rows, classes);
  Scratch scratch;
  scratch.product = cutter.take<std::byte>(cuda::kProductWorkspaceBytes);
  scratch.logits = cutter.take<float>(chunk * classes);
  scratch.terms = cutter.take<float>(rows);
  scratch.columns =
      cutter.take<std::byte>(static_cast<std::int64_t>(cuda::column_reduce_workspace_bytes(chunk, classes, 1)));
  return scratch;
}

// One block per row of a chunk: logits become their gradient.
__global__ void head_softmax_kernel(std::int64_t classes, const std::int32_t* targets, const float* counted,
                                    float smoothing, std::int32_t ignored, float* logits, float* terms) {
  const std::int64_t row = blockIdx.x;
  const std::int32_t target = targets[row];
  float* x = logits + row * classes;
  if (target == ignored) {  // the whole block alike
    for (std::int64_t v = threadIdx.x; v < classes; v += blockDim.x) x[v] = 0.0f;
    if (threadIdx.x == 0) terms[row] = 0.0f;
    return;
  }
  const cuda::RowSoftmax softmax = cuda::row_softmax(x, classes);
  if (threadIdx.x == 0) terms[row] = cuda::row_loss(softmax, x[target], smoothing, classes);
  __syncthreads();  // the target's logit is still read above
  const float factor = 1.0f / *counted, rest = smoothing / static_cast<float>(classes);
  for (std::int64_t v = threadIdx.x; v < classes; v += blockDim.x) {
    const float wanted = v == target ? 1.0f - smoothing : 0.0f;
    x[v] = factor * (expf((x[v] - softmax.max) - softmax.log) - wanted - rest);
  }
}

void multiply(const Exec& exec, const LinearCrossEntropyArgs& args, std::int64_t begin, std::int64_t rows,
              const Scratch& scratch) {
  const std::int64_t classes = args.w.dim(0), width = args.w.dim(1);
  auto product = cuda::dense_product(rows, classes, width);
  product.transpose_b = true;
  product.b_stride = width;
  product.a = args.x.as<float>() + begin * width;
  product.b = args.w.as<float>();
  product.bias = args.bias.as<float>();
  product.d = scratch.logits;
  product.workspace = scratch.product;
  cuda::product(exec, kOp, product);
}

void propagate(const Exec& exec, const LinearCrossEntropyArgs& args, std::int64_t begin, std::int64_t rows,
               const Scratch& scratch) {
  const std::int64_t classes = args.w.dim(0), width = args.w.dim(1);
  if (args.dx.present()) {
    auto product = cuda::dense_product(rows, width, classes);
    product.a = scratch.logits;
    product.b = args.w.as<float>();
    product.d = args.dx.as<float>() + begin * width;
    product.workspace = scratch.product;
    cuda::product(exec, kOp, product);
  }
  if (args.dw.present()) {
    auto product = cuda::dense_product(classes, width, rows);
    product.transpose_a = true;
    product.a = scratch.logits;
    product.a_stride = classes;
    product.b = args.x.as<float>() + begin * width;
    product.beta = begin > 0 ? 1.0f : 0.0f;
    product.c = args.dw.as<float>();
    product.d = args.dw.as<float>();
    product.workspace = scratch.product;
    cuda::product(exec, kOp, product);
  }
  if (args.dbias.present())
    cuda::column_reduce<1>(exec, kOp, rows, classes, cuda::PlainTerm{scratch.logits, classes}, begin > 0,
                           {{args.dbias.as<float>()}}, scratch.columns);
}

void clear_parameters(const Exec& exec, const LinearCrossEntropyArgs& args) {
  for (const View& view : {args.dw, args.dbias})
    if (view.present())
      ATH_CUDA_CHECK(kOp, cudaMemsetAsync(view.data, 0, static_cast<std::size_t>(view.numel()) * sizeof(float),
                                          cuda::stream_of(exec)));
}

}  // namespace

void linear_cross_entropy_cuda(const Exec& exec, const LinearCrossEntropyArgs& args) {
  const std::int64_t rows = args.targets.numel(), classes = args.w.dim(0);
  cuda::WorkspaceCutter cutter(exec);
  const Scratch scratch = lay_out(cutter, args);
  const auto* const targets = args.targets.as<std::int32_t>();
  auto *const loss = args.loss.as<float>(), *const counted = args.counted.as<float>();
  const auto mean = [&](const float* terms) {
    cuda::launch_kernel(exec, kOp, cuda::block_per_row(1, rows), cuda::mean_of_rows_kernel, rows, terms, targets,
                        args.ignored, loss, counted);
  };
  if (rows == 0) clear_parameters(exec, args);
  // The number of rows that count is needed first; the sum of whatever lies in memory is overwritten by the second.
  ATH_CUDA_CHECK(
      kOp, cudaMemsetAsync(scratch.terms, 0, static_cast<std::size_t>(rows) * sizeof(float), cuda::stream_of(exec)));
  mean(scratch.terms);
  const std::int64_t step = std::max<std::int64_t>(1, rows_per_chunk(rows, classes));
  for (std::int64_t begin = 0; begin < rows; begin += step) {
    const std::int64_t count = std::min(step, rows - begin);
    multiply(exec, args, begin, count, scratch);
    cuda::launch_kernel(exec, kOp, cuda::block_per_row(count, classes), head_softmax_kernel, classes, targets + begin,
                        counted, args.smoothing, args.ignored, scratch.logits, scratch.terms + begin);
    propagate(exec, args, begin, count, scratch);
  }
  mean(scratch.terms);
}

std::size_t linear_cross_entropy_cuda_workspace_bytes(const LinearCrossEntropyArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(lay_out(cutter, args));
  return cutter.used_bytes();
}

}  // namespace athanor::kernels
