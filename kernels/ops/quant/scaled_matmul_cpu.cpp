#include "kernels/cpu/convert.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/quant/code_access.h"
#include "kernels/ops/quant/quantize.h"
#include "kernels/ops/quant/scaled_matmul.h"

#include <algorithm>
#include <array>

namespace athanor::kernels {

namespace {

struct Size {
  std::int64_t m, n, k;
};

Size size_of(const ScaledMatmulArgs& args) { return {args.c.numel() / args.b.dim(0), args.b.dim(0), args.b.dim(-1)}; }

void scaled_matmul_reference(const Exec&, const ScaledMatmulArgs& args) {
  if (args.c.numel() == 0) return;
  const auto [m, n, k] = size_of(args);
  const ScaleGrid a_grid = scale_grid(args.a_grouping, m, k, args.block);
  const ScaleGrid b_grid = scale_grid(args.b_grouping, n, k, args.block);
  const auto value = [](const View& codes, const View& scales, const ScaleGrid& grid, std::int64_t row,
                        std::int64_t i) {
    return static_cast<double>(number_at(codes, row * grid.columns + i)) *
           static_cast<double>(scales.as<float>()[grid.group_of(row, i)]);
  };
  for (std::int64_t row = 0; row < m; ++row)
    for (std::int64_t column = 0; column < n; ++column) {
      double sum = args.bias.present() ? static_cast<double>(args.bias.as<float>()[column]) : 0.0;
      for (std::int64_t i = 0; i < k; ++i)
        sum += value(args.a, args.a_scales, a_grid, row, i) * value(args.b, args.b_scales, b_grid, column, i);
      const std::int64_t at = row * n + column;
      if (args.accumulate) sum += static_cast<double>(args.c.as<float>()[at]);
      put_number(args.c, at, static_cast<float>(sum));
    }
}

struct Scratch {
  float *a, *b, *c;
};

Scratch lay_out(const ScaledMatmulArgs& args, cpu::WorkspaceCutter& cutter) {
  float* a = cutter.take<float>(args.a.numel());
  float* b = cutter.take<float>(args.b.numel());
  float* c = cutter.take<float>(args.c.dtype == DType::f32 ? 0 : args.c.numel());
  return {a, b, args.c.dtype == DType::f32 ? args.c.as<float>() : c};
}

// Enough blocks for many threads when there are many rows, and rows enough to keep the product efficient.
std::int64_t rows_per_block(std::int64_t rows) { return std::clamp<std::int64_t>((rows / 16 + 7) / 8 * 8, 32, 128); }

void finish_rows(const ScaledMatmulArgs& args, cpu::BlockRange rows, std::int64_t n, float* c) {
  if (args.bias.present())
    for (std::int64_t row = rows.begin; row < rows.end; ++row)
      for (std::int64_t column = 0; column < n; ++column) c[row * n + column] += args.bias.as<float>()[column];
  if (args.c.dtype != DType::f32)
    cpu::narrow(args.c.dtype, c + rows.begin * n, args.c.as<std::byte>() + storage_bytes(args.c.dtype, rows.begin * n),
                rows.size() * n);
}

// Codes become f32 once; the products then are those of the exact numbers that devices multiply.
void scaled_matmul_gemm(const Exec& exec, const ScaledMatmulArgs& args) {
  if (args.c.numel() == 0) return;
  const auto [m, n, k] = size_of(args);
  cpu::WorkspaceCutter cutter(exec);
  const Scratch wide = lay_out(args, cutter);
  const auto widen = [&](const View& codes, const View& scales, Grouping grouping, float* to) {
    Exec plain;
    plain.threads = exec.threads;
    choose(plain, DequantizeArgs{}, dequantize_candidates())
        .run(plain, {.codes = codes,
                     .scales = scales,
                     .grouping = grouping,
                     .block = args.block,
                     .y = View(to, DType::f32, codes.shape)});
  };
  widen(args.a, args.a_scales, args.a_grouping, wide.a);
  widen(args.b, args.b_scales, args.b_grouping, wide.b);
  cpu::parallel_ranges(exec.threads, m, rows_per_block(m), [&, n = n, k = k](cpu::BlockRange rows) {
    cpu::gemm({.transpose_b = true,
               .m = rows.size(),
               .n = n,
               .k = k,
               .a = wide.a + rows.begin * k,
               .lda = k,
               .b = wide.b,
               .ldb = k,
               .beta = args.accumulate ? 1.0f : 0.0f,
               .c = wide.c + rows.begin * n,
               .ldc = n});
    finish_rows(args, rows, n, wide.c);
  });
}

const char* refuse(const Exec&, const ScaledMatmulArgs& args) {
  if (const char* reason = cpu::avx2_refusal()) return reason;
  return args.b.dim(-1) == 0 ? "nothing is summed" : nullptr;
}

constexpr std::array<Candidate<ScaledMatmulArgs>, 2> kCandidates{{
    {"scaled_matmul_cpu_widened_gemm", refuse, scaled_matmul_gemm},
    {"scaled_matmul_cpu_reference", nullptr, scaled_matmul_reference},
}};

}  // namespace

Candidates<ScaledMatmulArgs> scaled_matmul_candidates() { return kCandidates; }

void scaled_matmul(const Exec& exec, const ScaledMatmulArgs& args) {
  launch("scaled_matmul", exec, args, scaled_matmul_candidates(), scaled_matmul_cuda);
}

std::size_t scaled_matmul_workspace_bytes(const Exec& exec, const ScaledMatmulArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return scaled_matmul_cuda_workspace_bytes(args);
  cpu::WorkspaceCutter cutter;
  lay_out(args, cutter);
  return cutter.bytes();
}

}  // namespace athanor::kernels
