// How far coded sums are from the true ones: of one exchange, and of many that keep residuals.
#include "tests/core/comm/coded_numbers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace athanor::comm {
namespace {

constexpr std::array kRanks{2, 3, 4, 5, 6, 7, 8, 9, 16, 32};
constexpr std::array kEightBits{WireFormat::fp8, WireFormat::int8};

double tolerance_of(WireFormat format) { return format == WireFormat::fp8 ? 0.035 : 0.011; }

CodedOptions without_residuals(WireFormat format) { return {.format = format, .feeds_back = false, .least_piece = 0}; }

double error_of(WireFormat format, const std::vector<Numbers>& all) {
  const Reduced reduced = reduce_coded(without_residuals(format), all);
  return relative_error(reduced.numbers.front(), exact_mean(all));
}

TEST(CodedError, OfGradientsIsWithinTheToleranceAtAnyNumberOfRanksAndDoesNotGrow) {
  for (const Tails tails : {Tails::normal, Tails::laplace}) {
    for (const float magnitude : {1.0f, 100.0f, 1000.0f, 1e-4f}) {
      for (const WireFormat format : kEightBits) {
        double of_two = 0;
        for (const int ranks : kRanks) {
          const double error = error_of(format, Gradients{tails, magnitude, 0.5}.of(ranks, 30'011));
          if (ranks == 2) of_two = error;
          EXPECT_LE(error, tolerance_of(format)) << to_string(format) << ", " << ranks << " ranks, " << magnitude;
          EXPECT_LE(error, of_two) << to_string(format) << ", " << ranks << " ranks, " << magnitude;
        }
      }
    }
  }
}

// What coding takes away is independent of rank; where gradients are so too, they shrink alike in the mean, and the
// error is that of one coding times the root of two.
TEST(CodedError, OfGradientsThatHaveNothingInCommonIsThatOfTwoCodings) {
  for (const int ranks : kRanks) {
    const auto all = Gradients{}.of(ranks, 30'011);
    for (const WireFormat format : kEightBits)
      EXPECT_LE(error_of(format, all), tolerance_of(format)) << to_string(format) << ", " << ranks << " ranks";
    EXPECT_LE(error_of(WireFormat::bf16, all), 0.0026) << ranks << " ranks";
  }
}

TEST(CodedError, ToleranceRefusesWhatIsNotTheMean) {
  constexpr int kGroup = 8;
  const auto all = Gradients{Tails::normal, 1.0f, 0.5}.of(kGroup, 30'011);
  const auto mean = exact_mean(all);
  const Numbers good = reduce_coded(without_residuals(WireFormat::fp8), all).numbers.front();
  ASSERT_LE(relative_error(good, mean), 0.035);
  const auto refused = [&](const Numbers& numbers) { return relative_error(numbers, mean) > 0.035; };

  EXPECT_TRUE(refused(Numbers(good.size()))) << "zeros";
  Numbers bad = good;
  std::rotate(bad.begin(), bad.begin() + 1, bad.end());
  EXPECT_TRUE(refused(bad)) << "moved by one";
  bad = good;
  const auto second = bad.begin() + static_cast<std::ptrdiff_t>(piece_of(30'011, kGroup, 1).begin);
  std::swap_ranges(bad.begin(), second, second);
  EXPECT_TRUE(refused(bad)) << "two pieces exchanged";
  bad = good;
  for (std::size_t i = 0; i + 1 < bad.size(); i += 400) std::swap(bad[i], bad[i + 1]);
  EXPECT_TRUE(refused(bad)) << "one number in 200 exchanged with its neighbour";
  bad = good;
  for (float& each : bad) each *= 1.05f;
  EXPECT_TRUE(refused(bad)) << "a wrong scale";
  const auto fewer = exact_mean({all.begin(), all.end() - 1});
  EXPECT_TRUE(refused(Numbers(fewer.begin(), fewer.end()))) << "one rank left out";
  EXPECT_TRUE(refused(all.front())) << "what one rank has";
}

// The largest error of one coding, as a share of the largest number of its block: half a step at the top, in int8 with
// what the scale is above what it must be; the steps of fp8 are an eighth of a number's power of two under any scale.
double largest_error(WireFormat format) { return format == WireFormat::int8 ? (1 + 1.0 / 128) / 254 : 1.0 / 16; }

// Each number is within the steps of its own block.
void expect_within_steps(WireFormat format, const std::vector<Numbers>& all, const std::string& what) {
  const Reduced reduced = reduce_coded(without_residuals(format), all);
  const auto mean = exact_mean(all);
  const auto ranks = static_cast<int>(all.size());
  const auto count = static_cast<std::int64_t>(mean.size());
  for (int rank = 0; rank < ranks; ++rank) {
    const Piece piece = piece_of(count, ranks, rank);
    for (std::int64_t begin = 0; begin < piece.count; begin += wire_block(format)) {
      const auto from = static_cast<std::size_t>(piece.begin + begin);
      const auto to = from + static_cast<std::size_t>(std::min(wire_block(format), piece.count - begin));
      double largest = 0;
      for (const Numbers& numbers : all) {
        double of_rank = 0;
        for (std::size_t i = from; i < to; ++i) of_rank = std::max(of_rank, std::fabs(double{numbers[i]}));
        largest += of_rank / ranks;
      }
      const double share = largest_error(format);
      const double allowed = largest * (share + share * (1 + share)) * (1 + 1e-5) + std::numeric_limits<float>::min();
      for (std::size_t i = from; i < to; ++i)
        ASSERT_LE(std::fabs(reduced.numbers.front()[i] - mean[i]), allowed) << what << ", number " << i;
    }
  }
}

TEST(CodedError, OfEachNumberIsWithinTheStepsOfItsBlock) {
  for (const int ranks : {2, 3, 7, 16}) {
    for (const WireFormat format : kEightBits) {
      const std::string of = std::string(to_string(format)) + " of " + std::to_string(ranks) + " ranks";
      expect_within_steps(format, Gradients{Tails::student, 10.0f, 0.5}.of(ranks, 20'011), of + ", heavy tails");
      expect_within_steps(format, std::vector<Numbers>(static_cast<std::size_t>(ranks), Numbers(20'011)),
                          of + ", zeros");
      expect_within_steps(format, Gradients{Tails::normal, 1e-40f, 0.5}.of(ranks, 20'011), of + ", denormals");
      auto dominated = Gradients{Tails::normal, 1.0f, 0.5}.of(ranks, 20'011);
      for (float& each : dominated.back()) each *= 1e6f;
      expect_within_steps(format, dominated, of + ", one dominates");
      auto spike = Gradients{Tails::normal, 1e-3f, 0.5}.of(ranks, 20'011);
      spike.front()[777] = 1e30f;
      expect_within_steps(format, spike, of + ", one number dominates");
    }
  }
}

struct Sums {
  std::vector<double> given, wanted;
  std::vector<Residuals> residuals;
};

Sums sums_over_steps(const CodedOptions& options, const Gradients& gradients, int ranks, int steps, std::size_t count) {
  Sums sums{std::vector<double>(count), std::vector<double>(count), {}};
  for (int step = 0; step < steps; ++step) {
    const auto all = gradients.of(ranks, count, step);
    const auto mean = exact_mean(all);
    const Reduced reduced = reduce_coded(options, all, sums.residuals);
    sums.residuals = reduced.residuals;
    for (std::size_t i = 0; i < count; ++i) {
      sums.given[i] += reduced.numbers.front()[i];
      sums.wanted[i] += mean[i];
    }
  }
  return sums;
}

double error_over_steps(const CodedOptions& options) {
  const Sums sums = sums_over_steps(options, {Tails::normal, 1.0f, 0.5}, 4, 20, 30'011);
  return relative_error(Numbers(sums.given.begin(), sums.given.end()), sums.wanted);
}

TEST(ErrorFeedback, KeepsWhatTwentyStepsGaveOutWithinHalfAPercent) {
  for (const WireFormat format : kEightBits) {
    const double with = error_over_steps({.format = format, .feeds_back = true, .least_piece = 0});
    const double without = error_over_steps(without_residuals(format));
    EXPECT_LE(with, 0.005) << to_string(format);
    EXPECT_GT(without, 3 * with) << to_string(format);
  }
}

// Nothing is lost: what was given out and what is kept are what was put in, to rounding in f32.
TEST(ErrorFeedback, GivesOutWhatWasPutInButForItsResiduals) {
  constexpr int kSteps = 20;
  constexpr std::size_t kCount = 20'011;
  for (const int ranks : {2, 3, 4, 9}) {
    for (const WireFormat format : {WireFormat::bf16, WireFormat::fp8, WireFormat::int8}) {
      Sums sums = sums_over_steps({.format = format, .feeds_back = true, .least_piece = 0},
                                  {Tails::student, 1.0f, 0.25}, ranks, kSteps, kCount);
      double kept = 0, off = 0, all = 0;
      for (int rank = 0; rank < ranks; ++rank) {
        const Residual& residual = sums.residuals[static_cast<std::size_t>(rank)].at("g");
        ASSERT_EQ(residual.sender.size(), kCount);
        for (std::size_t i = 0; i < kCount; ++i) sums.given[i] += double{residual.sender[i]} / ranks;
        const Piece piece = piece_of(kCount, ranks, rank);
        ASSERT_EQ(residual.owner.size(), static_cast<std::size_t>(piece.count));
        for (std::size_t i = 0; i < residual.owner.size(); ++i) {
          sums.given[static_cast<std::size_t>(piece.begin) + i] += residual.owner[i];
          kept += double{residual.owner[i]} * residual.owner[i];
        }
      }
      for (std::size_t i = 0; i < kCount; ++i) {
        off += (sums.given[i] - sums.wanted[i]) * (sums.given[i] - sums.wanted[i]);
        all += sums.wanted[i] * sums.wanted[i];
      }
      EXPECT_LE(std::sqrt(off / all), kSteps * std::ldexp(1.0, -24)) << to_string(format) << ", " << ranks << " ranks";
      EXPECT_GT(std::sqrt(kept / all), 1e-5) << "the residuals are what closes the gap";
    }
  }
}

}  // namespace
}  // namespace athanor::comm
