#include "kernels/cuda/launch.cuh"
#include "kernels/ops/reduce/tree_reduce.h"

namespace athanor::kernels {

namespace {

template <TreeReduction kReduction>
__device__ float join(float a, float b) {
  if constexpr (kReduction == TreeReduction::sum) return a + b;
  if (a != a) return a;
  if (b != b) return b;
  if constexpr (kReduction == TreeReduction::maximum) return a < b ? b : a;
  return b < a ? b : a;
}

// Whole subtrees wait on a stack; a row ends as many of them as its number has ones at its end.
template <TreeReduction kReduction>
__global__ void tree_reduce_kernel(std::int64_t rows, std::int64_t columns, const float* x, float* y) {
  const std::int64_t column = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (column >= columns) return;
  float waiting[kTreeReduceDepth + 1];
  int depth = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    float node = x[row * columns + column];
    for (std::int64_t ones = row; ones & 1; ones >>= 1) node = join<kReduction>(waiting[--depth], node);
    waiting[depth++] = node;
  }
  float node = waiting[--depth];
  while (depth > 0) node = join<kReduction>(waiting[--depth], node);
  y[column] = node;
}

template <TreeReduction kReduction>
void launch(const Exec& exec, const TreeReduceArgs& args) {
  const std::int64_t columns = args.y.numel();
  cuda::launch_kernel(exec, "tree_reduce", cuda::per_element(columns), tree_reduce_kernel<kReduction>, args.x.dim(0),
                      columns, args.x.as<const float>(), args.y.as<float>());
}

}  // namespace

void tree_reduce_cuda(const Exec& exec, const TreeReduceArgs& args) {
  switch (args.reduction) {
    case TreeReduction::sum: return launch<TreeReduction::sum>(exec, args);
    case TreeReduction::maximum: return launch<TreeReduction::maximum>(exec, args);
    case TreeReduction::minimum: return launch<TreeReduction::minimum>(exec, args);
  }
}

}  // namespace athanor::kernels
