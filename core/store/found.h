// Places where words were found in the texts of the history. Values.
#pragma once

#include "core/store/types.h"

#include <string>

namespace athanor::store {

struct Found {
  enum class In : std::uint8_t { name, tags, note, model, cause, recipe, log };
  RunId run = 0;
  In in = In::name;
  std::string snippet;       // some words around it; each found word stands between kFoundBegin and kFoundEnd
  std::int64_t log_id = 0;   // of a line of the log
  std::int64_t time_ns = 0;  // when it was written
};
inline constexpr char kFoundBegin = '\x02';
inline constexpr char kFoundEnd = '\x03';

}  // namespace athanor::store
