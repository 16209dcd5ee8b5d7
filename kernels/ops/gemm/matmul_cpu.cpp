#include "kernels/cpu/gemm.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/ops/gemm/matmul.h"

#include <array>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kRowsPerBlock = 64;

cpu::GemmArgs whole_product(const MatmulArgs& args) {
  return {.transpose_a = args.transpose_a,
          .transpose_b = args.transpose_b,
          .m = args.c.dim(0),
          .n = args.c.dim(1),
          .k = args.transpose_a ? args.a.dim(0) : args.a.dim(1),
          .alpha = args.alpha,
          .a = args.a.as<float>(),
          .lda = args.a.strides[0],
          .b = args.b.as<float>(),
          .ldb = args.b.strides[0],
          .beta = args.beta,
          .c = args.c.as<float>(),
          .ldc = args.c.strides[0]};
}

void matmul_reference(const Exec&, const MatmulArgs& args) { cpu::gemm_reference(whole_product(args)); }

void matmul_gemm_blocks(const Exec& exec, const MatmulArgs& args) {
  const cpu::GemmArgs whole = whole_product(args);
  cpu::parallel_ranges(exec.threads, whole.m, kRowsPerBlock, [&](cpu::BlockRange rows) {
    cpu::GemmArgs block = whole;
    block.m = rows.size();
    block.a += rows.begin * (args.transpose_a ? 1 : whole.lda);
    block.c += rows.begin * whole.ldc;
    cpu::gemm(block);
  });
}

constexpr std::array<Candidate<MatmulArgs>, 2> kCandidates{{
    {"matmul_cpu_gemm_row_blocks", nullptr, matmul_gemm_blocks},
    {"matmul_cpu_reference", nullptr, matmul_reference},
}};

}  // namespace

Candidates<MatmulArgs> matmul_candidates() { return kCandidates; }

void matmul(const Exec& exec, const MatmulArgs& args) {
  launch("matmul", exec, args, matmul_candidates(), matmul_cuda);
}

}  // namespace athanor::kernels
