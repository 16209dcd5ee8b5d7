// What a rank says of itself, as bytes between hosts.
#pragma once

#include "core/comm/board.h"

#include <string>
#include <string_view>

namespace athanor::comm {

[[nodiscard]] std::string bytes_of(const Status& status);
// With the times of this host's clock: each is as long ago as it was when it was sent. A status that has not come where
// the bytes are not one.
[[nodiscard]] Status status_of(std::string_view bytes);

}  // namespace athanor::comm
