#include "kernels/cuda/column_reduce.cuh"
#include "kernels/cuda/device/row_team.cuh"
#include "kernels/cuda/device/storage.cuh"
#include "kernels/ops/norm/rms_norm.h"

namespace athanor::kernels {

namespace {

using cuda::load;
using cuda::store;

template <class T>
struct Forward {
  std::int64_t rows, columns;
  const T* x;
  const float* gain;
  float eps;
  T* y;
  float* rstd;
};

template <bool kBlock, class T>
__global__ void rms_norm_kernel(Forward<T> f) {
  using Team = cuda::RowTeam<kBlock>;
  const std::int64_t row = Team::row();
  if (row >= f.rows) return;
  const T* x = f.x + row * f.columns;
  float squares = 0.0f;
  for (std::int64_t c = Team::lane(); c < f.columns; c += Team::size()) squares += load(x, c) * load(x, c);
  const float rstd = 1.0f / sqrtf(Team::sum(squares) / static_cast<float>(f.columns) + f.eps);
  T* y = f.y + row * f.columns;
  for (std::int64_t c = Team::lane(); c < f.columns; c += Team::size())
    store(y, c, load(x, c) * rstd * (f.gain ? f.gain[c] : 1.0f));
  if (f.rstd && Team::lane() == 0) f.rstd[row] = rstd;
}

template <class T>
struct Backward {
  std::int64_t rows, columns;
  const T *x, *dy;
  const float *gain, *rstd;
  T* dx;
};

template <bool kBlock, class T>
__global__ void rms_norm_input_grad_kernel(Backward<T> b) {
  using Team = cuda::RowTeam<kBlock>;
  const std::int64_t row = Team::row();
  if (row >= b.rows) return;
  const T *x = b.x + row * b.columns, *dy = b.dy + row * b.columns;
  const float rstd = b.rstd[row];
  float sum = 0.0f;
  for (std::int64_t c = Team::lane(); c < b.columns; c += Team::size())
    sum += load(dy, c) * (b.gain ? b.gain[c] : 1.0f) * load(x, c) * rstd;
  const float mean = Team::sum(sum) / static_cast<float>(b.columns);
  T* dx = b.dx + row * b.columns;
  for (std::int64_t c = Team::lane(); c < b.columns; c += Team::size())
    store(dx, c, rstd * (load(dy, c) * (b.gain ? b.gain[c] : 1.0f) - load(x, c) * rstd * mean));
}

template <class T>
struct GainTerm {
  const T *x, *dy;
  const float* rstd;
  std::int64_t columns;
  __device__ cuda::Terms<1> operator()(std::int64_t row, std::int64_t column) const {
    const std::int64_t at = row * columns + column;
    return {{load(dy, at) * load(x, at) * rstd[row]}};
  }
};

std::int64_t rows_of(const View& x) { return x.numel() == 0 ? 0 : x.numel() / x.dim(-1); }

}  // namespace

void rms_norm_cuda(const Exec& exec, const RmsNormArgs& args) {
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    const Forward<T> f{.rows = rows_of(args.x),
                       .columns = args.x.dim(-1),
                       .x = args.x.as<T>(),
                       .gain = args.gain.as<float>(),
                       .eps = args.eps,
                       .y = args.y.as<T>(),
                       .rstd = args.rstd.as<float>()};
    const auto launch = cuda::per_row(f.rows, f.columns);
    cuda::launch_kernel(exec, "rms_norm", launch.config,
                        launch.block_per_row ? rms_norm_kernel<true, T> : rms_norm_kernel<false, T>, f);
  });
}

void rms_norm_grad_cuda(const Exec& exec, const RmsNormGradArgs& args) {
  constexpr const char* kOp = "rms_norm_grad";
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    const Backward<T> b{.rows = rows_of(args.x),
                        .columns = args.x.dim(-1),
                        .x = args.x.as<T>(),
                        .dy = args.dy.as<T>(),
                        .gain = args.gain.as<float>(),
                        .rstd = args.rstd.as<float>(),
                        .dx = args.dx.as<T>()};
    // The gain first: dx may lie in dy.
    if (args.dgain.present())
      cuda::column_reduce<1>(exec, kOp, b.rows, b.columns, GainTerm<T>{b.x, b.dy, b.rstd, b.columns},
                             args.accumulate_parameters, {{args.dgain.as<float>()}}, exec.workspace);
    if (!args.dx.present()) return;
    const auto launch = cuda::per_row(b.rows, b.columns);
    cuda::launch_kernel(
        exec, kOp, launch.config,
        launch.block_per_row ? rms_norm_input_grad_kernel<true, T> : rms_norm_input_grad_kernel<false, T>, b);
  });
}

std::size_t rms_norm_grad_cuda_workspace_bytes(const RmsNormGradArgs& args) {
  return cuda::column_reduce_workspace_bytes(rows_of(args.x), args.x.dim(-1), 1);
}

}  // namespace athanor::kernels
