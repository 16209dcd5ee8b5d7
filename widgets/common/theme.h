// Colours by meaning. Widgets ask for a role and never name a colour; light, dark and high contrast are three rows of
// one table. In high contrast text has 7:1 against what it stands on, lines and marks 4.5:1, and frames are thicker.
// The theme in force is read off the application's palette, so a palette change is all a theme switch needs.
// GUI thread only.
#pragma once

#include <QColor>
#include <QPalette>

namespace athanor::widgets {

enum class Role {
  window,   // behind everything
  sidebar,  // navigation
  surface,  // cards, tables, fields
  raised,   // hovered rows, chips
  border,   // hairlines
  text,
  muted,        // captions, units, placeholders
  faint,        // disabled text, empty-state drawings
  accent,       // the one colour that asks for attention
  accent_soft,  // its tint, for selections and frames
  on_accent,    // text upon accent
  good,
  warning,
  bad,
  info,
  grid,   // lines inside plots
  count_  // not a role
};

// One unit of spacing; margins and gaps are multiples of it.
inline constexpr int kGrid = 8;
inline constexpr int kRadius = 6;
inline constexpr int kSeriesColours = 8;

class Theme {
 public:
  enum class Kind { light, dark, contrast };
  Theme(Kind kind, const QRgb (&roles)[static_cast<int>(Role::count_)], const QRgb (&series)[kSeriesColours]);

  [[nodiscard]] bool is_dark() const { return kind_ != Kind::light; }
  [[nodiscard]] bool is_high_contrast() const { return kind_ == Kind::contrast; }
  // Widths of frames, in pixels: of what is there, and of what has the keyboard.
  [[nodiscard]] int hairline() const { return is_high_contrast() ? 2 : 1; }
  [[nodiscard]] int focus_line() const { return is_high_contrast() ? 3 : 1; }
  [[nodiscard]] QColor color(Role role) const { return QColor::fromRgb(roles_[static_cast<int>(role)]); }
  // Colours for curves, told apart also with the common colour blindnesses; any index, repeating.
  [[nodiscard]] QColor series(int index) const;
  // The second channel beside colour: solid for the first round of colours, dashes afterwards.
  [[nodiscard]] static Qt::PenStyle series_dash(int index);
  [[nodiscard]] QPalette palette() const;

 private:
  Kind kind_;
  const QRgb* roles_;
  const QRgb* series_;
};

[[nodiscard]] const Theme& light_theme();
[[nodiscard]] const Theme& dark_theme();
[[nodiscard]] const Theme& contrast_theme();
[[nodiscard]] const Theme& theme_for(const QPalette& palette);
// The theme of the running application.
[[nodiscard]] const Theme& current_theme();

// Blend of two colours; t = 0 gives a, t = 1 gives b.
[[nodiscard]] QColor mix(const QColor& a, const QColor& b, double t);

}  // namespace athanor::widgets
