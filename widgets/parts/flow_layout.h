// Lays equal-width cards out in as many columns as fit; all cards of a row share the tallest one's height.
#pragma once

#include "widgets/parts/item_layout.h"

#include <QRect>

#include <vector>

namespace athanor::widgets {

// Columns for `count` cards: as many as fit, but no more than fill every row alike.
[[nodiscard]] int flow_columns(int width, int minimum_card_width, int gap, int count);

// Rectangles for cards of the given heights in a width, and the total height they need.
struct FlowPlan {
  std::vector<QRect> cells;
  int columns = 1;
  int height = 0;
};
[[nodiscard]] FlowPlan plan_flow(int width, int minimum_card_width, int gap, const std::vector<int>& heights);

class FlowLayout final : public ItemLayout {
 public:
  FlowLayout(QWidget* parent, int minimum_card_width, int gap);
  [[nodiscard]] int heightForWidth(int width) const override;
  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] QSize minimumSize() const override;
  void setGeometry(const QRect& rect) override;
  [[nodiscard]] int columns() const { return columns_; }

 private:
  [[nodiscard]] FlowPlan plan(int width) const;
  int minimum_card_width_;
  int gap_;
  int columns_ = 1;
};

}  // namespace athanor::widgets
