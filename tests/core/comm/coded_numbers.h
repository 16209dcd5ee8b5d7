// Gradients as ranks have them, for tests and benchmarks of coded exchange.
#pragma once

#include "core/comm/coded_exchange.h"

#include <cstdint>
#include <vector>

namespace athanor::comm {

using Numbers = std::vector<float>;

enum class Tails : std::uint8_t {
  normal,
  laplace,  // kurtosis 6
  student   // Student's t with 3 degrees of freedom: its kurtosis has no bound
};

// Each of `ranks` has `shared` of its variance in common with the others at every step, the rest is its own; of
// variance magnitude² about. A function of its arguments.
struct Gradients {
  Tails tails = Tails::normal;
  float magnitude = 1.0f;
  double shared = 0.0;

  [[nodiscard]] std::vector<Numbers> of(int ranks, std::size_t count, int step = 0) const;
};

// The mean over ranks, in f64.
[[nodiscard]] std::vector<double> exact_mean(const std::vector<Numbers>& all);
// ‖got - want‖ / ‖want‖
[[nodiscard]] double relative_error(const Numbers& got, const std::vector<double>& want);

struct Reduced {
  std::vector<Numbers> numbers;  // of each rank
  std::vector<bool> sound;
  std::vector<Residuals> residuals;
  std::vector<CodedTally> tallies;
  std::vector<std::int64_t> bytes;  // sent by each rank, as its transport counted
};

// One all_reduce between threads. `residuals` are those of each rank before, or none.
[[nodiscard]] Reduced reduce_coded(const CodedOptions& options, const std::vector<Numbers>& all,
                                   const std::vector<Residuals>& residuals = {});

inline View view_of_numbers(Numbers& numbers) {
  return {numbers.data(), DType::f32, Shape{static_cast<std::int64_t>(numbers.size())}};
}

}  // namespace athanor::comm
