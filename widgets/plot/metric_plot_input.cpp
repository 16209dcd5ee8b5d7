// What keys and the pointer do in a plot.
#include "widgets/parts/range.h"
#include "widgets/plot/envelope/pick.h"
#include "widgets/plot/metric_plot.h"
#include "widgets/plot/plot_canvas.h"
#include "widgets/plot/plot_link.h"

#include <QKeyEvent>
#include <QMenu>
#include <QStackedWidget>
#include <QToolButton>

#include <algorithm>
#include <cmath>
#include <utility>

namespace athanor::widgets {
namespace {

constexpr double kMostZoom = 1e4;  // of the whole range

// Ranges are zoomed and moved as they look: on a logarithmic axis by their logarithms.
class Scale {
 public:
  explicit Scale(bool logarithmic) : logarithmic_(logarithmic) {}
  [[nodiscard]] double in(double x) const { return logarithmic_ ? std::log10(std::max(x, 1e-300)) : x; }
  [[nodiscard]] double out(double x) const { return logarithmic_ ? std::pow(10.0, x) : x; }
  [[nodiscard]] std::pair<double, double> in(std::pair<double, double> x) const { return {in(x.first), in(x.second)}; }
  [[nodiscard]] std::pair<double, double> out(std::pair<double, double> x) const {
    return {out(x.first), out(x.second)};
  }

 private:
  bool logarithmic_;
};

double length(std::pair<double, double> range) { return range.second - range.first; }

}  // namespace

void MetricPlot::zoom(double anchor, double factor) {
  const Scale scale(link_->is_logarithmic_x());
  const auto whole = scale.in(whole_x());
  const auto next = zoomed(scale.in(x_range_), scale.in(anchor), factor, whole, length(whole) / kMostZoom);
  if (length(next) >= length(whole) * 0.999) return link_->reset_range();
  const auto range = scale.out(next);
  link_->set_range(range.first, range.second);
}

void MetricPlot::pan(double share) {
  if (!link_->range()) return;
  const Scale scale(link_->is_logarithmic_x());
  const auto range = scale.in(x_range_);
  const auto next = scale.out(panned(range, length(range) * share, scale.in(whole_x())));
  link_->set_range(next.first, next.second);
}

void MetricPlot::move_cursor(int columns) {
  const Curve* curve = current_ ? &curves_[*current_] : first_shown();
  if (!curve || x_of(*curve, axis()).values.empty()) return;
  const auto last = static_cast<std::ptrdiff_t>(curve->columns->size()) - 1;
  const auto at = std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(column_shown(*curve)) + columns, 0, last);
  const auto column = static_cast<std::size_t>(at);
  link_->set_cursor(x_of(*curve, axis())[column]);
  const double step = curve->columns->x(XAxis::step)[column];
  setAccessibleDescription(tr("%1 at step %2").arg(legend_text(), QString::number(step, 'f', 0)));
}

void MetricPlot::go_to_curve(bool up) {
  const double x = link_->cursor().value_or(x_range_.second);
  if (const auto next = next_curve(curves_, axis(), x, current_, up)) {
    set_current(next);
    announce_current();
  }
}

void MetricPlot::set_current(std::optional<std::size_t> index) {
  const std::int64_t id = index ? curves_[*index].id : kNoCurve;
  if (index == current_ && id == current_id_) return;
  const std::int64_t before = std::exchange(current_id_, id);
  current_ = index;
  current_name_ = index ? curves_[*index].name : QString();
  update_legend();
  update();
  link_->set_highlight(id);
  show_highlight();
  if (id != before) Q_EMIT curve_hovered(id);
}

void MetricPlot::find_current() {
  if (!current_) return;
  const auto is_it = [&](const Curve& curve) {
    return curve.is_shown() && curve.id == current_id_ && curve.name == current_name_;
  };
  if (*current_ < curves_.size() && is_it(curves_[*current_])) return;
  const auto found = std::ranges::find_if(curves_, is_it);
  if (found == curves_.end())
    set_current(std::nullopt);
  else
    current_ = static_cast<std::size_t>(found - curves_.begin());
}

// Where several plots are linked, all curves of the run.
void MetricPlot::show_highlight() {
  std::vector<std::size_t> which;
  for (std::size_t c = 0; c < curves_.size(); ++c)
    if (current_ == c || (link_->highlight() != kNoCurve && curves_[c].id == link_->highlight())) which.push_back(c);
  canvas_->set_highlighted(which);
}

// As the item of the accessible tree that it is, and in the plot's own words.
void MetricPlot::announce_current() {
  const Curve& curve = curves_[*current_];
  const QString name = curve.label.isEmpty() ? title_ : curve.label;
  setAccessibleDescription(tr("%1: %2").arg(name, place_text(curve, column_shown(curve))));
  const auto end = curves_.begin() + static_cast<std::ptrdiff_t>(*current_);
  QAccessibleEvent event(this, QAccessible::Focus);
  event.setChild(static_cast<int>(std::count_if(curves_.begin(), end, [](const Curve& c) { return c.is_shown(); })));
  QAccessible::updateAccessibility(&event);
}

void MetricPlot::choose(std::size_t index) {
  if (index < curves_.size()) Q_EMIT curve_clicked(curves_[index].id);
}

void MetricPlot::keyPressEvent(QKeyEvent* event) {
  const double middle = link_->is_logarithmic_x() && x_range_.first > 0 ? std::sqrt(x_range_.first * x_range_.second)
                                                                        : (x_range_.first + x_range_.second) / 2;
  const bool control = event->modifiers() & Qt::ControlModifier;
  const bool shift = event->modifiers() & Qt::ShiftModifier;
  switch (event->key()) {
    case Qt::Key_Left: control ? move_cursor(-1) : pan(-0.2); break;
    case Qt::Key_Right: control ? move_cursor(1) : pan(0.2); break;
    case Qt::Key_Up:
    case Qt::Key_Down:
      if (shown_ < 2) return QFrame::keyPressEvent(event);  // scrolls the page
      go_to_curve(event->key() == Qt::Key_Up);
      break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (!current_) return QFrame::keyPressEvent(event);
      choose(*current_);
      break;
    case Qt::Key_Plus:
    case Qt::Key_Equal: zoom(middle, 0.7); break;
    case Qt::Key_Minus: zoom(middle, 1 / 0.7); break;
    case Qt::Key_Home: link_->reset_range(); break;
    case Qt::Key_Escape:
      link_->set_cursor(std::nullopt);
      set_current(std::nullopt);
      break;
    case Qt::Key_L:
      shift ? link_->set_logarithmic_x(!link_->is_logarithmic_x()) : set_logarithmic(!logarithmic_);
      break;
    case Qt::Key_T: show_table(stack_->currentWidget() == canvas_); break;
    default: QFrame::keyPressEvent(event); return;
  }
  event->accept();
}

void MetricPlot::focusInEvent(QFocusEvent* event) {
  QFrame::focusInEvent(event);
  update();
}

void MetricPlot::focusOutEvent(QFocusEvent* event) {
  QFrame::focusOutEvent(event);
  update();
}

void MetricPlot::contextMenuEvent(QContextMenuEvent* event) { menu_button_->menu()->popup(event->globalPos()); }

}  // namespace athanor::widgets
