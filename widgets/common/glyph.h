// Monochrome line drawings on a 24 × 24 field, used as icons everywhere. They take the colour of the palette at the
// moment of painting, so no icon needs to be rebuilt when the theme changes. GUI thread only.
#pragma once

#include <QIcon>
#include <QPainterPath>
#include <QRectF>

class QPainter;

namespace athanor::widgets {

enum class Glyph {
  runs,
  flask,
  pulse,
  search,
  close,
  check,
  cross,
  square,
  circle,
  ring,
  play,
  stop,
  fork,
  plus,
  trash,
  undo,
  redo,
  pin,
  note,
  copy,
  save,
  table,
  more,
  reset,
  warning,
  info,
  error,
  bell,
  moon,
  terminal,
  tag,
  up,
  down,
  chevron_right,
  chevron_down,
  folder,
  picture,
  text,
  gear,
  keyboard,
  bolt,
  clock,
  open,
  flame,
  layers,
  count_  // not a glyph
};

[[nodiscard]] const QPainterPath& glyph_path(Glyph glyph);
// Strokes (or fills, for the solid ones) the glyph inside `box`, keeping it square and centred.
void paint_glyph(QPainter& painter, const QRectF& box, Glyph glyph, const QColor& color);
// Follows the application's palette; checked icons take the accent.
[[nodiscard]] QIcon glyph_icon(Glyph glyph);

}  // namespace athanor::widgets
