// What matters most, as bars one below the other, of which one is chosen: by a click, or ↑ ↓. GUI thread only.
#pragma once

#include "widgets/parts/painted_items.h"

#include <QString>
#include <QWidget>

#include <vector>

namespace athanor::widgets {

struct RankedBar {
  QString title{};
  QString text{};    // at the right
  double share = 0;  // 0 … 1
  int colour = 0;    // of the theme's series
};

class RankedBars final : public QWidget, public PaintedItems {
  Q_OBJECT
 public:
  explicit RankedBars(QWidget* parent = nullptr);
  void show(std::vector<RankedBar> bars);
  void set_empty_text(const QString& text);  // where there are none
  void set_current(int index);               // −1: none
  [[nodiscard]] int current() const { return current_; }

  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] QSize minimumSizeHint() const override;
  [[nodiscard]] QAccessible::Role painted_role() const override { return QAccessible::List; }
  [[nodiscard]] std::vector<PaintedItem> painted_items() const override;

 Q_SIGNALS:
  void chosen(int index);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  [[nodiscard]] QRect row(int index) const;
  void choose(int index);

  std::vector<RankedBar> bars_;
  QString empty_text_;
  int current_ = -1;
};

}  // namespace athanor::widgets
