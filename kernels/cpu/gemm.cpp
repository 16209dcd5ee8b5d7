#include "kernels/cpu/gemm.h"

#include "kernels/base/error.h"
#include "kernels/cpu/block.h"

#include <oneapi/dnnl/dnnl.h>

#include <cstring>
#include <string>

namespace athanor::kernels::cpu {

namespace {

void scale_rows(const GemmArgs& args) {
  for (std::int64_t row = 0; row < args.m; ++row) {
    float* c = args.c + row * args.ldc;
    for (std::int64_t col = 0; col < args.n; ++col) c[col] = args.beta == 0.0f ? 0.0f : args.beta * c[col];
  }
}

}  // namespace

void gemm(const GemmArgs& args) {
  if (args.m == 0 || args.n == 0) return;
  if (args.k == 0) return scale_rows(args);
  require_block("multiply two matrices");
  const auto status = dnnl_sgemm(args.transpose_a ? 'T' : 'N', args.transpose_b ? 'T' : 'N', args.m, args.n, args.k,
                                 args.alpha, args.a, args.lda, args.b, args.ldb, args.beta, args.c, args.ldc);
  if (status != dnnl_success)
    throw Failure(ErrorKind::internal, "multiply two matrices",
                  "oneDNN refused the product with status " + std::to_string(static_cast<int>(status)),
                  "Please report this with the recipe that led here");
}

}  // namespace athanor::kernels::cpu
