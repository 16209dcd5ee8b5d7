// The squares of all gradients of a model, added in one order wherever they lie: on one rank, divided by stages along a
// pipeline, or divided into shards along the data axis. Each rank measures what it has:
//   SquareSums sums(sizes_of(all parameters of the model));
//   sums.clear();
//   for (const Parameter& parameter : mine) sums.measure(context, parameter->path, 0, parameter->gradient);
//   communicator.all_reduce(sums.numbers());
//   sums.squares(), sums.nonfinite()
// The unit is a piece: kPiece consecutive numbers of one parameter, its last piece being shorter. Whoever has a piece
// adds its squares up; pieces are added in the order of the model. On a CPU with AVX2 and on GPUs that is how
// ops::sum_squares adds, so the sum has the same bits.
#pragma once

#include "core/autograd/variable.h"
#include "core/ops/reduce.h"
#include "core/tensor/context.h"
#include "kernels/ops/reduce/gradient_stats.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::optim {

struct ParameterSize {
  std::string path;
  std::int64_t numel = 0;
};
// Of those that learn.
[[nodiscard]] std::vector<ParameterSize> sizes_of(std::span<const Parameter> parameters);

class SquareSums {
 public:
  static constexpr std::int64_t kPiece = kernels::kSquarePiece;

  // All parameters of the model that learn, the same on every rank; each path stands there once.
  explicit SquareSums(const std::vector<ParameterSize>& model);

  void clear();
  // Measures the numbers of a parameter's gradient from `first` on, which is a multiple of kPiece; an absent gradient
  // counts nothing. Throws Failure(internal) for a path that the model does not have and for numbers beyond its end.
  void measure(Context& context, std::string_view path, std::int64_t first, const Tensor& gradient);

  // To be added up over the ranks. What nobody has measured here is 0, so the sum is exact in any order.
  [[nodiscard]] std::span<double> numbers() noexcept { return numbers_; }
  // As ops::sum_squares tells.
  [[nodiscard]] double squares() const noexcept;
  [[nodiscard]] std::int64_t nonfinite() const noexcept;
  // The same as tensors, for Optimizer::set_sum_squares.
  [[nodiscard]] ops::SquareSum upload(Context& context) const;

 private:
  struct Place {
    std::size_t first = 0;  // in numbers_
    std::int64_t numel = 0;
  };
  std::map<std::string, Place, std::less<>> places_;
  std::vector<double> numbers_;  // of each piece, then how many numbers are not finite
};

}  // namespace athanor::optim
