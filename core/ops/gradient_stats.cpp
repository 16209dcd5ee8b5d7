#include "kernels/ops/reduce/gradient_stats.h"

#include "core/ops/check.h"
#include "core/ops/reduce.h"
#include "core/tensor/context.h"

#include <vector>

namespace athanor::ops {

double SquareSum::read_squares(const Context& context) const { return context.read<double>(squares).front(); }
std::int64_t SquareSum::read_nonfinite(const Context& context) const {
  return context.read<std::int64_t>(nonfinite).front();
}

SquareSum sum_squares(Context& context, std::span<const Tensor> tensors, MemoryTag tag) {
  SquareSum sum{context.empty({1}, DType::f64, tag), context.empty({1}, DType::i64, tag)};
  sum_squares(context, tensors, sum);
  return sum;
}

void sum_squares(Context& context, std::span<const Tensor> tensors, const SquareSum& sum) {
  std::vector<kernels::GradientSegment> segments;
  double numel = 0;
  for (const Tensor& tensor : tensors) {
    check_parameter("sum_squares", "tensors", Variable(tensor));
    segments.push_back({tensor.view().as<const float>(), tensor.numel()});
    numel += static_cast<double>(tensor.numel());
  }
  const kernels::GradientStatsArgs args{
      .segments = segments, .sum_squares = sum.squares.view(), .nonfinite = sum.nonfinite.view()};
  context.launch("gradient_stats", kernels::gradient_stats, args,
                 kernels::gradient_stats_workspace_bytes(context.exec(), args), {.flops = 2.0 * numel});
}

}  // namespace athanor::ops
