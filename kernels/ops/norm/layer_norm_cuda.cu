#include "kernels/cuda/column_reduce.cuh"
#include "kernels/cuda/device/moments.cuh"
#include "kernels/cuda/device/row_team.cuh"
#include "kernels/ops/norm/layer_norm.h"

namespace athanor::kernels {

namespace {

struct Forward {
  std::int64_t rows, columns;
  const float *x, *gain, *bias;
  float eps;
  float *y, *mean, *rstd;
};

template <bool kBlock>
__global__ void layer_norm_kernel(Forward f) {
  using Team = cuda::RowTeam<kBlock>;
  const std::int64_t row = Team::row();
  if (row >= f.rows) return;
  const float* x = f.x + row * f.columns;
  const auto count = static_cast<float>(f.columns);
  float sum = 0.0f;
  for (std::int64_t c = Team::lane(); c < f.columns; c += Team::size()) sum += x[c];
  const float rounded_mean = Team::sum(sum) / count;
  float differences = 0.0f, squares = 0.0f;
  for (std::int64_t c = Team::lane(); c < f.columns; c += Team::size()) {
    const float difference = x[c] - rounded_mean;
    differences += difference;
    squares += difference * difference;
  }
  const auto moments = cuda::moments_of(rounded_mean, Team::sum(differences), Team::sum(squares), count);
  const float rstd = 1.0f / sqrtf(moments.variance + f.eps);
  float* y = f.y + row * f.columns;
  for (std::int64_t c = Team::lane(); c < f.columns; c += Team::size()) {
    const float normal = moments.centred(x[c]) * rstd;
    y[c] = normal * (f.gain ? f.gain[c] : 1.0f) + (f.bias ? f.bias[c] : 0.0f);
  }
  if (Team::lane() != 0) return;
  if (f.mean) f.mean[row] = moments.mean();
  if (f.rstd) f.rstd[row] = rstd;
}

struct Backward {
  std::int64_t rows, columns;
  const float *x, *gain, *mean, *rstd, *dy;
  float* dx;
};

template <bool kBlock>
__global__ void layer_norm_input_grad_kernel(Backward b) {
  using Team = cuda::RowTeam<kBlock>;
  const std::int64_t row = Team::row();
  if (row >= b.rows) return;
  const float *x = b.x + row * b.columns, *dy = b.dy + row * b.columns;
  const float mean = b.mean[row], rstd = b.rstd[row];
  float sum_g = 0.0f, sum_g_normal = 0.0f;
  for (std::int64_t c = Team::lane(); c < b.columns; c += Team::size()) {
    const float g = dy[c] * (b.gain ? b.gain[c] : 1.0f);
    sum_g += g;
    sum_g_normal += g * (x[c] - mean) * rstd;
  }
  const auto count = static_cast<float>(b.columns);
  const float mean_g = Team::sum(sum_g) / count;
  const float mean_g_normal = Team::sum(sum_g_normal) / count;
  float* dx = b.dx + row * b.columns;
  for (std::int64_t c = Team::lane(); c < b.columns; c += Team::size()) {
    const float g = dy[c] * (b.gain ? b.gain[c] : 1.0f);
    dx[c] = rstd * (g - mean_g - (x[c] - mean) * rstd * mean_g_normal);
  }
}

struct ParameterTerms {
  const float *x, *mean, *rstd, *dy;
  std::int64_t columns;
  __device__ cuda::Terms<2> operator()(std::int64_t row, std::int64_t column) const {
    const std::int64_t at = row * columns + column;
    return {{dy[at] * (x[at] - mean[row]) * rstd[row], dy[at]}};
  }
};

std::int64_t rows_of(const View& x) { return x.numel() == 0 ? 0 : x.numel() / x.dim(-1); }

}  // namespace

void layer_norm_cuda(const Exec& exec, const LayerNormArgs& args) {
  const Forward f{.rows = rows_of(args.x),
                  .columns = args.x.dim(-1),
                  .x = args.x.as<float>(),
                  .gain = args.gain.as<float>(),
                  .bias = args.bias.as<float>(),
                  .eps = args.eps,
                  .y = args.y.as<float>(),
                  .mean = args.mean.as<float>(),
                  .rstd = args.rstd.as<float>()};
  const auto launch = cuda::per_row(f.rows, f.columns);
  cuda::launch_kernel(exec, "layer_norm", launch.config,
                      launch.block_per_row ? layer_norm_kernel<true> : layer_norm_kernel<false>, f);
}

void layer_norm_grad_cuda(const Exec& exec, const LayerNormGradArgs& args) {
  constexpr const char* kOp = "layer_norm_grad";
  const Backward b{.rows = rows_of(args.x),
                   .columns = args.x.dim(-1),
                   .x = args.x.as<float>(),
                   .gain = args.gain.as<float>(),
                   .mean = args.mean.as<float>(),
                   .rstd = args.rstd.as<float>(),
                   .dy = args.dy.as<float>(),
                   .dx = args.dx.as<float>()};
  // The parameters first: dx may lie in dy.
  if (args.dgain.present() || args.dbias.present())
    cuda::column_reduce<2>(exec, kOp, b.rows, b.columns, ParameterTerms{b.x, b.mean, b.rstd, b.dy, b.columns},
                           args.accumulate_parameters, {{args.dgain.as<float>(), args.dbias.as<float>()}},
                           exec.workspace);
  if (!args.dx.present()) return;
  const auto launch = cuda::per_row(b.rows, b.columns);
  cuda::launch_kernel(exec, kOp, launch.config,
                      launch.block_per_row ? layer_norm_input_grad_kernel<true> : layer_norm_input_grad_kernel<false>,
                      b);
}

std::size_t layer_norm_grad_cuda_workspace_bytes(const LayerNormGradArgs& args) {
  return cuda::column_reduce_workspace_bytes(rows_of(args.x), args.x.dim(-1), 2);
}

}  // namespace athanor::kernels
