// What a rank of a pipeline did and when.
#pragma once

#include "core/journal/event.h"
#include "core/parallel/schedule.h"

#include <cstdint>

namespace athanor::distributed {

// One op of the rank's list, as its compute thread saw it: of a receive the time for which the op that needs it stood
// still, of a send the time for which it was handed over.
struct PipelineSpan {
  parallel::Op op;
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;
};

// The same for a journal; ops of a whole stage are of micro-batch 0.
[[nodiscard]] journal::Span to_journal(const PipelineSpan& span, int rank, std::int64_t step);

}  // namespace athanor::distributed
