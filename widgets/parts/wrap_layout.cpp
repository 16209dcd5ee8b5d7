#include "widgets/parts/wrap_layout.h"

#include <QWidget>

#include <algorithm>

namespace athanor::widgets {

WrapPlan plan_wrap(int width, int gap, const std::vector<QSize>& sizes) {
  WrapPlan plan;
  int x = 0;
  int y = 0;
  int line = 0;
  for (const QSize& size : sizes) {
    if (size.isEmpty()) {  // hidden
      plan.places.emplace_back(x, y);
      continue;
    }
    if (x > 0 && x + size.width() > width) {
      x = 0;
      y += line + gap;
      line = 0;
    }
    plan.places.emplace_back(x, y);
    x += size.width() + gap;
    line = std::max(line, size.height());
  }
  plan.height = y + line;
  return plan;
}

WrapLayout::WrapLayout(QWidget* parent, int gap) : ItemLayout(parent), gap_(gap) {}

std::vector<QSize> WrapLayout::sizes() const {
  std::vector<QSize> out;
  for (const QLayoutItem* item : items()) out.push_back(item->sizeHint());
  return out;
}

int WrapLayout::heightForWidth(int width) const { return plan_wrap(width, gap_, sizes()).height; }

QSize WrapLayout::sizeHint() const {
  int width = 0;
  for (const QSize& size : sizes()) width += size.width() + gap_;
  return {std::max(0, width - gap_), heightForWidth(std::max(1, width))};
}

QSize WrapLayout::minimumSize() const {
  QSize out(0, 0);
  for (const QSize& size : sizes()) out = out.expandedTo(size);
  return out;
}

void WrapLayout::setGeometry(const QRect& rect) {
  QLayout::setGeometry(rect);
  const WrapPlan plan = plan_wrap(rect.width(), gap_, sizes());
  for (std::size_t i = 0; i < items().size(); ++i)
    items()[i]->setGeometry(QRect(rect.topLeft() + plan.places[i], items()[i]->sizeHint()));
}

}  // namespace athanor::widgets
