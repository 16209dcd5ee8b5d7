// All curves of a plot as one plottable: a picture on the screen, vectors in documents. Private to this folder, as
// QCustomPlot is. GUI thread only.
#pragma once

#include "widgets/plot/picture_feed.h"

#include <qcustomplot.h>

namespace athanor::widgets {

class EnvelopeGraph final : public QCPAbstractPlottable {
  Q_OBJECT
 public:
  EnvelopeGraph(QCPAxis* key_axis, QCPAxis* value_axis);

  void set_curves(const std::vector<Curve>& curves, XAxis axis);
  void set_theme(const Theme* theme);  // lives on
  [[nodiscard]] const std::vector<Curve>& curves() const { return curves_; }
  // What is shown with these ranges in the present rectangle.
  [[nodiscard]] Frame frame_of(const QCPRange& x, const QCPRange& y) const;
  [[nodiscard]] Frame frame() const { return frame_of(keyAxis()->range(), valueAxis()->range()); }

  // Whether drawing is left to other threads; until they are done, what was drawn before is shown where it belongs.
  [[nodiscard]] bool is_heavy() const;
  // Asks for a picture that the axes are still to be set for, by whoever hears that it arrived, or forgets that.
  void ask_ahead(const Frame& frame);
  void forget_ahead() { ahead_ = false; }
  [[nodiscard]] bool is_ahead() const { return ahead_; }
  // Of the picture that is there, which draws exactly what it shows.
  [[nodiscard]] const Frame& picture_frame() const { return feed_.frame(); }
  [[nodiscard]] bool has_picture() const { return !feed_.picture().isNull(); }
  [[nodiscard]] bool is_current() const { return !stale_ && feed_.is_current(); }
  // Greater than before once newer curves are in the picture; 0: there is none.
  [[nodiscard]] std::uint64_t shown_content() const { return feed_.content(); }

  double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }
  QCPRange getKeyRange(bool& found, QCP::SignDomain) const override;
  QCPRange getValueRange(bool& found, QCP::SignDomain, const QCPRange&) const override;

 Q_SIGNALS:
  void arrived();  // the picture that other threads were asked for

 protected:
  [[nodiscard]] QRect clipRect() const override;
  void draw(QCPPainter* painter) override;
  void drawLegendIcon(QCPPainter*, const QRectF&) const override {}

 private:
  void ask(const Frame& frame);
  void draw_picture(QCPPainter& painter, const Frame& now) const;
  void draw_at_scale(QCPPainter& painter, double scale);
  void draw_vectors(QCPPainter& painter) const;

  PictureFeed feed_;
  SceneMaker maker_;
  Scene scene_;  // filled for each picture
  std::vector<Curve> curves_;
  XAxis axis_ = XAxis::step;
  const Theme* theme_ = nullptr;
  Frame asked_;
  std::uint64_t content_ = 1;
  bool stale_ = true;   // what was asked for is not what the curves are
  bool ahead_ = false;  // it is not what the axes are
};

// Some of its curves once more, above all others.
class HighlightGraph final : public QCPAbstractPlottable {
  Q_OBJECT
 public:
  HighlightGraph(QCPAxis* key_axis, QCPAxis* value_axis, const EnvelopeGraph* of);  // not owned, lives as long
  void set_highlighted(std::vector<std::size_t> which) { which_ = std::move(which); }
  [[nodiscard]] const std::vector<std::size_t>& highlighted() const { return which_; }
  void set_theme(const Theme* theme) { theme_ = theme; }

  double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }
  QCPRange getKeyRange(bool& found, QCP::SignDomain) const override;
  QCPRange getValueRange(bool& found, QCP::SignDomain, const QCPRange&) const override;

 protected:
  [[nodiscard]] QRect clipRect() const override;
  void draw(QCPPainter* painter) override;
  void drawLegendIcon(QCPPainter*, const QRectF&) const override {}

 private:
  const EnvelopeGraph* of_;
  const Theme* theme_ = nullptr;
  std::vector<std::size_t> which_;
  SceneMaker maker_;
  Scene scene_;
  Raster raster_;
  QImage picture_;
};

}  // namespace athanor::widgets
