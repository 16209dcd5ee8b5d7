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

// With so many rows a copy of the weights in the order in which the product reads them pays: w^T for the forward pass,
// and for the gradient w with rows that do not all fall on the same sets of the cache.
constexpr std::int64_t kRowsWorthACopy = 128;
constexpr std::int64_t kColumnsPerCopyBlock = 64;

constexpr bool falls_on_few_sets(std::int64_t row) { return row % 256 == 0; }
constexpr std::int64_t spread_row(std::int64_t row) { return falls_on_few_sets(row) ? row + 16 : row; }

float* take_transposed_weight(LinearSize size, cpu::WorkspaceCutter& cutter) {
  return size.m < kRowsWorthACopy ? nullptr : cutter.take<float>(size.k * spread_row(size.n));
}

float* take_spread_weight(const LinearGradArgs& args, LinearSize size, cpu::WorkspaceCutter& cutter) {
  const bool pays = args.dx.present() && size.m >= kRowsWorthACopy && falls_on_few_sets(size.k);
  return pays ? cutter.take<float>(size.n * spread_row(size.k)) : nullptr;
}

const char* refuse(const Exec&, const LinearArgs&) { return cpu::avx2_refusal(); }
const char* refuse_grad(const Exec&, const LinearGradArgs&) { return cpu::avx2_refusal(); }

void linear_gemm(const Exec& exec, const LinearArgs& args) {
  const LinearSize size = size_of(args.x, args.w);
  const auto [m, n, k] = size;
  cpu::WorkspaceCutter cutter(exec);
  float* const transposed = take_transposed_weight(size, cutter);
  const std::int64_t transposed_row = spread_row(n);
  if (transposed)
    cpu::parallel_ranges(exec.threads, n, kColumnsPerCopyBlock, [&, k = k](cpu::BlockRange columns) {
      transpose_rows_avx2(args.w.as<float>(), k, columns.begin, columns.end, transposed, transposed_row);
    });
  const auto at = [n = n](const View& view, std::int64_t row) {
    return view.present() ? view.as<float>() + row * n : nullptr;
  };
  cpu::parallel_ranges(exec.threads, m, rows_per_block(m), [&, n = n, k = k](cpu::BlockRange rows) {
    float* y = at(args.y, rows.begin);
    // A residual that is y itself is what the product must be added to.
    const bool in_place = args.residual.data == args.y.data && args.activation == Activation::none;
    cpu::gemm({.transpose_b = !transposed,
               .m = rows.size(),
               .n = n,
               .k = k,
               .a = args.x.as<float>() + rows.begin * k,
               .lda = k,
               .b = transposed ? transposed : args.w.as<float>(),
               .ldb = transposed ? transposed_row : k,
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

// g = dy * act'(preactivation), or dy itself; rows lie `row` apart.
struct OuterGradient {
  const float* data;
  std::int64_t row;
};

// Scratch of a gradient; each part is null where it is not needed.
struct GradScratch {
  float* g;       // rows of spread_row(n)
  float* weight;  // rows of spread_row(k)

  GradScratch(const LinearGradArgs& args, LinearSize size, cpu::WorkspaceCutter& cutter)
      : g(args.activation == Activation::none ? nullptr : cutter.take<float>(size.m * spread_row(size.n))),
        weight(take_spread_weight(args, size, cutter)) {}
};

void fill_outer_gradient(const LinearGradArgs& args, LinearSize size, cpu::BlockRange rows, float* g) {
  for (std::int64_t row = rows.begin; row < rows.end; ++row)
    activation_grad_avx2(args.activation, size.n, args.preactivation.as<float>() + row * size.n,
                         args.dy.as<float>() + row * size.n, g + row * spread_row(size.n));
}

// g for some rows, and dx = g w from it while it is in the cache.
void outer_and_input_gradient(const LinearGradArgs& args, LinearSize size, cpu::BlockRange rows,
                              const GradScratch& scratch, const OuterGradient& g) {
  if (scratch.g) fill_outer_gradient(args, size, rows, scratch.g);
  if (args.dx.present())
    cpu::gemm({.m = rows.size(),
               .n = size.k,
               .k = size.n,
               .a = g.data + rows.begin * g.row,
               .lda = g.row,
               .b = scratch.weight ? scratch.weight : args.w.as<float>(),
               .ldb = scratch.weight ? spread_row(size.k) : size.k,
               .c = args.dx.as<float>() + rows.begin * size.k,
               .ldc = size.k});
}

void weight_gradient(const LinearGradArgs& args, LinearSize size, cpu::BlockRange cols, const OuterGradient& g) {
  if (args.dw.present())
    cpu::gemm({.transpose_a = true,
               .m = cols.size(),
               .n = size.k,
               .k = size.m,
               .a = g.data + cols.begin,
               .lda = g.row,
               .b = args.x.as<float>(),
               .ldb = size.k,
               .beta = args.accumulate_parameters ? 1.0f : 0.0f,
               .c = args.dw.as<float>() + cols.begin * size.k,
               .ldc = size.k});
  if (args.dbias.present())
    cpu::column_sum_avx2(g.data + cols.begin, size.m, cols.size(), g.row, args.accumulate_parameters,
                         args.dbias.as<float>() + cols.begin);
}

void linear_grad_gemm(const Exec& exec, const LinearGradArgs& args) {
  const LinearSize size = size_of(args.x, args.w);
  cpu::WorkspaceCutter cutter(exec);
  const GradScratch scratch(args, size, cutter);
  const OuterGradient g =
      scratch.g ? OuterGradient{scratch.g, spread_row(size.n)} : OuterGradient{args.dy.as<float>(), size.n};
  if (scratch.weight)
    cpu::parallel_ranges(exec.threads, size.n, kColumnsPerCopyBlock, [&](cpu::BlockRange rows) {
      for (std::int64_t row = rows.begin; row < rows.end; ++row)
        std::copy_n(args.w.as<float>() + row * size.k, size.k, scratch.weight + row * spread_row(size.k));
    });
  if (scratch.g || args.dx.present())
    cpu::parallel_ranges(exec.threads, size.m, rows_per_block(size.m),
                         [&](cpu::BlockRange rows) { outer_and_input_gradient(args, size, rows, scratch, g); });
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
  if (exec.device.kind == DeviceKind::cuda) return linear_cuda_workspace_bytes(args);
  cpu::WorkspaceCutter cutter;
  take_transposed_weight(size_of(args.x, args.w), cutter);
  return cutter.bytes();
}

std::size_t linear_grad_workspace_bytes(const Exec& exec, const LinearGradArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return linear_grad_cuda_workspace_bytes(args);
  cpu::WorkspaceCutter cutter;
  const GradScratch scratch(args, size_of(args.x, args.w), cutter);
  static_cast<void>(scratch);
  return cutter.bytes();
}

}  // namespace athanor::kernels
