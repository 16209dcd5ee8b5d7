#include "widgets/common/glyph.h"

#include "widgets/common/theme.h"

#include <QIconEngine>
#include <QPainter>
#include <QTextStream>

#include <algorithm>
#include <array>

namespace athanor::widgets {
namespace {

// Drawing orders: M x y move · L x y line · C six numbers, cubic · O x y r circle · R x y w h r rounded rectangle ·
// A x y w h start sweep arc (degrees, anticlockwise, in the box x y w h) · Z close.
struct Drawing {
  const char* orders;
  bool solid = false;
};

// One line a drawing.
// clang-format off
constexpr std::array<Drawing, static_cast<int>(Glyph::count_)> kDrawings{{
    {"M 4 6 L 20 6 M 4 12 L 20 12 M 4 18 L 13 18"},                                         // runs
    {"M 9 3 L 15 3 M 10 3 L 10 9 L 4.5 19 C 4 20.5 5 21 6 21 L 18 21 C 19 21 20 20.5 19.5 19 L 14 9 L 14 3 M 7 15 L 17 15"},  // flask
    {"M 3 12 L 7 12 L 10 4 L 14 20 L 17 12 L 21 12"},                                       // pulse
    {"O 10.5 10.5 6.5 M 15.3 15.3 L 20.5 20.5"},                                            // search
    {"M 6 6 L 18 18 M 18 6 L 6 18"},                                                        // close
    {"M 4.5 12.5 L 10 18 L 19.5 7"},                                                        // check
    {"M 7 7 L 17 17 M 17 7 L 7 17"},                                                        // cross
    {"R 6.5 6.5 11 11 2", true},                                                            // square
    {"O 12 12 5.5", true},                                                                  // circle
    {"O 12 12 5.5"},                                                                        // ring
    {"M 7.5 5 L 19 12 L 7.5 19 Z", true},                                                   // play
    {"R 6 6 12 12 2"},                                                                      // stop
    {"O 6.5 5.5 2.5 O 17.5 5.5 2.5 O 12 19 2.5 M 6.5 8 C 6.5 12 12 11 12 16.5 M 17.5 8 C 17.5 12 12 11 12 16.5"},  // fork
    {"M 12 5 L 12 19 M 5 12 L 19 12"},                                                      // plus
    {"M 4 6.5 L 20 6.5 M 9 6.5 L 9 4 L 15 4 L 15 6.5 M 6 6.5 L 7 20.5 L 17 20.5 L 18 6.5 M 10.5 10.5 L 10.5 16.5 M 13.5 10.5 L 13.5 16.5"},  // trash
    {"M 8.5 5 L 4 9.5 L 8.5 14 M 4 9.5 L 14.5 9.5 C 18 9.5 20 12 20 14.5 C 20 17.5 17.5 19.5 14.5 19.5 L 9 19.5"},  // undo
    {"M 15.5 5 L 20 9.5 L 15.5 14 M 20 9.5 L 9.5 9.5 C 6 9.5 4 12 4 14.5 C 4 17.5 6.5 19.5 9.5 19.5 L 15 19.5"},    // redo
    {"M 8 4 L 16 4 L 15 11 L 18 15 L 6 15 L 9 11 Z M 12 15 L 12 21"},                       // pin
    {"M 5 4 L 19 4 L 19 15 L 14 20 L 5 20 Z M 19 15 L 14 15 L 14 20 M 8.5 9 L 15.5 9 M 8.5 13 L 12 13"},            // note
    {"R 9 9 11 11 2 M 5.5 15 L 4.5 15 L 4 14.5 L 4 5 L 5 4 L 14.5 4 L 15 4.5 L 15 5.5"},    // copy
    {"M 12 4 L 12 15 M 7 10.5 L 12 15.5 L 17 10.5 M 4.5 19.5 L 19.5 19.5"},                 // save
    {"R 4 5 16 14 2 M 4 10 L 20 10 M 10 10 L 10 19"},                                       // table
    {"O 5.5 12 1.4 O 12 12 1.4 O 18.5 12 1.4", true},                                       // more
    {"A 4.5 4.5 15 15 60 -300 M 15.5 2.5 L 16.2 5.8 L 12.8 6.5"},                           // reset
    {"M 12 4 L 21 19.5 L 3 19.5 Z M 12 10 L 12 14 M 12 16.6 L 12 16.8"},                    // warning
    {"O 12 12 8.5 M 12 11 L 12 16.5 M 12 7.6 L 12 7.8"},                                    // info
    {"O 12 12 8.5 M 9 9 L 15 15 M 15 9 L 9 15"},                                            // error
    {"M 6 16.5 L 6 11 C 6 3 18 3 18 11 L 18 16.5 Z M 10 20 L 14 20"},                       // bell
    {"M 19.5 14.5 C 13 17 7 11 9.5 4.5 C 5.5 6 4 9.5 4 12.2 C 4 16.8 7.6 20 11.8 20 C 15 20 18.3 18 19.5 14.5 Z"},  // moon
    {"R 3.5 5 17 14 2 M 7 9.5 L 10 12 L 7 14.5 M 12.5 15 L 16.5 15"},                       // terminal
    {"M 4 4 L 12 4 L 20.5 12.5 L 12.5 20.5 L 4 12 Z M 8 8 L 8.1 8.1"},                      // tag
    {"M 6 14.5 L 12 8.5 L 18 14.5"},                                                        // up
    {"M 6 9.5 L 12 15.5 L 18 9.5"},                                                         // down
    {"M 9.5 6 L 15.5 12 L 9.5 18"},                                                         // chevron_right
    {"M 6 9.5 L 12 15.5 L 18 9.5"},                                                         // chevron_down
    {"M 3.5 6 L 9.5 6 L 11.5 8.5 L 20.5 8.5 L 20.5 19 L 3.5 19 Z"},                         // folder
    {"R 4 4.5 16 15 2 O 9 9.5 1.6 M 4.5 17 L 10 12.5 L 13 15.5 L 15.5 13 L 19.5 17"},       // picture
    {"M 5 5 L 19 5 M 5 5 L 5 7.5 M 19 5 L 19 7.5 M 12 5 L 12 19 M 9.5 19 L 14.5 19"},       // text
    {"O 12 12 3 M 12 3.5 L 12 6 M 12 18 L 12 20.5 M 3.5 12 L 6 12 M 18 12 L 20.5 12 M 6 6 L 7.8 7.8 M 16.2 16.2 L 18 18 M 18 6 L 16.2 7.8 M 7.8 16.2 L 6 18"},  // gear
    {"R 3 6 18 12 2 M 6.5 10 L 6.6 10 M 10 10 L 10.1 10 M 13.5 10 L 13.6 10 M 17 10 L 17.1 10 M 8 14.2 L 16 14.2"},  // keyboard
    {"M 13 3 L 5 13.5 L 11 13.5 L 10 21 L 19 10 L 13 10 Z"},                                // bolt
    {"O 12 12 8.5 M 12 7 L 12 12 L 15.5 14"},                                               // clock
    {"M 13.5 4.5 L 19.5 4.5 L 19.5 10.5 M 19.5 4.5 L 11 13 M 16.5 13.5 L 16.5 19 L 5 19 L 5 7.5 L 10.5 7.5"},       // open
    {"M 12.5 2.5 C 13 7 18.5 9 18.5 15 C 18.5 19 15.5 21.5 12 21.5 C 8.500 21.5 5.500 19 5.500 15 C 5.500 12 7 10.500 8 8.500 C 9 10.500 9.500 11 10.500 11.500 C 10.500 8 10.500 5 12.500 2.500 Z "
     "M 12 21.5 C 9.8 21.5 9.2 19.5 9.4 18.2 C 9.6 16.600 11.500 15.500 12 13.500 C 13.500 15.500 14.700 16.800 14.600 18.600 C 14.500 20 13.800 21.500 12 21.500"},  // flame
    {"M 12 3.5 L 21 8.5 L 12 13.5 L 3 8.5 Z M 3 12.5 L 12 17.5 L 21 12.5 M 3 16.5 L 12 21.5 L 21 16.5"},  // layers
}};
// clang-format on

QPainterPath parse(const char* orders) {
  QPainterPath path;
  const QString text = QString::fromLatin1(orders);
  QTextStream in(const_cast<QString*>(&text), QIODevice::ReadOnly);
  QString word;
  const auto number = [&in] {
    double value = 0;
    in >> value;
    return value;
  };
  while (in >> word, !word.isEmpty()) {
    double v[6] = {};
    const auto take = [&](int n) { std::generate_n(v, n, number); };
    switch (word.at(0).toLatin1()) {
      case 'M':
        take(2);
        path.moveTo(v[0], v[1]);
        break;
      case 'L':
        take(2);
        path.lineTo(v[0], v[1]);
        break;
      case 'C':
        take(6);
        path.cubicTo(v[0], v[1], v[2], v[3], v[4], v[5]);
        break;
      case 'O':
        take(3);
        path.addEllipse(QPointF(v[0], v[1]), v[2], v[2]);
        break;
      case 'R':
        take(5);
        path.addRoundedRect(QRectF(v[0], v[1], v[2], v[3]), v[4], v[4]);
        break;
      case 'A':
        take(6);
        path.arcMoveTo(QRectF(v[0], v[1], v[2], v[3]), v[4]);
        path.arcTo(QRectF(v[0], v[1], v[2], v[3]), v[4], v[5]);
        break;
      default: path.closeSubpath(); break;
    }
  }
  return path;
}

class GlyphEngine final : public QIconEngine {
 public:
  explicit GlyphEngine(Glyph glyph) : glyph_(glyph) {}
  void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override {
    const Theme& theme = current_theme();
    Role role = mode == QIcon::Disabled ? Role::faint : Role::text;
    if (mode != QIcon::Disabled && state == QIcon::On) role = Role::accent;
    paint_glyph(*painter, rect, glyph_, theme.color(role));
  }
  QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
    QPixmap out(size);
    out.fill(Qt::transparent);
    QPainter painter(&out);
    paint(&painter, QRect(QPoint(), size), mode, state);
    return out;
  }
  [[nodiscard]] QIconEngine* clone() const override { return new GlyphEngine(glyph_); }

 private:
  Glyph glyph_;
};

}  // namespace

const QPainterPath& glyph_path(Glyph glyph) {
  static std::array<QPainterPath, static_cast<int>(Glyph::count_)> paths;
  QPainterPath& path = paths[static_cast<std::size_t>(glyph)];
  if (path.isEmpty()) path = parse(kDrawings[static_cast<std::size_t>(glyph)].orders);
  return path;
}

void paint_glyph(QPainter& painter, const QRectF& box, Glyph glyph, const QColor& color) {
  const double side = std::min(box.width(), box.height());
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.translate(box.center().x() - side / 2, box.center().y() - side / 2);
  painter.scale(side / 24, side / 24);
  const bool solid = kDrawings[static_cast<std::size_t>(glyph)].solid;
  painter.setBrush(solid ? QBrush(color) : QBrush(Qt::NoBrush));
  painter.setPen(QPen(color, solid ? 1.0 : std::max(1.7, 30.0 / side), Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  painter.drawPath(glyph_path(glyph));
  painter.restore();
}

QIcon glyph_icon(Glyph glyph) { return QIcon(new GlyphEngine(glyph)); }

}  // namespace athanor::widgets
