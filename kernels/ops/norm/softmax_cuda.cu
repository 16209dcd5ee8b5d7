#include "kernels/cuda/device/row_team.cuh"
#include "kernels/cuda/device/storage.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/ops/norm/softmax.h"

namespace athanor::kernels {

namespace {

template <class T>
struct Forward {
  std::int64_t rows, columns;
  std::int64_t rows_per_length;
  const T* x;
  const std::int32_t* lengths;
  bool log;
  T* y;
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

template <bool kBlock, class T>
__global__ void softmax_kernel(Forward<T> f) {
  using Team = cuda::RowTeam<kBlock>;
  const std::int64_t row = Team::row();
  if (row >= f.rows) return;
  const std::int64_t allowed = f.lengths ? std::int64_t{f.lengths[row / f.rows_per_length]} : f.columns;
  const T* x = f.x + row * f.columns;
  T* y = f.y + row * f.columns;
  float most = -INFINITY;
  for (std::int64_t c = Team::lane(); c < allowed; c += Team::size()) most = MaxOrNan::join(cuda::load(x, c), most);
  most = team_max<kBlock>(most);
  float sum = 0.0f;
  for (std::int64_t c = Team::lane(); c < allowed; c += Team::size()) sum += expf(cuda::load(x, c) - most);
  sum = Team::sum(sum);
  const float masked = f.log ? -INFINITY : 0.0f, factor = 1.0f / sum, log_sum = logf(sum);
  const bool nothing = most == -INFINITY;
  for (std::int64_t c = Team::lane(); c < f.columns; c += Team::size()) {
    const bool in = c < allowed && !nothing;
    // In its own statement, as y may be x.
    const float away = in ? cuda::load(x, c) - most : 0.0f;
    cuda::store(y, c, !in ? masked : f.log ? away - log_sum : expf(away) * factor);
  }
}

template <class T>
struct Backward {
  std::int64_t rows, columns;
  const T *y, *dy;
  bool log;
  T* dx;
};

template <bool kBlock, class T>
__global__ void softmax_grad_kernel(Backward<T> b) {
  using Team = cuda::RowTeam<kBlock>;
  const std::int64_t row = Team::row();
  if (row >= b.rows) return;
  const T *y = b.y + row * b.columns, *dy = b.dy + row * b.columns;
  T* dx = b.dx + row * b.columns;
  float sum = 0.0f;
  for (std::int64_t c = Team::lane(); c < b.columns; c += Team::size()) {
    const float at = cuda::load(y, c), slope = cuda::load(dy, c);
    sum += !b.log ? at * slope : at == -INFINITY ? 0.0f : slope;
  }
  sum = Team::sum(sum);
  for (std::int64_t c = Team::lane(); c < b.columns; c += Team::size()) {
    const float at = cuda::load(y, c), slope = cuda::load(dy, c);
    cuda::store(dx, c, !b.log ? at * (slope - sum) : at == -INFINITY ? 0.0f : slope - expf(at) * sum);
  }
}

std::int64_t rows_of(const View& x) { return x.numel() == 0 ? 0 : x.numel() / x.dim(-1); }

}  // namespace

void softmax_cuda(const Exec& exec, const SoftmaxArgs& args) {
  const std::int64_t rows = rows_of(args.x), groups = args.lengths.present() ? args.lengths.numel() : 1;
  if (rows == 0) return;
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    const Forward<T> f{.rows = rows,
                       .columns = args.x.dim(-1),
                       .rows_per_length = rows / groups,
                       .x = args.x.as<T>(),
                       .lengths = args.lengths.as<std::int32_t>(),
                       .log = args.log,
                       .y = args.y.as<T>()};
    const auto launch = cuda::per_row(f.rows, f.columns);
    cuda::launch_kernel(exec, "softmax", launch.config,
                        launch.block_per_row ? softmax_kernel<true, T> : softmax_kernel<false, T>, f);
  });
}

void softmax_grad_cuda(const Exec& exec, const SoftmaxGradArgs& args) {
  if (args.y.numel() == 0) return;
  cuda::with_storage(args.y.dtype, [&]<class T>() {
    const Backward<T> b{.rows = rows_of(args.y),
                        .columns = args.y.dim(-1),
                        .y = args.y.as<T>(),
                        .dy = args.dy.as<T>(),
                        .log = args.log,
                        .dx = args.dx.as<T>()};
    const auto launch = cuda::per_row(b.rows, b.columns);
    cuda::launch_kernel(exec, "softmax_grad", launch.config,
                        launch.block_per_row ? softmax_grad_kernel<true, T> : softmax_grad_kernel<false, T>, b);
  });
}

}  // namespace athanor::kernels
