#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/ops/norm/softmax.h"
#include "kernels/ops/norm/softmax_avx2.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kElementsPerBlock = 8192;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::int64_t row_count(const View& x) { return x.numel() == 0 ? 0 : x.numel() / x.dim(-1); }

std::int64_t allowed_columns(const SoftmaxArgs& args, std::int64_t row) {
  if (!args.lengths.present()) return args.x.dim(-1);
  return args.lengths.as<std::int32_t>()[row / (row_count(args.x) / args.lengths.numel())];
}

double at(const float* x, std::int64_t i) { return static_cast<double>(x[i]); }

// ---- Reference ----

void softmax_row_reference(std::int64_t cols, std::int64_t allowed, bool log, const float* x, float* y) {
  double most = -kInfinity, sum = 0.0;
  for (std::int64_t col = 0; col < allowed; ++col)
    most = std::isnan(x[col]) || std::isnan(most) ? std::nan("") : std::max(most, at(x, col));
  for (std::int64_t col = 0; col < allowed; ++col) sum += std::exp(at(x, col) - most);
  const bool nothing = most == -kInfinity;
  for (std::int64_t col = 0; col < cols; ++col) {
    double value = log ? -kInfinity : 0.0;
    if (col < allowed && !nothing) value = log ? at(x, col) - most - std::log(sum) : std::exp(at(x, col) - most) / sum;
    y[col] = static_cast<float>(value);
  }
}

void softmax_reference(const Exec&, const SoftmaxArgs& args) {
  const std::int64_t cols = args.x.dim(-1);
  for (std::int64_t row = 0; row < row_count(args.x); ++row)
    softmax_row_reference(cols, allowed_columns(args, row), args.log, args.x.as<float>() + row * cols,
                          args.y.as<float>() + row * cols);
}

void softmax_grad_reference(const Exec&, const SoftmaxGradArgs& args) {
  const std::int64_t cols = args.y.dim(-1);
  for (std::int64_t row = 0; row < row_count(args.y); ++row) {
    const float *y = args.y.as<float>() + row * cols, *dy = args.dy.as<float>() + row * cols;
    float* dx = args.dx.as<float>() + row * cols;
    const auto allowed = [&](std::int64_t col) { return !args.log || at(y, col) != -kInfinity; };
    double sum = 0.0;
    for (std::int64_t col = 0; col < cols; ++col)
      if (allowed(col)) sum += args.log ? at(dy, col) : at(y, col) * at(dy, col);
    for (std::int64_t col = 0; col < cols; ++col) {
      const double value = args.log ? at(dy, col) - std::exp(at(y, col)) * sum : at(y, col) * (at(dy, col) - sum);
      dx[col] = allowed(col) ? static_cast<float>(value) : 0.0f;
    }
  }
}

// ---- Blocks of rows ----

std::int64_t rows_per_block(std::int64_t cols) { return std::max<std::int64_t>(kElementsPerBlock / cols, 1); }

void softmax_rows(const Exec& exec, const SoftmaxArgs& args) {
  if (args.x.numel() == 0) return;
  const std::int64_t cols = args.x.dim(-1);
  cpu::parallel_ranges(exec.threads, row_count(args.x), rows_per_block(cols), [&](cpu::BlockRange rows) {
    for (std::int64_t row = rows.begin; row < rows.end; ++row)
      softmax_row_avx2(cols, allowed_columns(args, row), args.log, args.x.as<float>() + row * cols,
                       args.y.as<float>() + row * cols);
  });
}

void softmax_grad_rows(const Exec& exec, const SoftmaxGradArgs& args) {
  if (args.y.numel() == 0) return;
  const std::int64_t cols = args.y.dim(-1);
  cpu::parallel_ranges(exec.threads, row_count(args.y), rows_per_block(cols), [&](cpu::BlockRange rows) {
    for (std::int64_t row = rows.begin; row < rows.end; ++row)
      softmax_grad_row_avx2(cols, args.log, args.y.as<float>() + row * cols, args.dy.as<float>() + row * cols,
                            args.dx.as<float>() + row * cols);
  });
}

const char* refuse(const Exec&, const SoftmaxArgs&) { return cpu::avx2_refusal(); }
const char* refuse_grad(const Exec&, const SoftmaxGradArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<SoftmaxArgs>, 2> kCandidates{{
    {"softmax_cpu_avx2_rows", refuse, softmax_rows},
    {"softmax_cpu_reference", nullptr, softmax_reference},
}};
constexpr std::array<Candidate<SoftmaxGradArgs>, 2> kGradCandidates{{
    {"softmax_grad_cpu_avx2_rows", refuse_grad, softmax_grad_rows},
    {"softmax_grad_cpu_reference", nullptr, softmax_grad_reference},
}};

}  // namespace

Candidates<SoftmaxArgs> softmax_candidates() { return kCandidates; }
Candidates<SoftmaxGradArgs> softmax_grad_candidates() { return kGradCandidates; }

void softmax(const Exec& exec, const SoftmaxArgs& args) {
  launch("softmax", exec, args, softmax_candidates(), softmax_cuda);
}

void softmax_grad(const Exec& exec, const SoftmaxGradArgs& args) {
  launch("softmax_grad", exec, args, softmax_grad_candidates(), softmax_grad_cuda);
}

}  // namespace athanor::kernels
