#include "kernels/ops/reduce/gradient_stats.h"

#include "core/ops/check.h"
#include "core/ops/reduce.h"
#include "core/tensor/context.h"

#include <vector>

namespace athanor::ops {

namespace {

template <class T>
T read_one(const Tensor& tensor) {
  T value{};
  if (!tensor.dry()) copy_bytes(&value, Device{}, tensor.view().data, tensor.device(), sizeof(T));
  return value;
}

}  // namespace

double SquareSum::read_squares() const { return read_one<double>(squares); }
std::int64_t SquareSum::read_nonfinite() const { return read_one<std::int64_t>(nonfinite); }

SquareSum sum_squares(Context& context, std::span<const Tensor> tensors, MemoryTag tag) {
  std::vector<kernels::GradientSegment> segments;
  double numel = 0;
  for (const Tensor& tensor : tensors) {
    check_parameter("sum_squares", "tensors", Variable(tensor));
    segments.push_back({tensor.view().as<const float>(), tensor.numel()});
    numel += static_cast<double>(tensor.numel());
  }
  SquareSum sum{context.empty({1}, DType::f64, tag), context.empty({1}, DType::i64, tag)};
  const kernels::GradientStatsArgs args{
      .segments = segments, .sum_squares = sum.squares.view(), .nonfinite = sum.nonfinite.view()};
  context.launch("gradient_stats", kernels::gradient_stats, args,
                 kernels::gradient_stats_workspace_bytes(context.exec(), args), {.flops = 2.0 * numel});
  return sum;
}

}  // namespace athanor::ops
