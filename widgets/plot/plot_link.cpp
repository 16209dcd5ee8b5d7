#include "widgets/plot/plot_link.h"

namespace athanor::widgets {

PlotLink::PlotLink(QObject* parent) : QObject(parent) {}

void PlotLink::set_axis(XAxis axis) {
  if (axis == axis_) return;
  axis_ = axis;
  cursor_.reset();
  range_.reset();
  Q_EMIT axis_changed();
  Q_EMIT range_changed();
}

void PlotLink::set_logarithmic_x(bool on) {
  if (on == logarithmic_x_) return;
  logarithmic_x_ = on;
  Q_EMIT axis_changed();
}

void PlotLink::set_range(double from, double to) {
  if (!(from < to)) return;
  if (range_ && range_->first == from && range_->second == to) return;
  range_ = {from, to};
  Q_EMIT range_changed();
}

void PlotLink::reset_range() {
  if (!range_) return;
  range_.reset();
  Q_EMIT range_changed();
}

void PlotLink::set_cursor(std::optional<double> x) {
  if (x == cursor_) return;
  cursor_ = x;
  Q_EMIT cursor_changed();
}

void PlotLink::set_highlight(std::int64_t id) {
  if (id == highlight_) return;
  highlight_ = id;
  Q_EMIT highlight_changed();
}

}  // namespace athanor::widgets
