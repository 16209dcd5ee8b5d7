#include "widgets/parts/range.h"
#include "widgets/timeline/timeline_view.h"

#include <QKeyEvent>

#include <algorithm>
#include <cmath>

namespace athanor::widgets {
namespace {

constexpr double kDragPixels = 4;
constexpr double kLeastRange = 1e-8;  // some nanoseconds
constexpr double kSelectShare = 0.05;

}  // namespace

void TimelineView::move_to(double from, double to) {
  set_range(from, to);
  Q_EMIT moved();
}

void TimelineView::set_selection(std::optional<std::pair<double, double>> range) {
  if (range && !(range->second > range->first)) range.reset();
  if (range == selection_) return;
  selection_ = range;
  describe();
  update();
  const auto [from, to] = range.value_or(std::pair(0.0, 0.0));
  Q_EMIT range_selected(from, to);
}

void TimelineView::zoom_to_selection() {
  if (selection_) move_to(selection_->first, selection_->second);
}

// From the middle of what is in sight on, or on from where the selection ends.
void TimelineView::extend_selection(double share) {
  const double length = range_.second - range_.first;
  const double middle = (range_.first + range_.second) / 2;
  auto [from, to] = selection_.value_or(std::pair(middle, middle));
  to = std::clamp(to + share * length, 0.0, whole());
  if (to < from) std::swap(from, to);
  set_selection(std::pair(from, to));
}

void TimelineView::keyPressEvent(QKeyEvent* event) {
  const double length = range_.second - range_.first;
  const double middle = (range_.first + range_.second) / 2;
  const bool control = event->modifiers() & Qt::ControlModifier;
  const bool shift = event->modifiers() & Qt::ShiftModifier;
  const auto sideways = [&](int by) {
    if (control) return step_bar(by);
    if (shift) return extend_selection(by * kSelectShare);
    move_to(range_.first + by * 0.2 * length, range_.second + by * 0.2 * length);
  };
  const auto zoom = [&](double factor) {
    const auto next = zoomed(range_, middle, factor, {0, whole()}, kLeastRange);
    move_to(next.first, next.second);
  };
  switch (event->key()) {
    case Qt::Key_Left: sideways(-1); break;
    case Qt::Key_Right: sideways(1); break;
    case Qt::Key_Up: step_row(-1); break;
    case Qt::Key_Down: step_row(1); break;
    case Qt::Key_Plus:
    case Qt::Key_Equal: zoom(0.7); break;
    case Qt::Key_Minus: zoom(1 / 0.7); break;
    case Qt::Key_Home: move_to(0, whole()); break;
    case Qt::Key_End: Q_EMIT newest_wanted(); break;
    case Qt::Key_Return:
    case Qt::Key_Enter: zoom_to_selection(); break;
    case Qt::Key_Escape:
      set_selection(std::nullopt);
      go(std::nullopt);
      break;
    default: QWidget::keyPressEvent(event); return;
  }
  event->accept();
}

void TimelineView::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton || data_.rows.empty()) return;
  const bool selects = event->modifiers() & Qt::ShiftModifier || event->position().y() < lanes().top();
  drag_ = selects ? Drag::select : Drag::pan;
  has_dragged_ = false;
  drag_x_ = event->position().x();
  drag_range_ = range_;
}

void TimelineView::mouseMoveEvent(QMouseEvent* event) {
  const double x = event->position().x();
  if (drag_ == Drag::none) {
    setCursor(event->position().y() < lanes().top() && !data_.rows.empty() ? Qt::IBeamCursor : Qt::ArrowCursor);
    return go(place_at(event->position()));
  }
  if (!has_dragged_ && std::abs(x - drag_x_) < kDragPixels) return;
  has_dragged_ = true;
  if (drag_ == Drag::pan) {
    setCursor(Qt::ClosedHandCursor);
    const double by = (drag_x_ - x) / lanes().width() * (drag_range_.second - drag_range_.first);
    return move_to(drag_range_.first + by, drag_range_.second + by);
  }
  const auto [from, to] = std::minmax({time_in_sight(drag_x_), time_in_sight(x)});
  set_selection(std::pair(from, to));
}

void TimelineView::mouseReleaseEvent(QMouseEvent*) {
  if (drag_ != Drag::none && !has_dragged_) set_selection(std::nullopt);
  drag_ = Drag::none;
  setCursor(Qt::ArrowCursor);
}

void TimelineView::mouseDoubleClickEvent(QMouseEvent* event) {
  drag_ = Drag::none;
  const double at = time_at(event->position().x());
  if (selection_ && at >= selection_->first && at <= selection_->second) return zoom_to_selection();
  move_to(0, whole());
}

void TimelineView::wheelEvent(QWheelEvent* event) {
  const double turns = (event->angleDelta().y() != 0 ? event->angleDelta().y() : event->angleDelta().x()) / 120.0;
  const double length = range_.second - range_.first;
  const bool sideways = event->modifiers() & Qt::ShiftModifier || event->angleDelta().y() == 0;
  if (sideways) {
    move_to(range_.first - 0.1 * turns * length, range_.second - 0.1 * turns * length);
  } else if (event->modifiers() & Qt::ControlModifier || hasFocus()) {
    const auto next = zoomed(range_, time_at(event->position().x()), std::pow(0.8, turns), {0, whole()}, kLeastRange);
    move_to(next.first, next.second);
  } else {
    event->ignore();  // the page scrolls
    return;
  }
  event->accept();
}

void TimelineView::leaveEvent(QEvent*) { go(std::nullopt); }

void TimelineView::focusInEvent(QFocusEvent* event) {
  QWidget::focusInEvent(event);
  update();
}

void TimelineView::focusOutEvent(QFocusEvent* event) {
  QWidget::focusOutEvent(event);
  update();
}

void TimelineView::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  measure_labels();
}

void TimelineView::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::FontChange) measure_labels();
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) update();
}

}  // namespace athanor::widgets
