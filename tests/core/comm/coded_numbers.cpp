#include "tests/core/comm/coded_numbers.h"

#include "core/comm/group.h"

#include <cmath>
#include <random>

namespace athanor::comm {
namespace {

Numbers drawn(Tails tails, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::student_t_distribution<float> student(3);
  std::exponential_distribution<float> exponential;
  Numbers numbers(count);
  for (float& each : numbers) {
    switch (tails) {
      case Tails::normal: each = normal(random); break;
      case Tails::laplace: each = (exponential(random) - exponential(random)) / std::sqrt(2.0f); break;
      case Tails::student: each = student(random) / std::sqrt(3.0f); break;
    }
  }
  return numbers;
}

}  // namespace

std::vector<Numbers> Gradients::of(int ranks, std::size_t count, int step) const {
  const Numbers common = drawn(tails, count, 1);
  const auto of_all = static_cast<float>(std::sqrt(shared)), of_one = static_cast<float>(std::sqrt(1 - shared));
  std::vector<Numbers> all;
  for (int rank = 0; rank < ranks; ++rank) {
    Numbers own = drawn(tails, count, 1000 * static_cast<std::uint64_t>(step + 1) + static_cast<std::uint64_t>(rank));
    for (std::size_t i = 0; i < count; ++i) own[i] = magnitude * (of_all * common[i] + of_one * own[i]);
    all.push_back(std::move(own));
  }
  return all;
}

std::vector<double> exact_mean(const std::vector<Numbers>& all) {
  std::vector<double> mean(all.front().size());
  for (const Numbers& numbers : all)
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += numbers[i];
  for (double& each : mean) each /= static_cast<double>(all.size());
  return mean;
}

double relative_error(const Numbers& got, const std::vector<double>& want) {
  double error = 0, all = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    error += (got[i] - want[i]) * (got[i] - want[i]);
    all += want[i] * want[i];
  }
  return std::sqrt(error / all);
}

Reduced reduce_coded(const CodedOptions& options, const std::vector<Numbers>& all,
                     const std::vector<Residuals>& residuals) {
  const auto ranks = static_cast<int>(all.size());
  Reduced reduced{all,
                  {},
                  std::vector<Residuals>(all.size()),
                  std::vector<CodedTally>(all.size()),
                  std::vector<std::int64_t>(all.size())};
  std::vector<char> sound(all.size());
  run_threads(ranks, {}, [&](Group& group) {
    const auto rank = static_cast<std::size_t>(group.world().rank());
    CodedExchange exchange(group.world(), options);
    if (!residuals.empty()) exchange.restore(residuals[rank]);
    const std::int64_t before = exchange.traffic().payload_bytes;
    sound[rank] = static_cast<char>(exchange.all_reduce("g", view_of_numbers(reduced.numbers[rank])));
    reduced.bytes[rank] = exchange.traffic().payload_bytes - before;
    reduced.residuals[rank] = exchange.residuals();
    reduced.tallies[rank] = exchange.tally();
  });
  reduced.sound.assign(sound.begin(), sound.end());
  return reduced;
}

}  // namespace athanor::comm
