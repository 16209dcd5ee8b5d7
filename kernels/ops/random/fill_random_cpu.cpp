#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/ops/random/fill_random.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kElementsPerBlock = 4096;
constexpr std::uint32_t kMaxAttempts = 64;

double unit(std::uint32_t word) { return (static_cast<double>(word) + 0.5) / 4294967296.0; }

double standard_normal(const PhiloxBlock& block) {
  return std::sqrt(-2.0 * std::log(unit(block.word[0]))) * std::cos(2.0 * std::numbers::pi * unit(block.word[1]));
}

PhiloxBlock draw(const FillRandomArgs& args, std::uint64_t index, std::uint32_t attempt) {
  return philox_at(args.seed, args.step, args.stream, index ^ (std::uint64_t{attempt} << 48));
}

double truncated(const FillRandomArgs& args, std::uint64_t index) {
  const double cut = static_cast<double>(args.cut);
  double z = 0.0;
  for (std::uint32_t attempt = 0; attempt < kMaxAttempts; ++attempt) {
    z = standard_normal(draw(args, index, attempt));
    if (std::abs(z) <= cut) return z;
  }
  return std::clamp(z, -cut, cut);
}

double value_at(const FillRandomArgs& args, std::uint64_t index) {
  const double mean = static_cast<double>(args.mean), std_dev = static_cast<double>(args.std);
  switch (args.distribution) {
    case Distribution::uniform: {
      const double low = static_cast<double>(args.low), high = static_cast<double>(args.high);
      return low + (high - low) * unit(draw(args, index, 0).word[0]);
    }
    case Distribution::normal: return mean + std_dev * standard_normal(draw(args, index, 0));
    case Distribution::truncated_normal: return mean + std_dev * truncated(args, index);
  }
  return 0.0;
}

void fill_range(const FillRandomArgs& args, cpu::BlockRange range) {
  for (std::int64_t i = range.begin; i < range.end; ++i)
    args.y.as<float>()[i] = static_cast<float>(value_at(args, args.first_index + static_cast<std::uint64_t>(i)));
}

void fill_random_reference(const Exec&, const FillRandomArgs& args) { fill_range(args, {0, args.y.numel()}); }

void fill_random_blocks(const Exec& exec, const FillRandomArgs& args) {
  cpu::parallel_ranges(exec.threads, args.y.numel(), kElementsPerBlock,
                       [&](cpu::BlockRange range) { fill_range(args, range); });
}

constexpr std::array<Candidate<FillRandomArgs>, 2> kCandidates{{
    {"fill_random_cpu_blocks", nullptr, fill_random_blocks},
    {"fill_random_cpu_reference", nullptr, fill_random_reference},
}};

}  // namespace

Candidates<FillRandomArgs> fill_random_candidates() { return kCandidates; }

void fill_random(const Exec& exec, const FillRandomArgs& args) {
  launch("fill_random", exec, args, fill_random_candidates(), fill_random_cuda);
}

}  // namespace athanor::kernels
