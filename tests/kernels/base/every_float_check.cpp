// Converts each of the 2^32 floats to every narrow format, one at a time and in runs, and holds the codes against the
// definition of the formats: the nearest number, of two the even code, beyond the largest what the format says, NaN to
// NaN, with the sign kept. Too long for a unit test, which looks at a sample; prints a table, status 1 when a code is
// wrong.
#include "kernels/cpu/convert.h"
#include "kernels/cpu/parallel.h"
#include "tests/kernels/support/defined_value.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdio>
#include <vector>

namespace athanor {
namespace {

constexpr std::uint32_t kNotNumbers = 0x7F800001u;  // the first bits of a magnitude that mean NaN
constexpr std::int64_t kRun = 1 << 16;

// Magnitudes, as bits, from `first` on round to `code`, up to those of the next step.
struct Step {
  std::uint32_t first, code;
};

// The border between two codes lies half way, which a float holds exactly; there the even one wins.
std::uint32_t first_of(double low, double high, std::uint32_t upper_code) {
  const auto border = std::bit_cast<std::uint32_t>(static_cast<float>((low + high) / 2));
  return upper_code % 2 == 0 ? border : border + 1;
}

template <class Format>
std::vector<Step> steps_of(bool saturates) {
  std::vector<Step> steps{{0, 0}};
  const auto value = [](std::uint32_t code) { return test::defined_value<Format>(code); };
  for (std::uint32_t code = 1; code <= Format::kLargest; ++code)
    steps.push_back({first_of(value(code - 1), value(code), code), code});
  const double largest = value(Format::kLargest), next = 2 * largest - value(Format::kLargest - 1);
  if (!saturates) steps.push_back({first_of(largest, next, Format::kLargest + 1), Format::kInfinity});
  steps.push_back({kNotNumbers, Format::kNan});
  return steps;
}

template <class Format>
using Code = std::conditional_t<Format::kBits == 8, std::uint8_t, std::uint16_t>;

template <class Format>
class Check {
 public:
  Check(DType dtype, bool saturates) : dtype_(dtype), steps_(steps_of<Format>(saturates)) {}

  // How many of the floats with bits [first, first + kRun) get a wrong code.
  [[nodiscard]] std::int64_t run(std::uint32_t first) const {
    std::vector<float> values(kRun);
    std::vector<Code<Format>> want(kRun), got(kRun);
    fill(first, values, want);
    kernels::cpu::narrow(dtype_, values.data(), got.data(), kRun);
    std::int64_t wrong = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      wrong += got[i] != want[i] || static_cast<Code<Format>>(Format::encode(values[i])) != want[i];
    return wrong;
  }

 private:
  void fill(std::uint32_t first, std::vector<float>& values, std::vector<Code<Format>>& want) const {
    const std::uint32_t sign = first >> 31 ? Format::kSign : 0u, magnitude = first & 0x7FFFFFFFu;
    auto step = std::upper_bound(steps_.begin(), steps_.end(), magnitude,
                                 [](std::uint32_t bits, const Step& s) { return bits < s.first; });
    for (std::uint32_t i = 0; i < kRun; ++i) {
      while (step != steps_.end() && step->first <= magnitude + i) ++step;
      values[i] = std::bit_cast<float>(first + i);
      want[i] = static_cast<Code<Format>>(sign | (step - 1)->code);
    }
  }

  DType dtype_;
  std::vector<Step> steps_;
};

template <class Format>
bool passes(DType dtype, bool saturates) {
  const auto begin = std::chrono::steady_clock::now();
  const Check<Format> check(dtype, saturates);
  std::atomic<std::int64_t> wrong{0};
  kernels::cpu::parallel_for(2, (std::int64_t{1} << 32) / kRun,
                             [&](std::int64_t block) { wrong += check.run(static_cast<std::uint32_t>(block * kRun)); });
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  std::printf("%-8s %lld floats, %lld wrong, %.1f s\n", to_string(dtype), 1LL << 32,
              static_cast<long long>(wrong.load()), seconds.count());
  return wrong == 0;
}

}  // namespace
}  // namespace athanor

int main() {
  using namespace athanor;
  const bool all[] = {passes<Float8E4M3>(DType::f8_e4m3, true), passes<Float8E5M2>(DType::f8_e5m2, true),
                      passes<Float16>(DType::f16, false), passes<BFloat16>(DType::bf16, false)};
  return std::all_of(std::begin(all), std::end(all), [](bool ok) { return ok; }) ? 0 : 1;
}
