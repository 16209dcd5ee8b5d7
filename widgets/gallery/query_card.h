// One query and its five best answers: the rank of the truth at the top right, the same query at an earlier evaluation
// below when one is given. GUI thread only; the picture source is not owned.
#pragma once

#include "widgets/gallery/board_order.h"
#include "widgets/parts/painted_items.h"

#include <QWidget>

namespace athanor::widgets {

class PictureSource;

// "Rank 1 of 196, was 14": in words, also for screen readers.
[[nodiscard]] QString rank_words(const BoardQuery& query);
[[nodiscard]] QString describe_query(const BoardQuery& query);

class QueryCard final : public QWidget, public PaintedItems {
  Q_OBJECT
 public:
  QueryCard(PictureSource* source, QWidget* parent);
  void set_query(const BoardQuery& query);
  [[nodiscard]] const BoardQuery& query() const { return query_; }
  [[nodiscard]] bool uses(const QString& key) const;
  [[nodiscard]] QAccessible::Role painted_role() const override { return QAccessible::List; }
  [[nodiscard]] QString painted_value() const override { return rank_words(query_); }
  [[nodiscard]] std::vector<PaintedItem> painted_items() const override;  // the answers, then the earlier ones
  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] int heightForWidth(int width) const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  bool event(QEvent* event) override;

 private:
  [[nodiscard]] int answers_top() const;
  [[nodiscard]] QRectF answers_box(bool earlier) const;
  void paint_head(QPainter& painter, const QRect& box) const;

  BoardQuery query_;
  PictureSource* source_;
};

}  // namespace athanor::widgets
