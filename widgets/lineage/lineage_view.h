// A tree of things that went on from each other, a row each, over steps. A click or ↑ ↓ choose one, ← goes to its
// parent, → to its first child, Enter or a double click opens it. As tall as its rows: put it into what scrolls. GUI
// thread only.
#pragma once

#include "widgets/lineage/lineage_rows.h"
#include "widgets/parts/painted_items.h"

#include <QWidget>

#include <optional>
#include <vector>

namespace athanor::widgets {

class LineageView final : public QWidget, public PaintedItems {
  Q_OBJECT
 public:
  explicit LineageView(QWidget* parent = nullptr);
  void show(std::vector<LineageBar> bars);
  void set_current(std::int64_t id);  // any other id: none
  [[nodiscard]] const std::vector<LineageRow>& rows() const { return rows_; }

  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] QSize minimumSizeHint() const override;
  [[nodiscard]] QAccessible::Role painted_role() const override { return QAccessible::Tree; }
  [[nodiscard]] std::vector<PaintedItem> painted_items() const override;

 Q_SIGNALS:
  void chosen(qint64 id);
  void opened(qint64 id);
  void current_moved(const QRect& row);  // so that it can be scrolled to

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  [[nodiscard]] QRect row_box(std::size_t row) const;
  [[nodiscard]] QRectF field() const;  // that steps run in
  [[nodiscard]] double x_of(double step) const;
  [[nodiscard]] std::optional<std::size_t> row_of(std::int64_t id) const;
  [[nodiscard]] const LineageBar& bar_of(std::size_t row) const { return bars_[rows_[row].bar]; }
  void paint_axis(QPainter& painter) const;
  void paint_row(QPainter& painter, std::size_t row) const;
  void paint_descent(QPainter& painter, std::size_t row) const;
  void choose(std::size_t row);

  std::vector<LineageBar> bars_;
  std::vector<LineageRow> rows_;
  double last_step_ = 1;
  std::int64_t current_ = 0;
};

}  // namespace athanor::widgets
