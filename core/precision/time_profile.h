// What products cost in each format on a machine, so that the dynamic policy knows what a lower one buys. Values only.
#pragma once

#include "core/precision/formats.h"

#include <array>
#include <map>
#include <string>

namespace athanor::precision {

// Of one pass, the stream being 1; quantizing is part of it.
[[nodiscard]] constexpr double published_time(PassFormat format) noexcept {
  // By NVIDIA on an H200: TransformerEngine, docs/examples/gemm_profiling.
  switch (format) {
    case PassFormat::stream:
    case PassFormat::f16: return 1.0;
    case PassFormat::f8_delayed: return 19.0 / 32.0;
    case PassFormat::f8_tensor: return 20.3 / 32.0;
    case PassFormat::f8_block: return 22.9 / 32.0;
  }
  return 1.0;
}

struct TimeProfile {
  using Times = std::array<std::array<double, kPassFormatCount>, kPassCount>;

  std::string origin = "an H200 as published";
  std::map<int, Times> by_size;  // by log2 of the multiply-adds of the forward product; empty: as published

  // That of the measured size which is nearest.
  [[nodiscard]] double of(Pass pass, PassFormat format, double multiply_adds) const;
  [[nodiscard]] bool operator==(const TimeProfile&) const = default;
};

}  // namespace athanor::precision
