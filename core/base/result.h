// A value or an Error; used wherever failing is part of the contract and the caller decides what follows.
#pragma once

#include "kernels/base/error.h"

#include <tl/expected.hpp>

namespace athanor {

template <class T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorKind kind, std::string intention, std::string cause,
                                                std::string remedy = {}) {
  return tl::unexpected<Error>(Error{kind, std::move(intention), std::move(cause), std::move(remedy)});
}

// The value, or the Error thrown as a Failure.
template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw Failure(std::move(result.error()));
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace athanor
