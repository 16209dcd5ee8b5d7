// Lays items of their own widths out in lines, left to right, breaking where the width ends.
#pragma once

#include <QLayout>

#include <vector>

namespace athanor::widgets {

// Pure part: places for items of the given sizes; `height` is what all lines need.
struct WrapPlan {
  std::vector<QPoint> places;
  int height = 0;
};
[[nodiscard]] WrapPlan plan_wrap(int width, int gap, const std::vector<QSize>& sizes);

class WrapLayout final : public QLayout {
 public:
  WrapLayout(QWidget* parent, int gap);
  ~WrapLayout() override;
  void addItem(QLayoutItem* item) override;  // takes ownership
  [[nodiscard]] int count() const override;
  [[nodiscard]] QLayoutItem* itemAt(int index) const override;
  QLayoutItem* takeAt(int index) override;
  [[nodiscard]] bool hasHeightForWidth() const override { return true; }
  [[nodiscard]] int heightForWidth(int width) const override;
  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] QSize minimumSize() const override;
  void setGeometry(const QRect& rect) override;

 private:
  [[nodiscard]] std::vector<QSize> sizes() const;
  std::vector<QLayoutItem*> items_;
  int gap_;
};

}  // namespace athanor::widgets
