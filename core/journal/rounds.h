// A step may go through its stages more than once, as one does whose loss ties all rows of a batch together: a round is
// over when a rank does an op again. A value; one thread at a time.
#pragma once

#include "core/journal/event.h"

#include <cstddef>
#include <set>
#include <tuple>

namespace athanor::journal {

[[nodiscard]] constexpr bool is_compute(SpanKind kind) noexcept {
  using enum SpanKind;
  return kind == forward || kind == backward || kind == input_gradient || kind == weight_gradient;
}

class Rounds {
 public:
  // In which round of its step a rank does this op of a stage; ask for its ops in order.
  [[nodiscard]] std::size_t of(SpanKind kind, int stage, int micro_batch) {
    if (done_.insert({kind, stage, micro_batch}).second) return round_;
    done_ = {{kind, stage, micro_batch}};
    return ++round_;
  }

 private:
  std::set<std::tuple<SpanKind, int, int>> done_;
  std::size_t round_ = 0;
};

}  // namespace athanor::journal
