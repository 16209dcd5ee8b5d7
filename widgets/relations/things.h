// What relations are drawn of: things with a number, a name and a tone, and which of them are looked at or picked. GUI
// thread only.
#pragma once

#include <QColor>
#include <QString>

#include <cstdint>
#include <vector>

namespace athanor::widgets {

class Theme;

struct Thing {
  std::int64_t id = 0;
  QString name{};
  double tone = 0;         // 0 … 1 along a scale of colours; NaN: not known
  bool is_marked = false;  // the one others are measured against
};

// From one series colour to another; both, and what lies between, are told apart also with the common colour
// blindnesses.
[[nodiscard]] QColor tone_color(const Theme& theme, double tone);

}  // namespace athanor::widgets
