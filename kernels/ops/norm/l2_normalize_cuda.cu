#include "kernels/cuda/device/row_team.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/ops/norm/l2_normalize.h"

namespace athanor::kernels {

namespace {

struct Forward {
  std::int64_t rows, columns;
  const float* x;
  double eps;
  float *y, *inverse_norm;
};

template <bool kBlock>
__global__ void l2_normalize_kernel(Forward f) {
  using Team = cuda::RowTeam<kBlock>;
  const std::int64_t row = Team::row();
  if (row >= f.rows) return;
  const float* x = f.x + row * f.columns;
  double squares = 0.0;
  for (std::int64_t c = Team::lane(); c < f.columns; c += Team::size())
    squares += static_cast<double>(x[c]) * static_cast<double>(x[c]);
  const double norm = sqrt(Team::sum(squares));
  const auto inverse = static_cast<float>(1.0 / (norm > f.eps ? norm : f.eps));
  float* y = f.y + row * f.columns;
  for (std::int64_t c = Team::lane(); c < f.columns; c += Team::size()) y[c] = x[c] * inverse;
  if (f.inverse_norm && Team::lane() == 0) f.inverse_norm[row] = inverse;
}

struct Backward {
  std::int64_t rows, columns;
  const float *y, *inverse_norm, *dy;
  float longest_inverse;  // from here on the norm was below eps
  float* dx;
};

template <bool kBlock>
__global__ void l2_normalize_grad_kernel(Backward b) {
  using Team = cuda::RowTeam<kBlock>;
  const std::int64_t row = Team::row();
  if (row >= b.rows) return;
  const float *y = b.y + row * b.columns, *dy = b.dy + row * b.columns;
  double sum = 0.0;
  for (std::int64_t c = Team::lane(); c < b.columns; c += Team::size())
    sum += static_cast<double>(dy[c]) * static_cast<double>(y[c]);
  sum = Team::sum(sum);
  const float inverse = b.inverse_norm[row];
  const float along = inverse < b.longest_inverse ? static_cast<float>(sum) : 0.0f;
  float* dx = b.dx + row * b.columns;
  for (std::int64_t c = Team::lane(); c < b.columns; c += Team::size()) dx[c] = inverse * (dy[c] - y[c] * along);
}

std::int64_t rows_of(const View& x) { return x.numel() == 0 ? 0 : x.numel() / x.dim(-1); }

}  // namespace

void l2_normalize_cuda(const Exec& exec, const L2NormalizeArgs& args) {
  const Forward f{.rows = rows_of(args.x),
                  .columns = args.x.dim(-1),
                  .x = args.x.as<float>(),
                  .eps = static_cast<double>(args.eps),
                  .y = args.y.as<float>(),
                  .inverse_norm = args.inverse_norm.as<float>()};
  const auto launch = cuda::per_row(f.rows, f.columns);
  cuda::launch_kernel(exec, "l2_normalize", launch.config,
                      launch.block_per_row ? l2_normalize_kernel<true> : l2_normalize_kernel<false>, f);
}

void l2_normalize_grad_cuda(const Exec& exec, const L2NormalizeGradArgs& args) {
  const Backward b{.rows = rows_of(args.y),
                   .columns = args.y.dim(-1),
                   .y = args.y.as<float>(),
                   .inverse_norm = args.inverse_norm.as<float>(),
                   .dy = args.dy.as<float>(),
                   .longest_inverse = static_cast<float>(1.0 / static_cast<double>(args.eps)),
                   .dx = args.dx.as<float>()};
  const auto launch = cuda::per_row(b.rows, b.columns);
  cuda::launch_kernel(exec, "l2_normalize_grad", launch.config,
                      launch.block_per_row ? l2_normalize_grad_kernel<true> : l2_normalize_grad_kernel<false>, b);
}

}  // namespace athanor::kernels
