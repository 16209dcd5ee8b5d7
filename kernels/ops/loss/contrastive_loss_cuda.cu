#include "kernels/cuda/device/reduce.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/product.h"
#include "kernels/cuda/workspace.h"
#include "kernels/ops/loss/contrastive_loss.h"

namespace athanor::kernels {

namespace {

// Logits are kept as plain products image text^T; the factor, which lies on the device, is applied where they are read.
struct Scale {
  const float* logarithm;
  float most;
  __device__ float factor() const { return expf(*logarithm < most ? *logarithm : most); }
};

// Which pairs belong together: those of equal id, or the diagonal.
struct Pairing {
  const std::int32_t* ids;
  __device__ bool together(std::int64_t i, std::int64_t j) const { return ids ? ids[i] == ids[j] : i == j; }
};

// One block per image: row_lse and the mean logit of its positives.
__global__ void contrastive_row_kernel(std::int64_t n, const float* products, Scale scale, Pairing pairing,
                                       float* row_lse, float* positive_mean) {
  const std::int64_t row = blockIdx.x;
  const float* products_row = products + row * n;
  const float factor = scale.factor();
  float most = -INFINITY, positives = 0.0f, positive_sum = 0.0f;
  for (std::int64_t column = threadIdx.x; column < n; column += blockDim.x) {
    const float logit = factor * products_row[column];
    most = cuda::Max::join(most, logit);
    if (!pairing.together(row, column)) continue;
    positives += 1.0f;
    positive_sum += logit;
  }
  most = cuda::block_reduce<cuda::Max>(most, -INFINITY);
  float sum = 0.0f;
  for (std::int64_t column = threadIdx.x; column < n; column += blockDim.x)
    sum += expf(factor * products_row[column] - most);
  sum = cuda::block_sum(sum);
  positives = cuda::block_sum(positives);
  positive_sum = cuda::block_sum(positive_sum);
  if (threadIdx.x != 0) return;
  row_lse[row] = most + logf(sum);
  positive_mean[row] = positive_sum / positives;
}

constexpr int kColumns = 32;
constexpr int kLanes = 8;

// 32 columns by 8 lanes over the rows: each lane keeps a running maximum and sum, joined in order at the end.
__global__ void contrastive_column_kernel(std::int64_t n, const float* products, Scale scale, float* col_lse) {
  __shared__ float maxima[kLanes][kColumns];
  __shared__ float sums[kLanes][kColumns];
  const std::int64_t column = std::int64_t{blockIdx.x} * kColumns + threadIdx.x;
  const float factor = scale.factor();
  float most = -INFINITY, sum = 0.0f;
  if (column < n)
    for (std::int64_t row = threadIdx.y; row < n; row += kLanes) {
      const float logit = factor * products[row * n + column];
      const float joined = cuda::Max::join(most, logit);
      sum = sum * expf(most - joined) + expf(logit - joined);
      most = joined;
    }
  maxima[threadIdx.y][threadIdx.x] = most;
  sums[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || column >= n) return;
  for (int lane = 1; lane < kLanes; ++lane) most = cuda::Max::join(most, maxima[lane][threadIdx.x]);
  float total = 0.0f;
  for (int lane = 0; lane < kLanes; ++lane) total += sums[lane][threadIdx.x] * expf(maxima[lane][threadIdx.x] - most);
  col_lse[column] = most + logf(total);
}

// As the rows of P sum to 1 and P is symmetric, loss = (1/2N) sum_i row_lse[i] + col_lse[i] - 2 positive_mean[i].
__global__ void contrastive_loss_kernel(std::int64_t n, const float* row_lse, const float* col_lse,
                                        const float* positive_mean, float* loss) {
  double sum = 0.0;
  for (std::int64_t i = threadIdx.x; i < n; i += blockDim.x)
    sum += (static_cast<double>(row_lse[i]) - static_cast<double>(positive_mean[i])) +
           (static_cast<double>(col_lse[i]) - static_cast<double>(positive_mean[i]));
  sum = cuda::block_sum(sum);
  if (threadIdx.x == 0) *loss = static_cast<float>(sum / (2.0 * static_cast<double>(n)));
}

struct Gradient {
  Scale scale;
  Pairing pairing;
  const float *row_lse, *col_lse;
  float dloss;
};

// One block per row: products become s * G in place, and partial[row] = sum_j G l.
__global__ void contrastive_grad_kernel(std::int64_t n, Gradient g, float* products, double* partial) {
  const std::int64_t row = blockIdx.x;
  float* products_row = products + row * n;
  float positives = 0.0f;
  for (std::int64_t column = threadIdx.x; column < n; column += blockDim.x)
    if (g.pairing.together(row, column)) positives += 1.0f;
  positives = cuda::block_sum(positives);
  const float factor = g.scale.factor(), row_lse = g.row_lse[row];
  double sum = 0.0;
  for (std::int64_t column = threadIdx.x; column < n; column += blockDim.x) {
    const float logit = factor * products_row[column];
    const float target = g.pairing.together(row, column) ? 1.0f / positives : 0.0f;
    const float predicted = 0.5f * (expf(logit - row_lse) + expf(logit - g.col_lse[column]));
    const float gradient = g.dloss * (predicted - target) / static_cast<float>(n);
    sum += static_cast<double>(gradient) * static_cast<double>(logit);
    products_row[column] = factor * gradient;
  }
  sum = cuda::block_sum(sum);
  if (threadIdx.x == 0) partial[row] = sum;
}

__global__ void contrastive_scale_grad_kernel(std::int64_t n, const double* partial, Scale scale, bool accumulate,
                                              float* dlogit_scale) {
  double sum = 0.0;
  for (std::int64_t i = threadIdx.x; i < n; i += blockDim.x) sum += partial[i];
  sum = cuda::block_sum(sum);
  if (threadIdx.x != 0) return;
  auto gradient = static_cast<float>(sum);
  // Beyond the clamp the factor no longer moves; what is kept lets descent come back.
  if (*scale.logarithm > scale.most && !(gradient > 0.0f)) gradient = 0.0f;
  *dlogit_scale = accumulate ? *dlogit_scale + gradient : gradient;
}

struct Scratch {
  float* products = nullptr;
  float* positive_mean = nullptr;  // forward
  double* partial = nullptr;       // gradient
};

Scratch lay_out(cuda::WorkspaceCutter& cutter, std::int64_t n, bool gradient) {
  Scratch scratch;
  scratch.products = cutter.take<float>(n * n);
  if (gradient)
    scratch.partial = cutter.take<double>(n);
  else
    scratch.positive_mean = cutter.take<float>(n);
  return scratch;
}

void similarity_products(const Exec& exec, const char* op, const View& image, const View& text, float* products) {
  auto product = cuda::dense_product(image.dim(0), text.dim(0), image.dim(1));
  product.transpose_b = true;
  product.b_stride = text.dim(1);
  product.a = image.as<float>();
  product.b = text.as<float>();
  product.d = products;
  cuda::product(exec, op, product);
}

}  // namespace

void contrastive_loss_cuda(const Exec& exec, const ContrastiveLossArgs& args) {
  constexpr const char* kOp = "contrastive_loss";
  const std::int64_t n = args.image.dim(0);
  cuda::WorkspaceCutter cutter(exec);
  const Scratch scratch = lay_out(cutter, n, false);
  const Scale scale{args.logit_scale.as<float>(), args.max_logit_scale};
  auto *const row_lse = args.row_lse.as<float>(), *const col_lse = args.col_lse.as<float>();
  similarity_products(exec, kOp, args.image, args.text, scratch.products);
  cuda::launch_kernel(exec, kOp, cuda::block_per_row(n, n), contrastive_row_kernel, n, scratch.products, scale,
                      Pairing{args.ids.as<std::int32_t>()}, row_lse, scratch.positive_mean);
  cuda::launch_kernel(exec, kOp, {.blocks_x = cuda::ceil_div(n, kColumns), .threads_x = kColumns, .threads_y = kLanes},
                      contrastive_column_kernel, n, scratch.products, scale, col_lse);
  cuda::launch_kernel(exec, kOp, cuda::block_per_row(1, n), contrastive_loss_kernel, n, row_lse, col_lse,
                      scratch.positive_mean, args.loss.as<float>());
}

void contrastive_loss_grad_cuda(const Exec& exec, const ContrastiveLossGradArgs& args) {
  constexpr const char* kOp = "contrastive_loss_grad";
  const std::int64_t n = args.image.dim(0), d = args.image.dim(1);
  cuda::WorkspaceCutter cutter(exec);
  const Scratch scratch = lay_out(cutter, n, true);
  const Scale scale{args.logit_scale.as<float>(), args.max_logit_scale};
  similarity_products(exec, kOp, args.image, args.text, scratch.products);
  const Gradient gradient{scale, Pairing{args.ids.as<std::int32_t>()}, args.row_lse.as<float>(),
                          args.col_lse.as<float>(), args.dloss};
  cuda::launch_kernel(exec, kOp, cuda::block_per_row(n, n), contrastive_grad_kernel, n, gradient, scratch.products,
                      scratch.partial);
  if (args.dlogit_scale.present())
    cuda::launch_kernel(exec, kOp, cuda::block_per_row(1, n), contrastive_scale_grad_kernel, n, scratch.partial, scale,
                        args.accumulate_parameters, args.dlogit_scale.as<float>());
  auto product = cuda::dense_product(n, d, n);
  product.a = scratch.products;
  if (args.dimage.present()) {
    product.b = args.text.as<float>();
    product.d = args.dimage.as<float>();
    cuda::product(exec, kOp, product);
  }
  if (args.dtext.present()) {
    product.transpose_a = true;
    product.b = args.image.as<float>();
    product.d = args.dtext.as<float>();
    cuda::product(exec, kOp, product);
  }
}

std::size_t contrastive_loss_cuda_workspace_bytes(const ContrastiveLossArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(lay_out(cutter, args.image.dim(0), false));
  return cutter.used_bytes();
}

std::size_t contrastive_loss_grad_cuda_workspace_bytes(const ContrastiveLossGradArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(lay_out(cutter, args.image.dim(0), true));
  return cutter.used_bytes();
}

}  // namespace athanor::kernels
