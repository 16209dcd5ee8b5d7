#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/ops/norm/l2_normalize.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace athanor::kernels {

namespace {

// There is one row per sample, not per token: the plain loops are cheap beside everything else.
constexpr std::int64_t kRowsPerBlock = 8;

std::int64_t row_count(const View& x) { return x.numel() == 0 ? 0 : x.numel() / x.dim(-1); }

double dot(const float* a, const float* b, std::int64_t n) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

void normalize_rows(const L2NormalizeArgs& args, cpu::BlockRange rows) {
  const std::int64_t cols = args.x.dim(-1);
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    const float* x = args.x.as<float>() + row * cols;
    float* y = args.y.as<float>() + row * cols;
    const double inverse = 1.0 / std::max(std::sqrt(dot(x, x, cols)), static_cast<double>(args.eps));
    for (std::int64_t i = 0; i < cols; ++i) y[i] = static_cast<float>(static_cast<double>(x[i]) * inverse);
    if (args.inverse_norm.present()) args.inverse_norm.as<float>()[row] = static_cast<float>(inverse);
  }
}

void normalize_rows_grad(const L2NormalizeGradArgs& args, cpu::BlockRange rows) {
  const std::int64_t cols = args.y.dim(-1);
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    const float *y = args.y.as<float>() + row * cols, *dy = args.dy.as<float>() + row * cols;
    float* dx = args.dx.as<float>() + row * cols;
    const double inverse = static_cast<double>(args.inverse_norm.as<float>()[row]);
    const bool clamped = inverse * static_cast<double>(args.eps) >= 1.0;
    const double along = clamped ? 0.0 : dot(dy, y, cols);
    for (std::int64_t i = 0; i < cols; ++i)
      dx[i] = static_cast<float>(inverse * (static_cast<double>(dy[i]) - along * static_cast<double>(y[i])));
  }
}

void l2_normalize_reference(const Exec&, const L2NormalizeArgs& args) { normalize_rows(args, {0, row_count(args.x)}); }

void l2_normalize_row_blocks(const Exec& exec, const L2NormalizeArgs& args) {
  cpu::parallel_ranges(exec.threads, row_count(args.x), kRowsPerBlock,
                       [&](cpu::BlockRange rows) { normalize_rows(args, rows); });
}

void l2_normalize_grad_reference(const Exec&, const L2NormalizeGradArgs& args) {
  normalize_rows_grad(args, {0, row_count(args.y)});
}

void l2_normalize_grad_row_blocks(const Exec& exec, const L2NormalizeGradArgs& args) {
  cpu::parallel_ranges(exec.threads, row_count(args.y), kRowsPerBlock,
                       [&](cpu::BlockRange rows) { normalize_rows_grad(args, rows); });
}

constexpr std::array<Candidate<L2NormalizeArgs>, 2> kCandidates{{
    {"l2_normalize_cpu_row_blocks", nullptr, l2_normalize_row_blocks},
    {"l2_normalize_cpu_reference", nullptr, l2_normalize_reference},
}};
constexpr std::array<Candidate<L2NormalizeGradArgs>, 2> kGradCandidates{{
    {"l2_normalize_grad_cpu_row_blocks", nullptr, l2_normalize_grad_row_blocks},
    {"l2_normalize_grad_cpu_reference", nullptr, l2_normalize_grad_reference},
}};

}  // namespace

Candidates<L2NormalizeArgs> l2_normalize_candidates() { return kCandidates; }
Candidates<L2NormalizeGradArgs> l2_normalize_grad_candidates() { return kGradCandidates; }

void l2_normalize(const Exec& exec, const L2NormalizeArgs& args) {
  launch("l2_normalize", exec, args, l2_normalize_candidates(), l2_normalize_cuda);
}

void l2_normalize_grad(const Exec& exec, const L2NormalizeGradArgs& args) {
  launch("l2_normalize_grad", exec, args, l2_normalize_grad_candidates(), l2_normalize_grad_cuda);
}

}  // namespace athanor::kernels
