// The formats of kernels/base/number_format.h from their definitions, in double arithmetic: nothing in common with the
// conversions under test.
#pragma once

#include "kernels/base/number_format.h"

#include <cmath>
#include <cstdint>
#include <limits>

namespace athanor::test {

// The value of a code.
template <class Format>
double defined_value(std::uint32_t code) {
  const double sign = code & Format::kSign ? -1.0 : 1.0;
  const std::uint32_t magnitude = code & (Format::kSign - 1);
  if (magnitude > Format::kLargest)
    return magnitude == Format::kInfinity && Format::kNan != 0x7Fu ? sign * HUGE_VAL
                                                                   : std::numeric_limits<double>::quiet_NaN();
  const int exponent = static_cast<int>(magnitude >> Format::kMantissa);
  const double mantissa =
      std::ldexp(static_cast<double>(magnitude & ((1u << Format::kMantissa) - 1)), -Format::kMantissa);
  return exponent == 0 ? sign * std::ldexp(mantissa, 1 - Format::kBias)
                       : sign * std::ldexp(1.0 + mantissa, exponent - Format::kBias);
}

}  // namespace athanor::test
