// One element as a number, whatever its type: for printing, diagnosis and tests, not for arithmetic.
#pragma once

#include "kernels/base/view.h"

namespace athanor {

// `offset` counts elements in memory from view.data; i4 is read as signed. The memory is on the host.
[[nodiscard]] double element(const View& view, std::int64_t offset);

}  // namespace athanor
