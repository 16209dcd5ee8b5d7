#include "kernels/cuda/device/row_team.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/ops/norm/softmax.h"

namespace athanor::kernels {

namespace {

struct Forward {
  std::int64_t rows, columns;
  std::int64_t rows_per_length;
  const float* x;
  const std::int32_t* lengths;
  bool log;
  float* y;
};

// A NaN wins over every number.
struct MaxOrNan {
  __device__ static float join(float a, float b) { return a != a || a > b ? a : b; }
};

template <bool kBlock>
__device__ float team_max(float value) {
  if constexpr (kBlock)
    return cuda::block_reduce<MaxOrNan>(value, -INFINITY);
  else
    return cuda::warp_reduce<MaxOrNan>(value);
}

template <bool kBlock>
__global__ void softmax_kernel(Forward f) {
  using Team = cuda::RowTeam<kBlock>;
  const std::int64_t row = Team::row();
  if (row >= f.rows) return;
  const std::int64_t allowed = f.lengths ? std::int64_t{f.lengths[row / f.rows_per_length]} : f.columns;
  const float* x = f.x + row * f.columns;
  float* y = f.y + row * f.columns;
  float most = -INFINITY;
  for (std::int64_t c = Team::lane(); c < allowed; c += Team::size()) most = MaxOrNan::join(x[c], most);
  most = team_max<kBlock>(most);
  float sum = 0.0f;
  for (std::int64_t c = Team::lane(); c < allowed; c += Team::size()) sum += expf(x[c] - most);
  sum = Team::sum(sum);
  const float masked = f.log ? -INFINITY : 0.0f, factor = 1.0f / sum, log_sum = logf(sum);
  const bool nothing = most == -INFINITY;
  for (std::int64_t c = Team::lane(); c < f.columns; c += Team::size()) {
    const bool in = c < allowed && !nothing;
    // In its own statement, as y may be x.
    const float away = in ? x[c] - most : 0.0f;
    y[c] = !in ? masked : f.log ? away - log_sum : expf(away) * factor;
  }
}

struct Backward {
  std::int64_t rows, columns;
  const float *y, *dy;
  bool log;
  float* dx;
};

template <bool kBlock>
__global__ void softmax_grad_kernel(Backward b) {
  using Team = cuda::RowTeam<kBlock>;
  const std::int64_t row = Team::row();
  if (row >= b.rows) return;
  const float *y = b.y + row * b.columns, *dy = b.dy + row * b.columns;
  float* dx = b.dx + row * b.columns;
  float sum = 0.0f;
  for (std::int64_t c = Team::lane(); c < b.columns; c += Team::size())
    sum += !b.log ? y[c] * dy[c] : y[c] == -INFINITY ? 0.0f : dy[c];
  sum = Team::sum(sum);
  for (std::int64_t c = Team::lane(); c < b.columns; c += Team::size())
    dx[c] = !b.log ? y[c] * (dy[c] - sum) : y[c] == -INFINITY ? 0.0f : dy[c] - expf(y[c]) * sum;
}

std::int64_t rows_of(const View& x) { return x.numel() == 0 ? 0 : x.numel() / x.dim(-1); }

}  // namespace

void softmax_cuda(const Exec& exec, const SoftmaxArgs& args) {
  const std::int64_t rows = rows_of(args.x), groups = args.lengths.present() ? args.lengths.numel() : 1;
  if (rows == 0) return;
  const Forward f{.rows = rows,
                  .columns = args.x.dim(-1),
                  .rows_per_length = rows / groups,
                  .x = args.x.as<float>(),
                  .lengths = args.lengths.as<std::int32_t>(),
                  .log = args.log,
                  .y = args.y.as<float>()};
  const auto launch = cuda::per_row(f.rows, f.columns);
  cuda::launch_kernel(exec, "softmax", launch.config,
                      launch.block_per_row ? softmax_kernel<true> : softmax_kernel<false>, f);
}

void softmax_grad_cuda(const Exec& exec, const SoftmaxGradArgs& args) {
  const Backward b{.rows = rows_of(args.y),
                   .columns = args.y.dim(-1),
                   .y = args.y.as<float>(),
                   .dy = args.dy.as<float>(),
                   .log = args.log,
                   .dx = args.dx.as<float>()};
  if (b.rows == 0) return;
  const auto launch = cuda::per_row(b.rows, b.columns);
  cuda::launch_kernel(exec, "softmax_grad", launch.config,
                      launch.block_per_row ? softmax_grad_kernel<true> : softmax_grad_kernel<false>, b);
}

}  // namespace athanor::kernels
