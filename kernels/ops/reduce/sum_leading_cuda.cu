#include "kernels/cuda/column_reduce.cuh"
#include "kernels/ops/reduce/sum_leading.h"

namespace athanor::kernels {

namespace {

std::int64_t rows_of(const SumLeadingArgs& args) { return args.y.numel() == 0 ? 0 : args.x.numel() / args.y.numel(); }

}  // namespace

void sum_leading_cuda(const Exec& exec, const SumLeadingArgs& args) {
  const std::int64_t columns = args.y.numel();
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    cuda::column_reduce<1>(exec, "sum_leading", rows_of(args), columns, cuda::PlainTerm<T>{args.x.as<T>(), columns},
                           args.accumulate, {{args.y.as<float>()}}, exec.workspace);
  });
}

std::size_t sum_leading_cuda_workspace_bytes(const SumLeadingArgs& args) {
  return cuda::column_reduce_workspace_bytes(rows_of(args), args.y.numel(), 1);
}

}  // namespace athanor::kernels
