#include "core/optim/square_sums.h"

#include "kernels/base/error.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace athanor::optim {
namespace {

std::size_t pieces_in(std::int64_t numel) {
  return static_cast<std::size_t>((numel + SquareSums::kPiece - 1) / SquareSums::kPiece);
}

}  // namespace

std::vector<ParameterSize> sizes_of(std::span<const Parameter> parameters) {
  std::vector<ParameterSize> sizes;
  for (const Parameter& parameter : parameters)
    if (parameter->trainable) sizes.push_back({parameter->path, parameter->value.numel()});
  return sizes;
}

SquareSums::SquareSums(const std::vector<ParameterSize>& model) {
  std::size_t pieces = 0;
  for (const auto& [path, numel] : model) {
    places_[path] = {pieces, numel};
    pieces += pieces_in(numel);
  }
  numbers_.resize(pieces + 1);
}

void SquareSums::clear() { std::ranges::fill(numbers_, 0.0); }

void SquareSums::measure(Context& context, std::string_view path, std::int64_t first, const Tensor& gradient) {
  if (!gradient.present()) return;
  const auto place = places_.find(path);
  if (place == places_.end() || first % kPiece != 0 || first + gradient.numel() > place->second.numel)
    throw Failure(ErrorKind::internal, "add the squares of the gradient of " + std::string(path) + " up",
                  "the model has no such numbers");
  const auto count = static_cast<std::int64_t>(pieces_in(gradient.numel()));
  const Tensor flat = gradient.reshape({gradient.numel()});
  const Tensor squares = context.empty({count}, DType::f64, MemoryTag::workspace);
  const Tensor nonfinite = context.empty({count}, DType::i64, MemoryTag::workspace);
  for (std::int64_t i = 0; i < count; ++i) {
    const Tensor piece = flat.narrow(0, i * kPiece, std::min(kPiece, flat.numel() - i * kPiece));
    ops::sum_squares(context, {&piece, 1}, {squares.narrow(0, i, 1), nonfinite.narrow(0, i, 1)});
  }
  std::ranges::copy(context.read<double>(squares),
                    numbers_.begin() + static_cast<std::ptrdiff_t>(place->second.first + pieces_in(first)));
  for (const std::int64_t each : context.read<std::int64_t>(nonfinite)) numbers_.back() += static_cast<double>(each);
}

double SquareSums::squares() const noexcept { return std::accumulate(numbers_.begin(), numbers_.end() - 1, 0.0); }

std::int64_t SquareSums::nonfinite() const noexcept { return static_cast<std::int64_t>(numbers_.back()); }

ops::SquareSum SquareSums::upload(Context& context) const {
  const std::array squares_here{squares()};
  const std::array nonfinite_here{nonfinite()};
  return {context.upload(std::span<const double>(squares_here), {1}, MemoryTag::optimizer),
          context.upload(std::span<const std::int64_t>(nonfinite_here), {1}, MemoryTag::optimizer)};
}

}  // namespace athanor::optim
