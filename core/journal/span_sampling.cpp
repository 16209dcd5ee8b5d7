#include "core/journal/span_sampling.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace athanor::journal {

bool SpanSampling::tells(const Span& span) {
  if (span.kind == SpanKind::evaluate || span.kind == SpanKind::checkpoint) return true;
  if (!begun_) begin_ns_ = span.begin_ns;
  begun_ = true;
  if (span.step != step_) {
    constexpr double kNanosecondsPerSecond = 1e9;
    const double age = static_cast<double>(span.begin_ns - begin_ns_) / kNanosecondsPerSecond;
    const double allowed = kSpansPerSecond * std::max(age, kFreeSeconds);
    stride_ = static_cast<std::int64_t>(
        std::bit_ceil(static_cast<std::uint64_t>(std::max(1.0, std::ceil(static_cast<double>(seen_) / allowed)))));
    step_ = span.step;
  }
  ++seen_;
  return step_ % stride_ == 0;
}

}  // namespace athanor::journal
