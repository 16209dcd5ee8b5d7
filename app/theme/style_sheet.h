// The style sheet of a theme: only what Fusion cannot be told through the palette. Pure.
#pragma once

#include <QString>

namespace athanor::widgets {
class Theme;
}

namespace athanor::app {

[[nodiscard]] QString style_sheet(const widgets::Theme& theme, double point_size);

}  // namespace athanor::app
