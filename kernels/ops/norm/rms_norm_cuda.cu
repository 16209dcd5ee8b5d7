#include "kernels/cuda/column_reduce.cuh"
#include "kernels/cuda/device/row_team.cuh"
#include "kernels/ops/norm/rms_norm.h"

namespace athanor::kernels {

namespace {

struct Forward {
  std::int64_t rows, columns;
  const float *x, *gain;
  float eps;
  float *y, *rstd;
};

template <bool kBlock>
__global__ void rms_norm_kernel(Forward f) {
  using Team = cuda::RowTeam<kBlock>;
  const std::int64_t row = Team::row();
  if (row >= f.rows) return;
  const float* x = f.x + row * f.columns;
  float squares = 0.0f;
  for (std::int64_t c = Team::lane(); c < f.columns; c += Team::size()) squares += x[c] * x[c];
  const float rstd = 1.0f / sqrtf(Team::sum(squares) / static_cast<float>(f.columns) + f.eps);
  float* y = f.y + row * f.columns;
  for (std::int64_t c = Team::lane(); c < f.columns; c += Team::size())
    y[c] = x[c] * rstd * (f.gain ? f.gain[c] : 1.0f);
  if (f.rstd && Team::lane() == 0) f.rstd[row] = rstd;
}

struct Backward {
  std::int64_t rows, columns;
  const float *x, *gain, *rstd, *dy;
  float* dx;
};

template <bool kBlock>
__global__ void rms_norm_input_grad_kernel(Backward b) {
  using Team = cuda::RowTeam<kBlock>;
  const std::int64_t row = Team::row();
  if (row >= b.rows) return;
  const float *x = b.x + row * b.columns, *dy = b.dy + row * b.columns;
  const float rstd = b.rstd[row];
  float sum = 0.0f;
  for (std::int64_t c = Team::lane(); c < b.columns; c += Team::size())
    sum += dy[c] * (b.gain ? b.gain[c] : 1.0f) * x[c] * rstd;
  const float mean = Team::sum(sum) / static_cast<float>(b.columns);
  float* dx = b.dx + row * b.columns;
  for (std::int64_t c = Team::lane(); c < b.columns; c += Team::size())
    dx[c] = rstd * (dy[c] * (b.gain ? b.gain[c] : 1.0f) - x[c] * rstd * mean);
}

struct GainTerm {
  const float *x, *rstd, *dy;
  std::int64_t columns;
  __device__ cuda::Terms<1> operator()(std::int64_t row, std::int64_t column) const {
    const std::int64_t at = row * columns + column;
    return {{dy[at] * x[at] * rstd[row]}};
  }
};

std::int64_t rows_of(const View& x) { return x.numel() == 0 ? 0 : x.numel() / x.dim(-1); }

}  // namespace

void rms_norm_cuda(const Exec& exec, const RmsNormArgs& args) {
  const Forward f{.rows = rows_of(args.x),
                  .columns = args.x.dim(-1),
                  .x = args.x.as<float>(),
                  .gain = args.gain.as<float>(),
                  .eps = args.eps,
                  .y = args.y.as<float>(),
                  .rstd = args.rstd.as<float>()};
  const auto launch = cuda::per_row(f.rows, f.columns);
  cuda::launch_kernel(exec, "rms_norm", launch.config,
                      launch.block_per_row ? rms_norm_kernel<true> : rms_norm_kernel<false>, f);
}

void rms_norm_grad_cuda(const Exec& exec, const RmsNormGradArgs& args) {
  constexpr const char* kOp = "rms_norm_grad";
  const Backward b{.rows = rows_of(args.x),
                   .columns = args.x.dim(-1),
                   .x = args.x.as<float>(),
                   .gain = args.gain.as<float>(),
                   .rstd = args.rstd.as<float>(),
                   .dy = args.dy.as<float>(),
                   .dx = args.dx.as<float>()};
  // The gain first: dx may lie in dy.
  if (args.dgain.present())
    cuda::column_reduce<1>(exec, kOp, b.rows, b.columns, GainTerm{b.x, b.rstd, b.dy, b.columns},
                           args.accumulate_parameters, {{args.dgain.as<float>()}}, exec.workspace);
  if (!args.dx.present()) return;
  const auto launch = cuda::per_row(b.rows, b.columns);
  cuda::launch_kernel(exec, kOp, launch.config,
                      launch.block_per_row ? rms_norm_input_grad_kernel<true> : rms_norm_input_grad_kernel<false>, b);
}

std::size_t rms_norm_grad_cuda_workspace_bytes(const RmsNormGradArgs& args) {
  return cuda::column_reduce_workspace_bytes(rows_of(args.x), args.x.dim(-1), 1);
}

}  // namespace athanor::kernels
