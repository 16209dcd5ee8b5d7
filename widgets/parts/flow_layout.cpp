#include "widgets/parts/flow_layout.h"

#include <QWidget>

#include <algorithm>

namespace athanor::widgets {

int flow_columns(int width, int minimum_card_width, int gap, int count) {
  const int most = std::clamp((width + gap) / (minimum_card_width + gap), 1, std::max(1, count));
  const int rows = (std::max(1, count) + most - 1) / most;
  return (std::max(1, count) + rows - 1) / rows;
}

FlowPlan plan_flow(int width, int minimum_card_width, int gap, const std::vector<int>& heights) {
  FlowPlan plan;
  plan.columns = flow_columns(width, minimum_card_width, gap, static_cast<int>(heights.size()));
  // Rounded by column, so that the last card ends where the row ends.
  const auto left = [&](std::size_t column) { return static_cast<int>(column) * (width + gap) / plan.columns; };
  int y = 0;
  for (std::size_t first = 0; first < heights.size(); first += static_cast<std::size_t>(plan.columns)) {
    const std::size_t end = std::min(heights.size(), first + static_cast<std::size_t>(plan.columns));
    const int tallest = *std::max_element(heights.begin() + static_cast<std::ptrdiff_t>(first),
                                          heights.begin() + static_cast<std::ptrdiff_t>(end));
    for (std::size_t i = first; i < end; ++i)
      plan.cells.emplace_back(left(i - first), y, std::max(1, left(i - first + 1) - gap - left(i - first)), tallest);
    y += tallest + gap;
  }
  plan.height = std::max(0, y - gap);
  return plan;
}

FlowLayout::FlowLayout(QWidget* parent, int minimum_card_width, int gap)
    : ItemLayout(parent), minimum_card_width_(minimum_card_width), gap_(gap) {}

FlowPlan FlowLayout::plan(int width) const {
  const auto shown =
      std::count_if(items().begin(), items().end(), [](const QLayoutItem* item) { return !item->isEmpty(); });
  const int columns = flow_columns(width, minimum_card_width_, gap_, static_cast<int>(shown));
  const int card = std::max(1, (width - (columns - 1) * gap_) / columns);
  std::vector<int> heights;
  for (QLayoutItem* item : items()) {
    if (item->isEmpty()) continue;
    heights.push_back(item->hasHeightForWidth() ? item->heightForWidth(card) : item->sizeHint().height());
  }
  return plan_flow(width, minimum_card_width_, gap_, heights);
}

int FlowLayout::heightForWidth(int width) const {
  const QMargins m = contentsMargins();
  return plan(width - m.left() - m.right()).height + m.top() + m.bottom();
}

QSize FlowLayout::sizeHint() const {
  return {2 * minimum_card_width_ + gap_, heightForWidth(2 * minimum_card_width_ + gap_)};
}

QSize FlowLayout::minimumSize() const {
  const QMargins m = contentsMargins();
  return {minimum_card_width_ + m.left() + m.right(), m.top() + m.bottom()};
}

void FlowLayout::setGeometry(const QRect& rect) {
  QLayout::setGeometry(rect);
  const QRect inner = rect.marginsRemoved(contentsMargins());
  const FlowPlan cells = plan(inner.width());
  columns_ = cells.columns;
  std::size_t next = 0;
  for (QLayoutItem* item : items())
    if (!item->isEmpty()) item->setGeometry(cells.cells[next++].translated(inner.topLeft()));
}

}  // namespace athanor::widgets
