// What a plot says: its legend, its description, its curves to assistive programs.
#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/plot/metric_plot.h"
#include "widgets/plot/plot_link.h"

#include <QStackedWidget>

#include <algorithm>
#include <cmath>

namespace athanor::widgets {
namespace {

using namespace Qt::Literals::StringLiterals;
constexpr std::size_t kMostEntries = 8;  // of a legend that is cut

}  // namespace

QString MetricPlot::value_text(double value) const {
  if (percent_) return percent_text(value, 1);
  if (unit_.isEmpty()) return number_text(value);
  return std::abs(value) >= 1000 ? si_text(value, unit_) : number_text(value) + u'\u00a0' + unit_;
}

QString MetricPlot::place_text(const Curve& curve, std::size_t column) const {
  return tr("%1 at step %2")
      .arg(value_text(curve.columns->last()[column]), QString::number(curve.columns->x(XAxis::step)[column], 'f', 0));
}

std::size_t MetricPlot::column_shown(const Curve& curve) const {
  const auto at = link_->cursor() ? nearest_column(curve, axis(), *link_->cursor()) : std::nullopt;
  return at.value_or(curve.columns->size() - 1);
}

const Curve* MetricPlot::first_shown() const {
  const auto found = std::ranges::find_if(curves_, &Curve::is_shown);
  return found == curves_.end() ? nullptr : &*found;
}

std::vector<std::size_t> MetricPlot::by_rank(std::size_t most) const {
  std::vector<std::size_t> out;
  const bool whole = shown_ <= most;
  for (const bool emphasised : {true, false})
    for (std::size_t c = 0; c < curves_.size() && out.size() < most; ++c) {
      const bool first = whole || curves_[c].emphasis > Emphasis::normal;
      if (curves_[c].is_shown() && first == emphasised) out.push_back(c);
    }
  return out;
}

QString MetricPlot::legend_text() const {
  QStringList parts;
  const std::vector<std::size_t> named = by_rank(kLegendWhole);
  for (const std::size_t c : named) {
    const QString value = value_text(curves_[c].columns->last()[column_shown(curves_[c])]);
    parts << (shown_ > 1 ? curves_[c].label + u' ' : QString()) + value;
  }
  if (named.size() < shown_) parts << more_text(shown_ - named.size());
  return parts.join(u"  "_s);
}

void MetricPlot::describe() {
  setAccessibleName(tr("Plot: %1").arg(title_));
  const Curve* first = first_shown();
  if (!first) return setAccessibleDescription(empty_text_);
  const double step = first->columns->x(XAxis::step).back();
  setAccessibleDescription(tr("%1 at step %2").arg(legend_text(), QString::number(step, 'f', 0)));
}

std::vector<PaintedItem> MetricPlot::painted_items() const {
  std::vector<PaintedItem> out;
  for (std::size_t c = 0; c < curves_.size(); ++c) {
    const Curve& curve = curves_[c];
    if (!curve.is_shown()) continue;
    out.push_back({curve.label.isEmpty() ? title_ : curve.label, place_text(curve, curve.columns->size() - 1),
                   stack_->geometry(), QAccessible::Graphic, current_ == c});
  }
  return out;
}

LegendEntry MetricPlot::entry_of(std::size_t index, const Theme& theme) const {
  const Curve& curve = curves_[index];
  return {line_look(curve, shown_, theme), shown_ > 1 ? curve.label : QString(),
          value_text(curve.columns->last()[column_shown(curve)]), current_ == index};
}

void MetricPlot::update_legend() {
  const Theme& theme = current_theme();
  std::vector<LegendEntry> entries;
  for (const std::size_t c : by_rank(kMostEntries)) entries.push_back(entry_of(c, theme));
  legend_.set_entries(std::move(entries), shown_);
  legend_.set_current(current_ ? std::optional(entry_of(*current_, theme)) : std::nullopt);
}

}  // namespace athanor::widgets
