#include "widgets/plot/envelope_graph.h"

#include "widgets/plot/envelope/outline.h"

#include <QPainterPath>

#include <algorithm>
#include <map>
#include <tuple>

namespace athanor::widgets {
namespace {

// Of all curves of a document together, so that it stays below 300 KB.
constexpr std::size_t kPoints = 16'000;
constexpr std::size_t kFewOnPaper = 24;
constexpr std::size_t kTurns = 6;

// One pixel beyond the right end, where the newest column stands; below, QCustomPlot takes one away.
QRect with_end(const QRect& rect) { return rect.adjusted(0, 0, 1, 1); }

QCPRange none(bool& found) {
  found = false;
  return {};
}

void add_piece(QPainterPath& path, const QPolygonF& piece, QPointF corner) {
  if (piece.size() == 1) {
    path.addEllipse(piece.first() + corner, 2, 2);
    return;
  }
  path.addPolygon(piece.translated(corner));
}

// As it looks on the paper: strokes that let light through are written as outlines, which are many times as long.
QColor opaque(QColor colour, const Theme& theme) {
  const double opacity = static_cast<double>(colour.alphaF());
  colour.setAlpha(255);
  return mix(theme.color(Role::surface), colour, opacity);
}

// On paper many lines are finer, and still seen.
double paper_width(double width, std::size_t among) {
  return among <= kFewOnPaper ? width : std::min(width, among <= kCrowd ? 0.8 : 0.4);
}

// What is drawn alike goes into one path, so that files stay small; in several turns, so that no colour hides all
// others.
struct PathKey {
  Emphasis emphasis = Emphasis::normal;
  std::size_t turn = 0;
  QRgb colour = 0;
  double width = 0;
  Dash dash = Dash::solid;
  friend bool operator<(const PathKey& a, const PathKey& b) {
    return std::tie(a.emphasis, a.turn, a.colour, a.width, a.dash) <
           std::tie(b.emphasis, b.turn, b.colour, b.width, b.dash);
  }
};

QPen pen_of(const PathKey& key) {
  QPen pen(QColor::fromRgba(key.colour), key.width, Qt::SolidLine, Qt::FlatCap, Qt::RoundJoin);
  if (const auto lengths = dash_lengths(key.dash); !lengths.empty()) {
    QList<qreal> pattern;
    for (const double length : lengths) pattern << length / key.width;
    pen.setDashPattern(pattern);
  }
  return pen;
}

}  // namespace

EnvelopeGraph::EnvelopeGraph(QCPAxis* key_axis, QCPAxis* value_axis)
    : QCPAbstractPlottable(key_axis, value_axis), theme_(&current_theme()) {
  connect(&feed_, &PictureFeed::arrived, this, [this] {
    Q_EMIT arrived();
    if (feed_.is_current()) ahead_ = false;
  });
}

void EnvelopeGraph::set_curves(const std::vector<Curve>& curves, XAxis axis) {
  curves_ = curves;
  axis_ = axis;
  ++content_;
  stale_ = true;
}

void EnvelopeGraph::set_theme(const Theme* theme) {
  theme_ = theme;
  stale_ = true;
}

Frame EnvelopeGraph::frame_of(const QCPRange& x, const QCPRange& y) const {
  const QCPAxisRect* rect = keyAxis()->axisRect();
  return {axis_,
          {x.lower, x.upper},
          {y.lower, y.upper},
          keyAxis()->scaleType() == QCPAxis::stLogarithmic,
          valueAxis()->scaleType() == QCPAxis::stLogarithmic,
          rect->width(),
          rect->height(),
          parentPlot()->bufferDevicePixelRatio()};
}

bool EnvelopeGraph::is_heavy() const {
  const auto wide = static_cast<std::size_t>(std::max(keyAxis()->axisRect()->width(), 0));
  std::size_t pieces = 0;
  for (const Curve& curve : curves_)
    if (curve.is_shown()) pieces += std::max(curve.columns->size(), wide);
  return !PictureFeed::is_quick(pieces);
}

void EnvelopeGraph::ask_ahead(const Frame& frame) {
  ask(frame);
  ahead_ = !is_current();
}

void EnvelopeGraph::ask(const Frame& frame) {
  if (!stale_ && frame == asked_) return;
  maker_.make(curves_, frame, *theme_, scene_);
  feed_.want(scene_, frame, content_);
  asked_ = frame;
  stale_ = false;
}

QRect EnvelopeGraph::clipRect() const { return with_end(QCPAbstractPlottable::clipRect()); }

void EnvelopeGraph::draw(QCPPainter* painter) {
  if (painter->modes().testFlag(QCPPainter::pmVectorized)) return draw_vectors(*painter);
  painter->setAntialiasing(false);  // which would move the picture by half a pixel
  if (painter->modes().testFlag(QCPPainter::pmNoCaching)) return draw_at_scale(*painter, painter->transform().m11());
  const Frame now = frame();
  if (now.width <= 0 || now.height <= 0) return;
  if (!ahead_) ask(now);
  draw_picture(*painter, now);
}

// A picture of another range is moved to where it belongs until the right one is there.
void EnvelopeGraph::draw_picture(QCPPainter& painter, const Frame& now) const {
  const QImage& picture = feed_.picture();
  const Frame& of = feed_.frame();
  if (picture.isNull() || of.axis != now.axis || of.logarithmic_x != now.logarithmic_x ||
      of.logarithmic_y != now.logarithmic_y)
    return;
  const auto place = [&](double x_pixel, double y_pixel) {
    return QPointF(now.x_map().pixel(of.x_map().value(x_pixel)), now.y_map().pixel(of.y_map().value(y_pixel))) /
           now.scale;
  };
  const QPointF corner = keyAxis()->axisRect()->topLeft();
  if (of == now) {
    painter.drawImage(corner, picture);
  } else {
    painter.drawImage(QRectF(place(0, 0), place(picture.width(), picture.height())).translated(corner), picture);
  }
}

void EnvelopeGraph::draw_at_scale(QCPPainter& painter, double scale) {
  Frame now = frame();
  now.scale = scale;
  maker_.make(curves_, now, *theme_, scene_);
  QImage picture;
  Raster().draw(scene_, picture);
  picture.setDevicePixelRatio(scale);
  painter.drawImage(keyAxis()->axisRect()->topLeft(), picture);
}

void EnvelopeGraph::draw_vectors(QCPPainter& painter) const {
  Frame now = frame();
  now.scale = 1;
  const std::vector<Outline> all = outlines(curves_, now, kPoints);
  const auto shown =
      static_cast<std::size_t>(std::ranges::count_if(curves_, [](const Curve& curve) { return curve.is_shown(); }));
  const QPointF corner = keyAxis()->axisRect()->topLeft();
  std::map<PathKey, QPainterPath> lines, bands;
  for (std::size_t c = 0; c < all.size(); ++c) {
    const LineLook look = line_look(curves_[c], shown, *theme_);
    const PathKey key{curves_[c].emphasis, c * kTurns / all.size(), opaque(look.colour, *theme_).rgba(),
                      paper_width(look.width, shown), look.dash};
    for (const QPolygonF& piece : all[c].lines) add_piece(lines[key], piece, corner);
    for (const QPolygonF& piece : all[c].bands) {
      add_piece(bands[key], piece, corner);
      bands[key].closeSubpath();
    }
  }
  painter.setAntialiasing(true);
  painter.setPen(Qt::NoPen);
  for (auto& [key, path] : bands) {
    path.setFillRule(Qt::WindingFill);
    QColor fill = QColor::fromRgba(key.colour);
    fill.setAlphaF(0.16F);
    painter.setBrush(fill);
    painter.drawPath(path);
  }
  painter.setBrush(Qt::NoBrush);
  for (const auto& [key, path] : lines) {
    painter.setPen(pen_of(key));
    painter.drawPath(path);
  }
}

QCPRange EnvelopeGraph::getKeyRange(bool& found, QCP::SignDomain) const { return none(found); }
QCPRange EnvelopeGraph::getValueRange(bool& found, QCP::SignDomain, const QCPRange&) const { return none(found); }

HighlightGraph::HighlightGraph(QCPAxis* key_axis, QCPAxis* value_axis, const EnvelopeGraph* of)
    : QCPAbstractPlottable(key_axis, value_axis), of_(of), theme_(&current_theme()) {}

QRect HighlightGraph::clipRect() const { return with_end(QCPAbstractPlottable::clipRect()); }

void HighlightGraph::draw(QCPPainter* painter) {
  if (which_.empty() || painter->modes().testFlag(QCPPainter::pmNoCaching)) return;
  const Frame now = of_->frame();
  if (now.width <= 0 || now.height <= 0) return;
  maker_.make_highlight(of_->curves(), which_, now, *theme_, scene_);
  raster_.draw(scene_, picture_);
  picture_.setDevicePixelRatio(now.scale);
  painter->setAntialiasing(false);
  painter->drawImage(keyAxis()->axisRect()->topLeft(), picture_);
}

QCPRange HighlightGraph::getKeyRange(bool& found, QCP::SignDomain) const { return none(found); }
QCPRange HighlightGraph::getValueRange(bool& found, QCP::SignDomain, const QCPRange&) const { return none(found); }

}  // namespace athanor::widgets
