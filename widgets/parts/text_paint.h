// Small helpers for widgets that paint themselves. GUI thread only.
#pragma once

#include <QColor>
#include <QFont>
#include <QLabel>
#include <QRectF>
#include <QString>
#include <QStringList>

class QPainter;

namespace athanor::widgets {

// One line, elided at the right to fit.
void paint_elided(QPainter& painter, const QRectF& box, Qt::Alignment alignment, const QString& text);
// A rounded box with a frame; 0: a hairline of the theme in force.
void paint_card(QPainter& painter, const QRectF& box, const QColor& fill, const QColor& frame, double radius,
                double line = 0);
[[nodiscard]] QFont scaled(const QFont& font, double factor, QFont::Weight weight = QFont::Normal);

// A label that elides instead of widening its window, with the whole text as its tool tip. Of several parts as many
// are shown as have room, each in full but the first.
class ElidedLabel final : public QLabel {
  Q_OBJECT
 public:
  explicit ElidedLabel(QWidget* parent = nullptr);
  void set_text(const QString& text) { set_parts({text}); }
  void set_parts(const QStringList& parts);
  [[nodiscard]] QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QStringList parts_;
};

}  // namespace athanor::widgets
