#include "kernels/cuda/column_reduce.cuh"
#include "kernels/cuda/device/moments.cuh"
#include "kernels/cuda/device/row_team.cuh"
#include "kernels/cuda/device/storage.cuh"
#include "kernels/ops/norm/layer_norm.h"

namespace athanor::kernels {

namespace {

using cuda::load;
using cuda::store;

template <class T>
struct Forward {
  std::int64_t rows, columns;
  const T* x;
  const float *gain, *bias;
  float eps;
  T* y;
  float *mean, *rstd;
};

template <bool kBlock, class T>
__global__ void layer_norm_kernel(Forward<T> f) {
  using Team = cuda::RowTeam<kBlock>;
  const std::int64_t row = Team::row();
  if (row >= f.rows) return;
  const T* x = f.x + row * f.columns;
  const auto count = static_cast<float>(f.columns);
  float sum = 0.0f;
  for (std::int64_t c = Team::lane(); c < f.columns; c += Team::size()) sum += load(x, c);
  const float rounded_mean = Team::sum(sum) / count;
  float differences = 0.0f, squares = 0.0f;
  for (std::int64_t c = Team::lane(); c < f.columns; c += Team::size()) {
    const float difference = load(x, c) - rounded_mean;
    differences += difference;
    squares += difference * difference;
  }
  const auto moments = cuda::moments_of(rounded_mean, Team::sum(differences), Team::sum(squares), count);
  const float rstd = 1.0f / sqrtf(moments.variance + f.eps);
  T* y = f.y + row * f.columns;
  for (std::int64_t c = Team::lane(); c < f.columns; c += Team::size()) {
    const float normal = moments.centred(load(x, c)) * rstd;
    store(y, c, normal * (f.gain ? f.gain[c] : 1.0f) + (f.bias ? f.bias[c] : 0.0f));
  }
  if (Team::lane() != 0) return;
  if (f.mean) f.mean[row] = moments.mean();
  if (f.rstd) f.rstd[row] = rstd;
}

template <class T>
struct Backward {
  std::int64_t rows, columns;
  const T *x, *dy;
  const float *gain, *mean, *rstd;
  T* dx;
};

template <bool kBlock, class T>
__global__ void layer_norm_input_grad_kernel(Backward<T> b) {
  using Team = cuda::RowTeam<kBlock>;
  const std::int64_t row = Team::row();
  if (row >= b.rows) return;
  const T *x = b.x + row * b.columns, *dy = b.dy + row * b.columns;
  const float mean = b.mean[row], rstd = b.rstd[row];
  float sum_g = 0.0f, sum_g_normal = 0.0f;
  for (std::int64_t c = Team::lane(); c < b.columns; c += Team::size()) {
    const float g = load(dy, c) * (b.gain ? b.gain[c] : 1.0f);
    sum_g += g;
    sum_g_normal += g * (load(x, c) - mean) * rstd;
  }
  const auto count = static_cast<float>(b.columns);
  const float mean_g = Team::sum(sum_g) / count;
  const float mean_g_normal = Team::sum(sum_g_normal) / count;
  T* dx = b.dx + row * b.columns;
  for (std::int64_t c = Team::lane(); c < b.columns; c += Team::size()) {
    const float g = load(dy, c) * (b.gain ? b.gain[c] : 1.0f);
    store(dx, c, rstd * (g - mean_g - (load(x, c) - mean) * rstd * mean_g_normal));
  }
}

template <class T>
struct ParameterTerms {
  const T *x, *dy;
  const float *mean, *rstd;
  std::int64_t columns;
  __device__ cuda::Terms<2> operator()(std::int64_t row, std::int64_t column) const {
    const std::int64_t at = row * columns + column;
    const float gradient = load(dy, at);
    return {{gradient * (load(x, at) - mean[row]) * rstd[row], gradient}};
  }
};

std::int64_t rows_of(const View& x) { return x.numel() == 0 ? 0 : x.numel() / x.dim(-1); }

}  // namespace

void layer_norm_cuda(const Exec& exec, const LayerNormArgs& args) {
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    const Forward<T> f{.rows = rows_of(args.x),
                       .columns = args.x.dim(-1),
                       .x = args.x.as<T>(),
                       .gain = args.gain.as<float>(),
                       .bias = args.bias.as<float>(),
                       .eps = args.eps,
                       .y = args.y.as<T>(),
                       .mean = args.mean.as<float>(),
                       .rstd = args.rstd.as<float>()};
    const auto launch = cuda::per_row(f.rows, f.columns);
    cuda::launch_kernel(exec, "layer_norm", launch.config,
                        launch.block_per_row ? layer_norm_kernel<true, T> : layer_norm_kernel<false, T>, f);
  });
}

void layer_norm_grad_cuda(const Exec& exec, const LayerNormGradArgs& args) {
  constexpr const char* kOp = "layer_norm_grad";
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    const Backward<T> b{.rows = rows_of(args.x),
                        .columns = args.x.dim(-1),
                        .x = args.x.as<T>(),
                        .dy = args.dy.as<T>(),
                        .gain = args.gain.as<float>(),
                        .mean = args.mean.as<float>(),
                        .rstd = args.rstd.as<float>(),
                        .dx = args.dx.as<T>()};
    // The parameters first: dx may lie in dy.
    if (args.dgain.present() || args.dbias.present())
      cuda::column_reduce<2>(exec, kOp, b.rows, b.columns, ParameterTerms<T>{b.x, b.dy, b.mean, b.rstd, b.columns},
                             args.accumulate_parameters, {{args.dgain.as<float>(), args.dbias.as<float>()}},
                             exec.workspace);
    if (!args.dx.present()) return;
    const auto launch = cuda::per_row(b.rows, b.columns);
    cuda::launch_kernel(
        exec, kOp, launch.config,
        launch.block_per_row ? layer_norm_input_grad_kernel<true, T> : layer_norm_input_grad_kernel<false, T>, b);
  });
}

std::size_t layer_norm_grad_cuda_workspace_bytes(const LayerNormGradArgs& args) {
  return cuda::column_reduce_workspace_bytes(rows_of(args.x), args.x.dim(-1), 2);
}

}  // namespace athanor::kernels
