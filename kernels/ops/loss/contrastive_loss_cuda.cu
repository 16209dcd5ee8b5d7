#include "kernels/cuda/device/reduce.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/product.h"
#include "kernels/cuda/workspace.h"
#include "kernels/ops/loss/contrastive_loss.h"

#include <algorithm>

namespace athanor::kernels {

namespace {

// Logits exist a strip of rows at a time, as plain products image text^T; the factor, which lies on the device, is
// applied where they are read.
constexpr std::int64_t kStripNumbers = std::int64_t{1} << 24;  // 64 MiB
constexpr std::int64_t kLeastStrip = 32;
constexpr std::int64_t kOneStrip = 512;  // as many pairs are taken at once

std::int64_t rows_per_strip(std::int64_t n) {
  if (n <= kOneStrip) return n;
  return std::min(cuda::ceil_div(n, 2), std::max(kLeastStrip, kStripNumbers / n));
}

// Everything that turns a product into a logit and says whether the pair belongs together.
struct Pairs {
  std::int64_t n;
  const float* logarithm;  // of the factor
  float most;              // of the logarithm
  const float* bias;       // null: 0
  const std::int32_t* ids;
  const float *row_scale, *col_scale;

  template <class Args>
  static Pairs of(const Args& args) {
    return {args.image.dim(0),
            args.logit_scale.template as<float>(),
            args.max_logit_scale,
            args.logit_bias.template as<float>(),
            args.ids.template as<std::int32_t>(),
            args.row_scale.template as<float>(),
            args.col_scale.template as<float>()};
  }
  __device__ float factor() const { return expf(*logarithm > most ? most : *logarithm); }
  __device__ float row(std::int64_t i) const { return row_scale ? row_scale[i] : 1.0f; }
  __device__ float column(std::int64_t j) const { return col_scale ? col_scale[j] : 1.0f; }
  __device__ float shift() const { return bias ? *bias : 0.0f; }
  __device__ bool together(std::int64_t i, std::int64_t j) const { return ids ? ids[i] == ids[j] : i == j; }
};

// One block per image of the strip: row_lse and the mean logit of its positives.
__global__ void contrastive_row_kernel(Pairs pairs, std::int64_t begin, const float* products, float* row_lse,
                                       float* positive_mean) {
  const std::int64_t row = begin + blockIdx.x, n = pairs.n;
  const float* products_row = products + std::int64_t{blockIdx.x} * n;
  const float factor = pairs.factor() * pairs.row(row);
  float most = -INFINITY, positives = 0.0f, positive_sum = 0.0f;
  for (std::int64_t column = threadIdx.x; column < n; column += blockDim.x) {
    const float logit = factor * products_row[column];
    most = cuda::Max::join(most, logit);
    if (!pairs.together(row, column)) continue;
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

// What the columns carry from strip to strip.
struct ColumnSums {
  float *max, *sum;             // sum exp(l) = sum * exp(max)
  float *positive, *positives;  // sum of the logits of positives, and how many there are
};

struct ColumnSum {
  float max, sum;

  __device__ void add(float other_max, float other_sum) {
    const float joined = cuda::Max::join(max, other_max);
    if (joined == -INFINITY) return;
    sum = sum * expf(max - joined) + other_sum * expf(other_max - joined);
    max = joined;
  }
};

// 32 columns by 8 lanes over the rows of a strip: each lane keeps a running maximum and sum, joined in order at the
// end.
__global__ void contrastive_column_kernel(Pairs pairs, std::int64_t begin, std::int64_t rows, const float* products,
                                          ColumnSums sums) {
  __shared__ ColumnSum running[kLanes][kColumns];
  __shared__ float positive_sum[kLanes][kColumns], positives[kLanes][kColumns];
  const std::int64_t column = std::int64_t{blockIdx.x} * kColumns + threadIdx.x, n = pairs.n;
  ColumnSum own{-INFINITY, 0.0f};
  float own_positive = 0.0f, own_count = 0.0f;
  if (column < n) {
    const float factor = pairs.factor() * pairs.column(column);
    for (std::int64_t row = threadIdx.y; row < rows; row += kLanes) {
      const float logit = factor * products[row * n + column];
      own.add(logit, 1.0f);
      if (!pairs.together(begin + row, column)) continue;
      own_positive += logit;
      own_count += 1.0f;
    }
  }
  running[threadIdx.y][threadIdx.x] = own;
  positive_sum[threadIdx.y][threadIdx.x] = own_positive;
  positives[threadIdx.y][threadIdx.x] = own_count;
  __syncthreads();
  if (threadIdx.y != 0 || column >= n) return;
  ColumnSum total{-INFINITY, 0.0f};
  float total_positive = 0.0f, total_count = 0.0f;
  if (begin > 0) {
    total = {sums.max[column], sums.sum[column]};
    total_positive = sums.positive[column];
    total_count = sums.positives[column];
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    total.add(running[lane][threadIdx.x].max, running[lane][threadIdx.x].sum);
    total_positive += positive_sum[lane][threadIdx.x];
    total_count += positives[lane][threadIdx.x];
  }
  sums.max[column] = total.max;
  sums.sum[column] = total.sum;
  sums.positive[column] = total_positive;
  sums.positives[column] = total_count;
}

// As the rows of P sum to 1 and P is symmetric, loss = (1/2N) sum_i row_lse[i] + col_lse[i] - mean logits of positives.
__global__ void contrastive_finish_kernel(std::int64_t n, const float* row_lse, const float* positive_mean,
                                          ColumnSums sums, float* col_lse, float* loss) {
  double sum = 0.0;
  for (std::int64_t i = threadIdx.x; i < n; i += blockDim.x) {
    const float column = sums.max[i] + logf(sums.sum[i]);
    col_lse[i] = column;
    sum += (static_cast<double>(row_lse[i]) - static_cast<double>(positive_mean[i])) +
           (static_cast<double>(column) - static_cast<double>(sums.positive[i] / sums.positives[i]));
  }
  sum = cuda::block_sum(sum);
  if (threadIdx.x == 0) *loss = static_cast<float>(sum / (2.0 * static_cast<double>(n)));
}

// One block per image of the strip: the row's sum of -log sigmoid(y l).
__global__ void sigmoid_row_kernel(Pairs pairs, std::int64_t begin, const float* products, double* terms) {
  const std::int64_t row = begin + blockIdx.x, n = pairs.n;
  const float factor = pairs.factor(), shift = pairs.shift();
  double sum = 0.0;
  for (std::int64_t column = threadIdx.x; column < n; column += blockDim.x) {
    const float logit = factor * products[std::int64_t{blockIdx.x} * n + column] + shift;
    const float against = pairs.together(row, column) ? -logit : logit;
    sum += static_cast<double>((against > 0.0f ? against : 0.0f) + log1pf(expf(-fabsf(against))));
  }
  sum = cuda::block_sum(sum);
  if (threadIdx.x == 0) terms[row] = sum;
}

__global__ void mean_kernel(std::int64_t n, const double* terms, float* loss) {
  double sum = 0.0;
  for (std::int64_t i = threadIdx.x; i < n; i += blockDim.x) sum += terms[i];
  sum = cuda::block_sum(sum);
  if (threadIdx.x == 0) *loss = static_cast<float>(sum / static_cast<double>(n));
}

struct Gradient {
  const float *row_lse, *col_lse;
  float dloss;
  double *scale_terms, *bias_terms;  // [N]
  float* drow_scale;                 // may be null
};

// One block per row of the strip: products become s K in place; the row's shares of the scalar gradients follow.
__global__ void softmax_grad_kernel(Pairs pairs, std::int64_t begin, Gradient g, float* products) {
  const std::int64_t row = begin + blockIdx.x, n = pairs.n;
  float* products_row = products + std::int64_t{blockIdx.x} * n;
  float positives = 0.0f;
  for (std::int64_t column = threadIdx.x; column < n; column += blockDim.x)
    if (pairs.together(row, column)) positives += 1.0f;
  positives = cuda::block_sum(positives);
  const float factor = pairs.factor(), row_lse = g.row_lse[row], row_scale = pairs.row(row);
  const float half = 0.5f * g.dloss / static_cast<float>(n);
  double sum = 0.0, of_row_scale = 0.0;
  for (std::int64_t column = threadIdx.x; column < n; column += blockDim.x) {
    const float scaled = factor * products_row[column], col_scale = pairs.column(column);
    const float target = pairs.together(row, column) ? 1.0f / positives : 0.0f;
    const float of_row = half * (expf(row_scale * scaled - row_lse) - target);
    const float of_column = half * (expf(col_scale * scaled - g.col_lse[column]) - target);
    const float gradient = row_scale * of_row + col_scale * of_column;
    sum += static_cast<double>(gradient) * static_cast<double>(scaled);
    of_row_scale += static_cast<double>(of_row) * static_cast<double>(scaled);
    products_row[column] = factor * gradient;
  }
  sum = cuda::block_sum(sum);
  of_row_scale = cuda::block_sum(of_row_scale);
  if (threadIdx.x != 0) return;
  g.scale_terms[row] = sum;
  if (g.drow_scale) g.drow_scale[row] = static_cast<float>(of_row_scale);
}

__global__ void sigmoid_grad_kernel(Pairs pairs, std::int64_t begin, Gradient g, float* products) {
  const std::int64_t row = begin + blockIdx.x, n = pairs.n;
  float* products_row = products + std::int64_t{blockIdx.x} * n;
  const float factor = pairs.factor(), shift = pairs.shift(), share = g.dloss / static_cast<float>(n);
  double of_scale = 0.0, of_bias = 0.0;
  for (std::int64_t column = threadIdx.x; column < n; column += blockDim.x) {
    const float scaled = factor * products_row[column];
    const float sign = pairs.together(row, column) ? -1.0f : 1.0f;
    const float gradient = sign * share / (1.0f + expf(-sign * (scaled + shift)));
    of_scale += static_cast<double>(gradient) * static_cast<double>(scaled);
    of_bias += static_cast<double>(gradient);
    products_row[column] = factor * gradient;
  }
  of_scale = cuda::block_sum(of_scale);
  of_bias = cuda::block_sum(of_bias);
  if (threadIdx.x != 0) return;
  g.scale_terms[row] = of_scale;
  g.bias_terms[row] = of_bias;
}

// dcol_scale of a strip, while its products are still products. The positives of a column are those of its row.
__global__ void column_scale_grad_kernel(Pairs pairs, std::int64_t begin, std::int64_t rows, const float* products,
                                         const float* col_lse, float dloss, float* dcol_scale) {
  __shared__ float lanes[kLanes][kColumns];
  const std::int64_t column = std::int64_t{blockIdx.x} * kColumns + threadIdx.x, n = pairs.n;
  float sum = 0.0f;
  if (column < n) {
    float positives = pairs.ids ? 0.0f : 1.0f;
    for (std::int64_t other = 0; pairs.ids && other < n; ++other)
      if (pairs.together(column, other)) positives += 1.0f;
    const float factor = pairs.factor(), col_scale = pairs.column(column), lse = col_lse[column];
    const float half = 0.5f * dloss / static_cast<float>(n);
    for (std::int64_t row = threadIdx.y; row < rows; row += kLanes) {
      const float scaled = factor * products[row * n + column];
      const float target = pairs.together(begin + row, column) ? 1.0f / positives : 0.0f;
      sum += scaled * half * (expf(col_scale * scaled - lse) - target);
    }
  }
  lanes[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || column >= n) return;
  float total = begin > 0 ? dcol_scale[column] : 0.0f;
  for (int lane = 0; lane < kLanes; ++lane) total += lanes[lane][threadIdx.x];
  dcol_scale[column] = total;
}

// `logarithm` is null where there is no clamp. Beyond it the factor no longer moves; what is kept lets descent come
// back.
__global__ void scalar_grad_kernel(std::int64_t n, const double* terms, const float* logarithm, float most,
                                   bool accumulate, float* out) {
  double sum = 0.0;
  for (std::int64_t i = threadIdx.x; i < n; i += blockDim.x) sum += terms[i];
  sum = cuda::block_sum(sum);
  if (threadIdx.x != 0) return;
  auto gradient = static_cast<float>(sum);
  if (logarithm && *logarithm > most && !(gradient > 0.0f)) gradient = 0.0f;
  *out = accumulate ? *out + gradient : gradient;
}

struct Scratch {
  float* products = nullptr;
  float* positive_mean = nullptr;  // forward
  ColumnSums columns{};
  double *terms = nullptr, *bias_terms = nullptr;
  void* product = nullptr;
};

Scratch lay_out(cuda::WorkspaceCutter& cutter, std::int64_t n) {
  Scratch scratch;
  scratch.products = cutter.take<float>(rows_per_strip(n) * n);
  scratch.positive_mean = cutter.take<float>(n);
  scratch.columns = {cutter.take<float>(n), cutter.take<float>(n), cutter.take<float>(n), cutter.take<float>(n)};
  scratch.terms = cutter.take<double>(n);
  scratch.bias_terms = cutter.take<double>(n);
  scratch.product = cutter.take<std::byte>(cuda::kProductWorkspaceBytes);
  return scratch;
}

struct Strip {
  std::int64_t begin, rows;
};

template <class Args, class Visit>
void for_each_strip(const Exec& exec, const char* op, const Args& args, const Scratch& scratch, Visit&& visit) {
  const std::int64_t n = args.image.dim(0), width = args.image.dim(1), step = rows_per_strip(n);
  for (std::int64_t begin = 0; begin < n; begin += step) {
    const Strip strip{begin, std::min(step, n - begin)};
    auto product = cuda::dense_product(strip.rows, n, width);
    product.transpose_b = true;
    product.b_stride = width;
    product.a = args.image.template as<float>() + begin * width;
    product.b = args.text.template as<float>();
    product.d = scratch.products;
    product.workspace = scratch.product;
    cuda::product(exec, op, product);
    visit(strip);
  }
}

void propagate(const Exec& exec, const char* op, const ContrastiveLossGradArgs& args, const Scratch& scratch,
               Strip strip) {
  const std::int64_t n = args.image.dim(0), width = args.image.dim(1);
  if (args.dimage.present()) {
    auto product = cuda::dense_product(strip.rows, width, n);
    product.a = scratch.products;
    product.b = args.text.as<float>();
    product.d = args.dimage.as<float>() + strip.begin * width;
    product.workspace = scratch.product;
    cuda::product(exec, op, product);
  }
  if (args.dtext.present()) {
    auto product = cuda::dense_product(n, width, strip.rows);
    product.transpose_a = true;
    product.a = scratch.products;
    product.a_stride = n;
    product.b = args.image.as<float>() + strip.begin * width;
    product.beta = strip.begin > 0 ? 1.0f : 0.0f;
    product.c = args.dtext.as<float>();
    product.d = args.dtext.as<float>();
    product.workspace = scratch.product;
    cuda::product(exec, op, product);
  }
}

cuda::LaunchConfig column_blocks(std::int64_t n) {
  return {.blocks_x = cuda::ceil_div(n, kColumns), .threads_x = kColumns, .threads_y = kLanes};
}

}  // namespace

void contrastive_loss_cuda(const Exec& exec, const ContrastiveLossArgs& args) {
  constexpr const char* kOp = "contrastive_loss";
  const std::int64_t n = args.image.dim(0);
  cuda::WorkspaceCutter cutter(exec);
  const Scratch scratch = lay_out(cutter, n);
  const Pairs pairs = Pairs::of(args);
  const bool sigmoid = args.kind == ContrastiveKind::sigmoid;
  for_each_strip(exec, kOp, args, scratch, [&](Strip strip) {
    const auto rows = cuda::block_per_row(strip.rows, n);
    if (sigmoid)
      return cuda::launch_kernel(exec, kOp, rows, sigmoid_row_kernel, pairs, strip.begin, scratch.products,
                                 scratch.terms);
    cuda::launch_kernel(exec, kOp, rows, contrastive_row_kernel, pairs, strip.begin, scratch.products,
                        args.row_lse.as<float>(), scratch.positive_mean);
    cuda::launch_kernel(exec, kOp, column_blocks(n), contrastive_column_kernel, pairs, strip.begin, strip.rows,
                        scratch.products, scratch.columns);
  });
  const auto one = cuda::block_per_row(1, n);
  if (sigmoid) return cuda::launch_kernel(exec, kOp, one, mean_kernel, n, scratch.terms, args.loss.as<float>());
  cuda::launch_kernel(exec, kOp, one, contrastive_finish_kernel, n, args.row_lse.as<float>(), scratch.positive_mean,
                      scratch.columns, args.col_lse.as<float>(), args.loss.as<float>());
}

void contrastive_loss_grad_cuda(const Exec& exec, const ContrastiveLossGradArgs& args) {
  constexpr const char* kOp = "contrastive_loss_grad";
  const std::int64_t n = args.image.dim(0);
  cuda::WorkspaceCutter cutter(exec);
  const Scratch scratch = lay_out(cutter, n);
  const Pairs pairs = Pairs::of(args);
  const Gradient gradient{args.row_lse.as<float>(), args.col_lse.as<float>(),   args.dloss, scratch.terms,
                          scratch.bias_terms,       args.drow_scale.as<float>()};
  const auto kernel = args.kind == ContrastiveKind::sigmoid ? sigmoid_grad_kernel : softmax_grad_kernel;
  for_each_strip(exec, kOp, args, scratch, [&](Strip strip) {
    if (args.dcol_scale.present())
      cuda::launch_kernel(exec, kOp, column_blocks(n), column_scale_grad_kernel, pairs, strip.begin, strip.rows,
                          scratch.products, args.col_lse.as<float>(), args.dloss, args.dcol_scale.as<float>());
    cuda::launch_kernel(exec, kOp, cuda::block_per_row(strip.rows, n), kernel, pairs, strip.begin, gradient,
                        scratch.products);
    propagate(exec, kOp, args, scratch, strip);
  });
  const auto one = cuda::block_per_row(1, n);
  if (args.dlogit_scale.present())
    cuda::launch_kernel(exec, kOp, one, scalar_grad_kernel, n, scratch.terms, pairs.logarithm, pairs.most,
                        args.accumulate_parameters, args.dlogit_scale.as<float>());
  if (args.dlogit_bias.present())
    cuda::launch_kernel(exec, kOp, one, scalar_grad_kernel, n, scratch.bias_terms, static_cast<const float*>(nullptr),
                        0.0f, args.accumulate_parameters, args.dlogit_bias.as<float>());
}

std::size_t contrastive_loss_cuda_workspace_bytes(const ContrastiveLossArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(lay_out(cutter, args.image.dim(0)));
  return cutter.used_bytes();
}

std::size_t contrastive_loss_grad_cuda_workspace_bytes(const ContrastiveLossGradArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(lay_out(cutter, args.image.dim(0)));
  return cutter.used_bytes();
}

}  // namespace athanor::kernels
