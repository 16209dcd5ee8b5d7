#include "kernels/cuda/column_reduce.cuh"
#include "kernels/cuda/product.h"
#include "kernels/cuda/product_bias.cuh"
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
  void* gradient = nullptr;  // of the logits, in a narrow format of x; null where it replaces them
  void *columns = nullptr, *bias = nullptr;
};

Scratch lay_out(cuda::WorkspaceCutter& cutter, const LinearCrossEntropyArgs& args) {
  const std::int64_t rows = args.targets.numel(), classes = args.w.dim(0), chunk = rows_per_chunk(rows, classes);
  Scratch scratch;
  scratch.product = cutter.take<std::byte>(cuda::kProductWorkspaceBytes);
  scratch.logits = cutter.take<float>(chunk * classes);
  scratch.terms = cutter.take<float>(rows);
  scratch.columns =
      cutter.take<std::byte>(static_cast<std::int64_t>(cuda::column_reduce_workspace_bytes(chunk, classes, 1)));
  scratch.bias = cuda::take_bias(cutter, args.bias);
  if (narrow_on_cuda(args) && args.x.dtype != DType::f32)
    scratch.gradient = cutter.take<std::uint16_t>(chunk * classes);
  return scratch;
}

// Gradients of logits are as small as one row's share of the mean. So that a narrow format can hold them they are kept
// times the number of rows, a figure known to the host, and products with them are divided by it again.
template <class T>
float lift(std::int64_t rows) {
  return std::is_same_v<T, float> ? 1.0f : static_cast<float>(rows);
}

// One block per row of a chunk: logits become their gradient, times `lifted`, in place or in `gradient`.
template <class T>
__global__ void head_softmax_kernel(std::int64_t classes, const std::int32_t* targets, const float* counted,
                                    float smoothing, std::int32_t ignored, float lifted, const float* logits,
                                    T* gradient, float* terms) {
  const std::int64_t row = blockIdx.x;
  const std::int32_t target = targets[row];
  const float* x = logits + row * classes;
  T* out = gradient + row * classes;
  if (target == ignored) {  // the whole block alike
    for (std::int64_t v = threadIdx.x; v < classes; v += blockDim.x) cuda::store(out, v, 0.0f);
    if (threadIdx.x == 0) terms[row] = 0.0f;
    return;
  }
  const cuda::RowSoftmax softmax = cuda::row_softmax(x, classes);
  if (threadIdx.x == 0) terms[row] = cuda::row_loss(softmax, x[target], smoothing, classes);
  __syncthreads();  // the target's logit is still read above
  const float factor = lifted / *counted, rest = smoothing / static_cast<float>(classes);
  for (std::int64_t v = threadIdx.x; v < classes; v += blockDim.x) {
    const float wanted = v == target ? 1.0f - smoothing : 0.0f;
    const float share = expf((x[v] - softmax.max) - softmax.log);
    cuda::store(out, v, factor * (share - wanted - rest));
  }
}

template <class T>
struct DividedTerm {
  const T* x;
  std::int64_t columns;
  float factor;
  __device__ cuda::Terms<1> operator()(std::int64_t row, std::int64_t column) const {
    return {{cuda::load(x, row * columns + column) * factor}};
  }
};

void multiply(const Exec& exec, const LinearCrossEntropyArgs& args, std::int64_t begin, std::int64_t rows,
              const void* bias, const Scratch& scratch) {
  const std::int64_t classes = args.w.dim(0), width = args.w.dim(1);
  auto product = cuda::dense_product(rows, classes, width, args.x.dtype);
  product.d_format = DType::f32;
  product.transpose_b = true;
  product.b_stride = width;
  product.a = args.x.as<std::byte>() + storage_bytes(args.x.dtype, begin * width);
  product.b = args.w.data;
  product.bias = bias;
  product.d = scratch.logits;
  product.workspace = scratch.product;
  cuda::product(exec, kOp, product);
}

template <class T>
void propagate(const Exec& exec, const LinearCrossEntropyArgs& args, std::int64_t begin, std::int64_t rows,
               const T* gradient, const Scratch& scratch) {
  const std::int64_t classes = args.w.dim(0), width = args.w.dim(1);
  const float factor = 1.0f / lift<T>(args.targets.numel());
  if (args.dx.present()) {
    auto product = cuda::dense_product(rows, width, classes, args.x.dtype);
    product.d_format = DType::f32;
    product.alpha = factor;
    product.a = gradient;
    product.b = args.w.data;
    product.d = args.dx.as<float>() + begin * width;
    product.workspace = scratch.product;
    cuda::product(exec, kOp, product);
  }
  if (args.dw.present()) {
    auto product = cuda::dense_product(classes, width, rows, args.x.dtype);
    product.d_format = DType::f32;
    product.alpha = factor;
    product.transpose_a = true;
    product.a = gradient;
    product.a_stride = classes;
    product.b = args.x.as<std::byte>() + storage_bytes(args.x.dtype, begin * width);
    product.beta = begin > 0 ? 1.0f : 0.0f;
    product.c = product.d = args.dw.as<float>();
    product.workspace = scratch.product;
    cuda::product(exec, kOp, product);
  }
  if (args.dbias.present())
    cuda::column_reduce<1>(exec, kOp, rows, classes, DividedTerm<T>{gradient, classes, factor}, begin > 0,
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
  const void* const bias = cuda::product_bias(exec, kOp, args.bias, DType::f32, scratch.bias);
  const std::int64_t step = std::max<std::int64_t>(1, rows_per_chunk(rows, classes));
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    auto* const gradient = static_cast<T*>(scratch.gradient ? scratch.gradient : scratch.logits);
    for (std::int64_t begin = 0; begin < rows; begin += step) {
      const std::int64_t count = std::min(step, rows - begin);
      multiply(exec, args, begin, count, bias, scratch);
      cuda::launch_kernel(exec, kOp, cuda::block_per_row(count, classes), head_softmax_kernel<T>, classes,
                          targets + begin, counted, args.smoothing, args.ignored, lift<T>(rows), scratch.logits,
                          gradient, scratch.terms + begin);
      propagate<T>(exec, args, begin, count, gradient, scratch);
    }
  });
  mean(scratch.terms);
}

std::size_t linear_cross_entropy_cuda_workspace_bytes(const LinearCrossEntropyArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(lay_out(cutter, args));
  return cutter.used_bytes();
}

}  // namespace athanor::kernels
