#include "kernels/cpu/gemm.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/scalar_math.h"
#include "kernels/ops/gemm/batched_matmul.h"
#include "kernels/ops/gemm/linear_avx2.h"

#include <algorithm>
#include <array>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kRowsPerBlock = 64;

struct MatrixSize {
  std::int64_t m, n, k;
};

MatrixSize size_of(const BatchedMatmulArgs& args) {
  return {args.c.dim(2), args.c.dim(3), args.a.dim(args.transpose_a ? 2 : 3)};
}

// ---- Reference ----

double dot(const BatchedMatmulArgs& args, const float* a, const float* b, std::int64_t row, std::int64_t col) {
  const std::int64_t lda = args.a.strides[2], ldb = args.b.strides[2];
  double sum = 0.0;
  for (std::int64_t k = 0; k < size_of(args).k; ++k)
    sum += static_cast<double>(args.transpose_a ? a[k * lda + row] : a[row * lda + k]) *
           static_cast<double>(args.transpose_b ? b[col * ldb + k] : b[k * ldb + col]);
  return sum;
}

void batched_matmul_reference(const Exec&, const BatchedMatmulArgs& args) {
  const auto [m, n, k] = size_of(args);
  const BatchWalk walk(args);
  for (std::int64_t i = 0; i < args.c.numel(); ++i) {
    const std::int64_t matrix = i / (m * n), row = i / n % m, col = i % n;
    double sum = 0.0;
    for (std::int64_t term = 0; term < walk.terms(); ++term)
      sum += dot(args, args.a.as<float>() + walk.offset(args.a, args.c, matrix, term),
                 args.b.as<float>() + walk.offset(args.b, args.c, matrix, term), row, col);
    sum *= static_cast<double>(args.alpha);
    if (args.bias.present()) sum += static_cast<double>(args.bias.as<float>()[col]);
    if (args.preactivation.present() && args.activation != Activation::none)
      args.preactivation.as<float>()[i] = static_cast<float>(sum);
    double value = cpu::activate_exact(args.activation, sum);
    if (args.residual.present()) value += static_cast<double>(args.residual.as<float>()[i]);
    args.c.as<float>()[i] = static_cast<float>(value);
  }
}

// ---- Products of blocks of rows ----

// A residual that is c itself is what the product must be added to.
bool in_place(const BatchedMatmulArgs& args) { return args.residual.present() && args.residual.data == args.c.data; }

void multiply_rows(const BatchedMatmulArgs& args, const BatchWalk& walk, std::int64_t matrix, cpu::BlockRange rows) {
  const auto [m, n, k] = size_of(args);
  const std::int64_t begin = (matrix * m + rows.begin) * n;
  float* c = args.c.as<float>() + begin;
  if ((walk.terms() == 0 || k == 0) && !in_place(args)) std::fill_n(c, rows.size() * n, 0.0f);
  for (std::int64_t term = 0; k > 0 && term < walk.terms(); ++term) {
    const std::int64_t lda = args.a.strides[2];
    cpu::gemm({.transpose_a = args.transpose_a,
               .transpose_b = args.transpose_b,
               .m = rows.size(),
               .n = n,
               .k = k,
               .alpha = args.alpha,
               .a = args.a.as<float>() + walk.offset(args.a, args.c, matrix, term) +
                    rows.begin * (args.transpose_a ? 1 : lda),
               .lda = lda,
               .b = args.b.as<float>() + walk.offset(args.b, args.c, matrix, term),
               .ldb = args.b.strides[2],
               .beta = term > 0 || in_place(args) ? 1.0f : 0.0f,
               .c = c,
               .ldc = n});
  }
  const auto at = [&](const View& view) { return view.present() ? view.as<float>() + begin : nullptr; };
  linear_epilogue_avx2(args.activation, rows.size(), n, args.bias.as<float>(),
                       in_place(args) ? nullptr : at(args.residual), at(args.preactivation), c);
}

void batched_matmul_gemm_blocks(const Exec& exec, const BatchedMatmulArgs& args) {
  if (args.c.numel() == 0) return;
  const BatchWalk walk(args);
  const std::int64_t m = args.c.dim(2), blocks = cpu::block_count(m, kRowsPerBlock);
  cpu::parallel_for(exec.threads, walk.c_matrices * blocks, [&](std::int64_t block) {
    multiply_rows(args, walk, block / blocks, cpu::block_range(block % blocks, kRowsPerBlock, m));
  });
}

const char* refuse(const Exec&, const BatchedMatmulArgs& args) {
  if (in_place(args) && args.activation != Activation::none)
    return "the residual lies in c, which an activation must not see";
  return cpu::avx2_refusal();
}

constexpr std::array<Candidate<BatchedMatmulArgs>, 2> kCandidates{{
    {"batched_matmul_cpu_gemm_row_blocks", refuse, batched_matmul_gemm_blocks},
    {"batched_matmul_cpu_reference", nullptr, batched_matmul_reference},
}};

}  // namespace

Candidates<BatchedMatmulArgs> batched_matmul_candidates() { return kCandidates; }

void batched_matmul(const Exec& exec, const BatchedMatmulArgs& args) {
  launch("batched_matmul", exec, args, batched_matmul_candidates(), batched_matmul_cuda);
}

std::size_t batched_matmul_workspace_bytes(const Exec& exec, const BatchedMatmulArgs& args) {
  return exec.device.kind == DeviceKind::cuda ? batched_matmul_cuda_workspace_bytes(args) : 0;
}

}  // namespace athanor::kernels
