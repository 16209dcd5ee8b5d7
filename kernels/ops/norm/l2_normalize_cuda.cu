#include "kernels/cuda/device/row_team.cuh"
#include "kernels/cuda/device/storage.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/ops/norm/l2_normalize.h"

namespace athanor::kernels {

namespace {

using cuda::load;
using cuda::store;

template <class T>
struct Forward {
  std::int64_t rows, columns;
  const T* x;
  double eps;
  T* y;
  float* inverse_norm;
};

template <bool kBlock, class T>
__global__ void l2_normalize_kernel(Forward<T> f) {
  using Team = cuda::RowTeam<kBlock>;
  const std::int64_t row = Team::row();
  if (row >= f.rows) return;
  const T* x = f.x + row * f.columns;
  double squares = 0.0;
  for (std::int64_t c = Team::lane(); c < f.columns; c += Team::size())
    squares += static_cast<double>(load(x, c)) * static_cast<double>(load(x, c));
  const double norm = sqrt(Team::sum(squares));
  const auto inverse = static_cast<float>(1.0 / (norm > f.eps ? norm : f.eps));
  T* y = f.y + row * f.columns;
  for (std::int64_t c = Team::lane(); c < f.columns; c += Team::size()) store(y, c, load(x, c) * inverse);
  if (f.inverse_norm && Team::lane() == 0) f.inverse_norm[row] = inverse;
}

template <class T>
struct Backward {
  std::int64_t rows, columns;
  const T *y, *dy;
  const float* inverse_norm;
  float longest_inverse;  // from here on the norm was below eps
  T* dx;
};

template <bool kBlock, class T>
__global__ void l2_normalize_grad_kernel(Backward<T> b) {
  using Team = cuda::RowTeam<kBlock>;
  const std::int64_t row = Team::row();
  if (row >= b.rows) return;
  const T *y = b.y + row * b.columns, *dy = b.dy + row * b.columns;
  double sum = 0.0;
  for (std::int64_t c = Team::lane(); c < b.columns; c += Team::size())
    sum += static_cast<double>(load(dy, c)) * static_cast<double>(load(y, c));
  sum = Team::sum(sum);
  const float inverse = b.inverse_norm[row];
  const float along = inverse < b.longest_inverse ? static_cast<float>(sum) : 0.0f;
  T* dx = b.dx + row * b.columns;
  for (std::int64_t c = Team::lane(); c < b.columns; c += Team::size())
    store(dx, c, inverse * (load(dy, c) - load(y, c) * along));
}

std::int64_t rows_of(const View& x) { return x.numel() == 0 ? 0 : x.numel() / x.dim(-1); }

}  // namespace

void l2_normalize_cuda(const Exec& exec, const L2NormalizeArgs& args) {
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    const Forward<T> f{.rows = rows_of(args.x),
                       .columns = args.x.dim(-1),
                       .x = args.x.as<T>(),
                       .eps = static_cast<double>(args.eps),
                       .y = args.y.as<T>(),
                       .inverse_norm = args.inverse_norm.as<float>()};
    const auto launch = cuda::per_row(f.rows, f.columns);
    cuda::launch_kernel(exec, "l2_normalize", launch.config,
                        launch.block_per_row ? l2_normalize_kernel<true, T> : l2_normalize_kernel<false, T>, f);
  });
}

void l2_normalize_grad_cuda(const Exec& exec, const L2NormalizeGradArgs& args) {
  cuda::with_storage(args.y.dtype, [&]<class T>() {
    const Backward<T> b{.rows = rows_of(args.y),
                        .columns = args.y.dim(-1),
                        .y = args.y.as<T>(),
                        .dy = args.dy.as<T>(),
                        .inverse_norm = args.inverse_norm.as<float>(),
                        .longest_inverse = static_cast<float>(1.0 / static_cast<double>(args.eps)),
                        .dx = args.dx.as<T>()};
    const auto launch = cuda::per_row(b.rows, b.columns);
    cuda::launch_kernel(exec, "l2_normalize_grad", launch.config,
                        launch.block_per_row ? l2_normalize_grad_kernel<true, T> : l2_normalize_grad_kernel<false, T>,
                        b);
  });
}

}  // namespace athanor::kernels
