// Vector drawings to pixels.
#pragma once

#include "core/base/result.h"
#include "core/data/dataset.h"

#include <string_view>

namespace athanor::data {

// Fits the drawing into a square of `side` pixels, keeping its shape. `name` is used in errors. Safe on many threads.
[[nodiscard]] Result<Image> render_svg(std::string_view svg, int side, std::string_view name);

}  // namespace athanor::data
