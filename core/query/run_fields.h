// The fields that every table of runs has, in the order of completion. Values only; any thread.
#pragma once

#include "core/query/table.h"

namespace athanor::query {

enum class RunField : std::uint8_t {
  id,
  name,
  status,
  model,
  tag,
  note,
  step,
  steps,
  progress,
  created,
  started,
  ended,
  duration,
  parent,
  live,
  pinned,
  archived,
  cause,
};
inline constexpr std::size_t kRunFieldCount = 18;

// By RunField.
[[nodiscard]] const std::vector<Column>& run_fields();

}  // namespace athanor::query
