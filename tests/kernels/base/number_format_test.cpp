#include "kernels/base/number_format.h"

#include "kernels/cpu/convert.h"
#include "tests/kernels/support/defined_value.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace athanor {
namespace {

using test::defined_value;

// The nearest code by looking at both neighbours: slow, and with nothing in common with the code under test.
template <class Format>
std::uint32_t nearest_code(float value, bool saturates) {
  if (std::isnan(value)) return (std::signbit(value) ? Format::kSign : 0u) | Format::kNan;
  const double wanted = std::abs(static_cast<double>(value));
  const double largest = defined_value<Format>(Format::kLargest);
  const double step = largest - defined_value<Format>(Format::kLargest - 1);
  std::uint32_t code = 0;
  if (wanted >= largest + step / 2) {
    code = saturates ? Format::kLargest : Format::kInfinity;
  } else if (wanted >= largest) {
    code = Format::kLargest;
  } else {
    std::uint32_t low = 0, high = Format::kLargest;  // value(low) <= wanted < value(high)
    while (high - low > 1) (defined_value<Format>((low + high) / 2) <= wanted ? low : high) = (low + high) / 2;
    const double below = wanted - defined_value<Format>(low), above = defined_value<Format>(high) - wanted;
    code = below < above || (below == above && low % 2 == 0) ? low : high;
  }
  return (std::signbit(value) ? Format::kSign : 0u) | code;
}

struct FormatUnderTest {
  DType dtype;
  bool saturates;
};
constexpr FormatUnderTest kFormats[] = {
    {DType::f16, false}, {DType::bf16, false}, {DType::f8_e4m3, true}, {DType::f8_e5m2, true}};

// Every sign, exponent and the mantissas around every rounding border, then random bits.
std::vector<float> floats_to_try() {
  std::vector<float> values;
  for (std::uint32_t head = 0; head < 512; ++head)
    for (int bit = 0; bit < 23; ++bit)
      for (int delta = -2; delta <= 2; ++delta)
        for (const std::uint32_t base : {1u << bit, (1u << bit) * 3u & 0x7FFFFFu})
          values.push_back(std::bit_cast<float>((head << 23 | base) + static_cast<std::uint32_t>(delta)));
  std::mt19937 generator(7);
  for (int i = 0; i < 400000; ++i) values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(generator())));
  return values;
}

std::uint32_t code_at(DType dtype, const std::vector<std::uint8_t>& bytes, std::size_t i) {
  return size_bits(dtype) == 8 ? bytes[i] : static_cast<std::uint32_t>(bytes[2 * i] | bytes[2 * i + 1] << 8);
}

TEST(NumberFormat, DecodesEveryCodeToItsDefinedValue) {
  for (const auto [dtype, saturates] : kFormats)
    with_narrow_format(dtype, [&]<class Format>() {
      for (std::uint32_t code = 0; code < 2 * Format::kSign; ++code) {
        const double want = defined_value<Format>(code), got = static_cast<double>(Format::decode(code));
        ASSERT_TRUE(got == want || (std::isnan(got) && std::isnan(want))) << to_string(dtype) << " code " << code;
        ASSERT_EQ(std::signbit(got), (code & Format::kSign) != 0) << to_string(dtype) << " code " << code;
      }
    });
}

TEST(NumberFormat, EveryCodeThatIsANumberReturnsToItself) {
  for (const auto [dtype, saturates] : kFormats)
    with_narrow_format(dtype, [&]<class Format>() {
      for (std::uint32_t code = 0; code < 2 * Format::kSign; ++code) {
        const float value = Format::decode(code);
        if (std::isnan(value) || (saturates && std::isinf(value))) continue;
        ASSERT_EQ(Format::encode(value), code) << to_string(dtype);
      }
    });
}

TEST(NumberFormat, RoundsToTheNearestCodeWithTiesToEven) {
  for (const auto& format : kFormats)
    with_narrow_format(format.dtype, [&]<class Format>() {
      for (const float value : floats_to_try())
        ASSERT_EQ(Format::encode(value), nearest_code<Format>(value, format.saturates))
            << to_string(format.dtype) << " of " << std::hexfloat << value;
    });
}

TEST(NumberFormat, ConvertsRunsToTheSameBitsAsSingleNumbers) {
  const std::vector<float> values = floats_to_try();
  for (const auto& format : kFormats) {
    std::vector<std::uint8_t> narrow(2 * values.size());
    kernels::cpu::narrow(format.dtype, values.data(), narrow.data(), static_cast<std::int64_t>(values.size()));
    std::vector<float> wide(values.size());
    kernels::cpu::widen(format.dtype, narrow.data(), wide.data(), static_cast<std::int64_t>(values.size()));
    with_narrow_format(format.dtype, [&]<class Format>() {
      for (std::size_t i = 0; i < values.size(); ++i) {
        const std::uint32_t code = code_at(format.dtype, narrow, i);
        ASSERT_EQ(code, Format::encode(values[i])) << to_string(format.dtype) << " of " << values[i];
        const float back = Format::decode(code);
        ASSERT_TRUE(wide[i] == back || (std::isnan(wide[i]) && std::isnan(back))) << to_string(format.dtype);
      }
    });
  }
}

TEST(NumberFormat, SaturatesOrOverflowsAsTheFormatSays) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(Float8E4M3::decode(Float8E4M3::encode(infinity)), 448.0f);
  EXPECT_EQ(Float8E4M3::decode(Float8E4M3::encode(-1e9f)), -448.0f);
  EXPECT_EQ(Float8E5M2::decode(Float8E5M2::encode(infinity)), 57344.0f);
  EXPECT_EQ(Float16::decode(Float16::encode(65519.0f)), 65504.0f);
  EXPECT_EQ(Float16::decode(Float16::encode(65520.0f)), infinity);
  EXPECT_EQ(BFloat16::decode(BFloat16::encode(3.4e38f)), infinity);
  EXPECT_TRUE(std::isnan(Float8E4M3::decode(Float8E4M3::encode(std::nanf("")))));
}

}  // namespace
}  // namespace athanor
