// The names and values of a plot's curves, each behind a piece of its line: beside the title where they fit there, and
// otherwise in columns of their own below it. Few curves never lose their names; of many the first have one line, which
// ends with how many more there are. GUI thread only.
#pragma once

#include "widgets/plot/envelope/look.h"

#include <QFont>
#include <QString>

#include <optional>
#include <vector>

class QPainter;
class QRect;

namespace athanor::widgets {

inline constexpr int kLegendRow = 20;           // pixels a line
inline constexpr std::size_t kLegendWhole = 6;  // so many curves are all named in a window

struct LegendEntry {
  LineLook look;
  QString label;  // empty: the value alone, of the only curve
  QString value;
  bool current = false;  // looked at: its name stands out
};

class PlotLegend {
 public:
  // The first of `all` curves. Up to `whole` are all named, and have to be here; more than that get as many lines.
  void set_entries(std::vector<LegendEntry> entries, std::size_t all, std::size_t whole = kLegendWhole, int lines = 1);
  // One that may not be among them: where not all are named, it is named beside the title.
  void set_current(std::optional<LegendEntry> entry) { current_ = std::move(entry); }
  // Whether all of them have room in `width` pixels beside the title of a plot with this font.
  [[nodiscard]] bool fits_beside(const QFont& font, int width) const;
  [[nodiscard]] int lines_below(const QFont& font, int width) const;
  void paint_beside(QPainter& painter, const QFont& font, const QRect& box,
                    const Theme& theme) const;  // from the right
  void paint_below(QPainter& painter, const QFont& font, const QRect& first_line, const Theme& theme) const;
  void paint_current(QPainter& painter, const QFont& font, const QRect& box, const Theme& theme) const;

 private:
  [[nodiscard]] bool is_cut() const { return all_ > whole_; }

  std::vector<LegendEntry> entries_;
  std::size_t all_ = 0, whole_ = kLegendWhole;
  int lines_ = 1;  // of those that are cut
  std::optional<LegendEntry> current_;
};

// "12 more".
[[nodiscard]] QString more_text(std::size_t count);

}  // namespace athanor::widgets
