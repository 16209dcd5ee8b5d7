// The names and values of a plot's curves, each behind a dash of its colour: beside the title where they fit there, and
// otherwise in columns of their own below it, so that no curve loses its name. GUI thread only.
#pragma once

#include <QFont>
#include <QString>

#include <vector>

class QPainter;
class QRect;

namespace athanor::widgets {

inline constexpr int kLegendRow = 20;  // pixels a line

struct LegendEntry {
  int colour = 0;  // index for Theme::series
  QString label;   // empty: the value alone
  QString value;
};

class PlotLegend {
 public:
  void set_entries(std::vector<LegendEntry> entries) { entries_ = std::move(entries); }
  // Whether all of them have room in `width` pixels beside the title of a plot with this font.
  [[nodiscard]] bool fits_beside(const QFont& font, int width) const;
  [[nodiscard]] int lines_below(const QFont& font, int width) const;
  void paint_beside(QPainter& painter, const QFont& font, const QRect& box) const;  // from the right
  void paint_below(QPainter& painter, const QFont& font, const QRect& first_line) const;

 private:
  std::vector<LegendEntry> entries_;
};

}  // namespace athanor::widgets
