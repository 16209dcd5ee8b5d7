// Lays items of their own widths out in lines, left to right, breaking where the width ends.
#pragma once

#include "widgets/parts/item_layout.h"

#include <vector>

namespace athanor::widgets {

// Pure part: places for items of the given sizes; `height` is what all lines need.
struct WrapPlan {
  std::vector<QPoint> places;
  int height = 0;
};
[[nodiscard]] WrapPlan plan_wrap(int width, int gap, const std::vector<QSize>& sizes);

class WrapLayout final : public ItemLayout {
 public:
  WrapLayout(QWidget* parent, int gap);
  [[nodiscard]] int heightForWidth(int width) const override;
  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] QSize minimumSize() const override;
  void setGeometry(const QRect& rect) override;

 private:
  [[nodiscard]] std::vector<QSize> sizes() const;
  int gap_;
};

}  // namespace athanor::widgets
