// Exceptions of deep code as the Error of a Result, at the edge where the caller decides what follows.
#pragma once

#include "core/base/result.h"

#include <exception>
#include <string>
#include <type_traits>
#include <utility>

namespace athanor {

// What `work` returns. A Failure becomes its Error; any other exception one of ErrorKind::internal with this intention.
template <class F>
auto guarded(const std::string& intention, F&& work) -> Result<decltype(work())> {
  try {
    if constexpr (std::is_void_v<decltype(work())>) {
      work();
      return {};
    } else {
      return work();
    }
  } catch (const Failure& failure) {
    return tl::unexpected(failure.error());
  } catch (const std::exception& exception) {
    return fail(ErrorKind::internal, intention, exception.what(), "please report this");
  }
}

}  // namespace athanor
