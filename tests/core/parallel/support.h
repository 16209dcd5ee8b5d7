// Shared by the tests of schedules.
#pragma once

#include "core/parallel/generate.h"
#include "core/parallel/passes.h"

#include <string>
#include <vector>

namespace athanor::parallel::test {

// What a rank does, in the text form.
inline std::string line_of(const Schedule& schedule, std::size_t rank) {
  std::string line;
  for (const Op& op : schedule.ranks[rank]) {
    if (!line.empty()) line.push_back(' ');
    line.append(to_text(op));
  }
  return line;
}

// A schedule as a runtime executes it.
inline Schedule lowered(const Schedule& schedule) {
  return insert_steps(insert_reductions(insert_transfers(join_backward(schedule))));
}

}  // namespace athanor::parallel::test
