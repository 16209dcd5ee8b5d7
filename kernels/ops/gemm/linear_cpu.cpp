#include "kernels/cpu/column_sum.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/scalar_math.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/elementwise/activation_avx2.h"
#include "kernels/ops/gemm/linear.h"
#include "kernels/ops/gemm/linear_avx2.h"

#include <algorithm>
#include <array>

namespace athanor::kernels {

namespace {

struct LinearSize {
  std::int64_t m, n, k;
};

LinearSize size_of(const View& x, const View& w) {
  const std::int64_t k = w.dim(1);
  return {k == 0 ? x.numel() : x.numel() / k, w.dim(0), k};
}

// ---- Reference ----

void linear_reference(const Exec&, const LinearArgs& args) {
  const auto [m, n, k] = size_of(args.x, args.w);
  const float *x = args.x.as<float>(), *w = args.w.as<float>(), *bias = args.bias.as<float>();
  const float* residual = args.residual.as<float>();
  float *y = args.y.as<float>(), *preactivation = args.preactivation.as<float>();
  for (std::int64_t row = 0; row < m; ++row)
    for (std::int64_t col = 0; col < n; ++col) {
      double sum = bias ? static_cast<double>(bias[col]) : 0.0;
      for (std::int64_t i = 0; i < k; ++i)
        sum += static_cast<double>(x[row * k + i]) * static_cast<double>(w[col * k + i]);
      const std::int64_t at = row * n + col;
      if (preactivation && args.activation != Activation::none) preactivation[at] = static_cast<float>(sum);
      const double value = cpu::activate_exact(args.activation, sum);
      y[at] = static_cast<float>(residual ? value + static_cast<double>(residual[at]) : value);
    }
}

double outer_gradient(const LinearGradArgs& args, std::int64_t at) {
  const double dy = static_cast<double>(args.dy.as<float>()[at]);
  if (args.activation == Activation::none) return dy;
  return dy * cpu::activation_slope_exact(args.activation, static_cast<double>(args.preactivation.as<float>()[at]));
}

void input_gradient_reference(const LinearGradArgs& args, LinearSize size) {
  const float* w = args.w.as<float>();
  for (std::int64_t row = 0; row < size.m; ++row)
    for (std::int64_t i = 0; i < size.k; ++i) {
      double sum = 0.0;
      for (std::int64_t col = 0; col < size.n; ++col)
        sum += outer_gradient(args, row * size.n + col) * static_cast<double>(w[col * size.k + i]);
      args.dx.as<float>()[row * size.k + i] = static_cast<float>(sum);
    }
}

void linear_grad_reference(const Exec&, const LinearGradArgs& args) {
  const LinearSize size = size_of(args.x, args.w);
  if (args.dx.present()) input_gradient_reference(args, size);
  const auto store = [&](float& out, double sum) {
    out = static_cast<float>(args.accumulate_parameters ? static_cast<double>(out) + sum : sum);
  };
  for (std::int64_t col = 0; col < size.n; ++col) {
    for (std::int64_t i = 0; args.dw.present() && i < size.k; ++i) {
      double sum = 0.0;
      for (std::int64_t row = 0; row < size.m; ++row)
        sum += outer_gradient(args, row * size.n + col) * static_cast<double>(args.x.as<float>()[row * size.k + i]);
      store(args.dw.as<float>()[col * size.k + i], sum);
    }
    if (!args.dbias.present()) continue;
    double sum = 0.0;
    for (std::int64_t row = 0; row < size.m; ++row) sum += outer_gradient(args, row * size.n + col);
    store(args.dbias.as<float>()[col], sum);
  }
}

// ---- Matrix products on fixed blocks ----

// Enough blocks for many threads when there are many rows, and rows enough to keep the product efficient.
std::int64_t rows_per_block(std::int64_t rows) { return std::clamp<std::int64_t>((rows / 16 + 7) / 8 * 8, 32, 128); }

// Eight blocks where the rows allow it, so that two, four or eight threads share them evenly.
std::int64_t weight_rows_per_block(std::int64_t rows) {
  return std::clamp<std::int64_t>((rows / 8 + 7) / 8 * 8, 32, 128);
}

const char* refuse(const Exec&, const LinearArgs&) { return cpu::avx2_refusal(); }
const char* refuse_grad(const Exec&, const LinearGradArgs&) { return cpu::avx2_refusal(); }

void linear_gemm(const Exec& exec, const LinearArgs& args) {
  const auto [m, n, k] = size_of(args.x, args.w);
  const auto at = [n = n](const View& view, std::int64_t row) {
    return view.present() ? view.as<float>() + row * n : nullptr;
  };
  cpu::parallel_ranges(exec.threads, m, rows_per_block(m), [&, n = n, k = k](cpu::BlockRange rows) {
    float* y = at(args.y, rows.begin);
    // A residual that is y itself is what the product must be added to.
    const bool in_place = args.residual.data == args.y.data && args.activation == Activation::none;
    cpu::gemm({.transpose_b = true,
               .m = rows.size(),
               .n = n,
               .k = k,
               .a = args.x.as<float>() + rows.begin * k,
               .lda = k,
               .b = args.w.as<float>(),
               .ldb = k,
               .beta = in_place ? 1.0f : 0.0f,
               .c = y,
               .ldc = n});
    linear_epilogue_avx2(args.activation, rows.size(), n, args.bias.as<float>(),
                         in_place ? nullptr : at(args.residual, rows.begin), at(args.preactivation, rows.begin), y);
  });
}

const char* refuse_linear(const Exec& exec, const LinearArgs& args) {
  if (args.residual.present() && args.residual.data == args.y.data && args.activation != Activation::none)
    return "the residual lies in y, which an activation must not see";
  return refuse(exec, args);
}

// g = dy * act'(preactivation) for some rows, and dx = g w from it while it is in the cache.
void outer_and_input_gradient(const LinearGradArgs& args, LinearSize size, cpu::BlockRange rows, float* g_all) {
  const std::int64_t begin = rows.begin * size.n;
  const float* g = args.dy.as<float>() + begin;
  if (g_all) {
    activation_grad_avx2(args.activation, rows.size() * size.n, args.preactivation.as<float>() + begin, g,
                         g_all + begin);
    g = g_all + begin;
  }
  if (args.dx.present())
    cpu::gemm({.m = rows.size(),
               .n = size.k,
               .k = size.n,
               .a = g,
               .lda = size.n,
               .b = args.w.as<float>(),
               .ldb = size.k,
               .c = args.dx.as<float>() + rows.begin * size.k,
               .ldc = size.k});
}

void weight_gradient(const LinearGradArgs& args, LinearSize size, cpu::BlockRange cols, const float* g) {
  if (args.dw.present())
    cpu::gemm({.transpose_a = true,
               .m = cols.size(),
               .n = size.k,
               .k = size.m,
               .a = g + cols.begin,
               .lda = size.n,
               .b = args.x.as<float>(),
               .ldb = size.k,
               .beta = args.accumulate_parameters ? 1.0f : 0.0f,
               .c = args.dw.as<float>() + cols.begin * size.k,
               .ldc = size.k});
  if (args.dbias.present())
    cpu::column_sum_avx2(g + cols.begin, size.m, cols.size(), size.n, args.accumulate_parameters,
                         args.dbias.as<float>() + cols.begin);
}

// Room for g = dy * act'(preactivation), or null where g is dy itself.
float* take_outer_gradient(const LinearGradArgs& args, cpu::WorkspaceCutter& cutter) {
  return args.activation == Activation::none ? nullptr : cutter.take<float>(args.dy.numel());
}

void linear_grad_gemm(const Exec& exec, const LinearGradArgs& args) {
  const LinearSize size = size_of(args.x, args.w);
  cpu::WorkspaceCutter cutter(exec);
  float* g_all = take_outer_gradient(args, cutter);
  if (g_all || args.dx.present())
    cpu::parallel_ranges(exec.threads, size.m, rows_per_block(size.m),
                         [&](cpu::BlockRange rows) { outer_and_input_gradient(args, size, rows, g_all); });
  const float* g = g_all ? g_all : args.dy.as<float>();
  if (args.dw.present() || args.dbias.present())
    cpu::parallel_ranges(exec.threads, size.n, weight_rows_per_block(size.n),
                         [&](cpu::BlockRange cols) { weight_gradient(args, size, cols, g); });
}

constexpr std::array<Candidate<LinearArgs>, 2> kCandidates{{
    {"linear_cpu_gemm_row_blocks", refuse_linear, linear_gemm},
    {"linear_cpu_reference", nullptr, linear_reference},
}};
constexpr std::array<Candidate<LinearGradArgs>, 2> kGradCandidates{{
    {"linear_grad_cpu_gemm_blocks", refuse_grad, linear_grad_gemm},
    {"linear_grad_cpu_reference", nullptr, linear_grad_reference},
}};

}  // namespace

Candidates<LinearArgs> linear_candidates() { return kCandidates; }
Candidates<LinearGradArgs> linear_grad_candidates() { return kGradCandidates; }

void linear(const Exec& exec, const LinearArgs& args) {
  launch("linear", exec, args, linear_candidates(), linear_cuda);
}

void linear_grad(const Exec& exec, const LinearGradArgs& args) {
  launch("linear_grad", exec, args, linear_grad_candidates(), linear_grad_cuda);
}

std::size_t linear_workspace_bytes(const Exec& exec, const LinearArgs& args) {
  return exec.device.kind == DeviceKind::cuda ? linear_cuda_workspace_bytes(args) : 0;
}

std::size_t linear_grad_workspace_bytes(const Exec& exec, const LinearGradArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return linear_grad_cuda_workspace_bytes(args);
  cpu::WorkspaceCutter cutter;
  take_outer_gradient(args, cutter);
  return cutter.bytes();
}

}  // namespace athanor::kernels
