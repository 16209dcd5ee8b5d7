// Which spans a rank tells. Those of a step are told all or none: of every step, of every second, of every fourth … so
// that they stay few, whatever a step consists of: at most kSpansPerSecond on average, about half a kibibyte each
// second, and never more than a quick run's metrics. Ranks need no word about it: the steps that a slower rhythm
// chooses are among those of a quicker one, so all ranks tell the rarest of theirs.
//
// Spans of evaluations and checkpoints, which belong to no step's work, are always told.
// One thread at a time.
#pragma once

#include "core/journal/event.h"

#include <cstdint>

namespace athanor::journal {

class SpanSampling {
 public:
  static constexpr double kSpansPerSecond = 8;
  static constexpr double kFreeSeconds = 32;  // a run that just began is told of as if it were this old

  // Spans in the order of their ends, as they happen.
  [[nodiscard]] bool tells(const Span& span);
  // How many steps lie between two that are told: a power of two.
  [[nodiscard]] std::int64_t stride() const noexcept { return stride_; }

 private:
  std::int64_t step_ = -1;  // of the span before
  std::int64_t stride_ = 1;
  std::int64_t seen_ = 0;  // of all steps, told or not
  std::int64_t begin_ns_ = 0;
  bool begun_ = false;
};

}  // namespace athanor::journal
