#include "widgets/plot/metric_plot.h"

#include "widgets/common/glyph.h"
#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/parts/range.h"
#include "widgets/parts/text_paint.h"
#include "widgets/plot/curve_table.h"
#include "widgets/plot/plot_canvas.h"
#include "widgets/plot/plot_link.h"

#include <QClipboard>
#include <QFileDialog>
#include <QHeaderView>
#include <QMenu>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include <cmath>

namespace athanor::widgets {
namespace {
using namespace Qt::Literals::StringLiterals;
constexpr int kHeader = 32;
constexpr int kEdge = 2 * kGrid - 4;
constexpr int kMenuRoom = 20;
}  // namespace

MetricPlot::MetricPlot(const QString& title, QWidget* parent)
    : QFrame(parent), title_(title), empty_text_(tr("Nothing measured yet")) {
  announce_painted_items();
  setFocusPolicy(Qt::StrongFocus);
  setObjectName(u"plot"_s);
  setMinimumHeight(168);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(kGrid / 2, kHeader + 2, kGrid / 2, kGrid / 2);
  stack_ = new QStackedWidget(this);
  canvas_ = new PlotCanvas(stack_);
  stack_->addWidget(canvas_);
  layout->addWidget(stack_);
  own_link_ = new PlotLink(this);
  build_menu();
  connect(canvas_, &PlotCanvas::zoom_requested, this, [this](double from, double to) { link_->set_range(from, to); });
  connect(canvas_, &PlotCanvas::reset_requested, this, [this] { link_->reset_range(); });
  connect(canvas_, &PlotCanvas::cursor_requested, this, [this](double x) { link_->set_cursor(x); });
  connect(canvas_, &PlotCanvas::cursor_left, this, [this] { link_->set_cursor(std::nullopt); });
  connect(canvas_, &PlotCanvas::wheel_zoom_requested, this,
          [this](double anchor, double factor) { zoom(anchor, factor); });
  connect(canvas_, &QCustomPlot::afterReplot, this, [this] {
    if (!fresh_) return;
    fresh_ = false;
    Q_EMIT drawn();
  });
  set_link(nullptr);
}

MetricPlot::~MetricPlot() = default;

void MetricPlot::build_menu() {
  menu_button_ = new QToolButton(this);
  menu_button_->setIcon(glyph_icon(Glyph::more));
  menu_button_->setAutoRaise(true);
  menu_button_->setPopupMode(QToolButton::InstantPopup);
  menu_button_->setAccessibleName(tr("Options of the plot “%1”").arg(title_));
  menu_button_->setToolTip(tr("Plot options"));
  auto* menu = new QMenu(menu_button_);
  log_action_ = menu->addAction(tr("Logarithmic scale\tL"));
  log_action_->setCheckable(true);
  connect(log_action_, &QAction::toggled, this, [this](bool on) { set_logarithmic(on); });
  table_action_ = menu->addAction(tr("Show as table\tT"));
  table_action_->setCheckable(true);
  connect(table_action_, &QAction::toggled, this, [this](bool on) { show_table(on); });
  connect(menu->addAction(tr("Whole range\tHome")), &QAction::triggered, this, [this] { link_->reset_range(); });
  menu->addSeparator();
  connect(menu->addAction(tr("Copy the numbers")), &QAction::triggered, this, [this] {
    CurveTable table;
    table.set_curves(curves_, axis());
    QGuiApplication::clipboard()->setText(table.as_text());
  });
  connect(menu->addAction(tr("Save as picture or PDF…")), &QAction::triggered, this, [this] { ask_where_to_save(); });
  menu_button_->setMenu(menu);
}

void MetricPlot::ask_where_to_save() {
  auto* dialog = new QFileDialog(this, tr("Save the plot"), {}, tr("PDF (*.pdf);;PNG picture (*.png)"));
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix(u"pdf"_s);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& file) { canvas_->save(file, 960, 480); });
  dialog->open();
}

void MetricPlot::set_unit(const QString& unit) { unit_ = unit; }
void MetricPlot::set_percent(bool on) {
  percent_ = on;
  canvas_->set_percent(on);
}

void MetricPlot::set_robust(bool on) {
  robust_ = on;
  refresh();
}

void MetricPlot::set_whole_x(double last_step, double last_second, double first_step) {
  if (last_step == whole_step_ && last_second == whole_second_ && first_step == first_step_) return;
  first_step_ = first_step;
  whole_step_ = last_step;
  whole_second_ = last_second;
  refresh();
}

void MetricPlot::set_empty_text(const QString& text) {
  if (text == empty_text_) return;
  empty_text_ = text;
  refresh();
}

void MetricPlot::set_link(PlotLink* link) {
  if (link_) link_->disconnect(this);
  link_ = link ? link : own_link_;
  connect(link_, &PlotLink::range_changed, this, [this] { refresh(); });
  connect(link_, &PlotLink::axis_changed, this, [this] { set_curves(std::move(curves_)); });
  connect(link_, &PlotLink::cursor_changed, this, [this] {
    canvas_->set_cursor(link_->cursor());
    update_legend();
    canvas_->replot(QCustomPlot::rpQueuedReplot);
    update();
  });
  refresh();
}

XAxis MetricPlot::axis() const { return link_->axis(); }

void MetricPlot::set_curves(std::vector<Curve> curves) {
  curves_ = std::move(curves);
  fit_legend();
  canvas_->set_curves(curves_, axis());
  canvas_->set_markers(markers_, axis());
  if (table_model_ && stack_->currentWidget() == table_) table_model_->set_curves(curves_, axis());
  fresh_ = true;
  refresh();
  describe();
}

void MetricPlot::set_markers(std::vector<PlotMarker> markers) {
  markers_ = std::move(markers);
  canvas_->set_markers(markers_, axis());
  refresh();
}

std::pair<double, double> MetricPlot::whole_x() const {
  auto extent = x_extent(curves_, axis()).value_or(std::pair{0.0, 1.0});
  if (const double end = axis() == XAxis::step ? whole_step_ : whole_second_; end > 0)
    extent = {std::min(extent.first, axis() == XAxis::step ? first_step_ : 0.0), std::max(extent.second, end)};
  if (extent.first == extent.second) extent.second = extent.first + 1;
  return extent;
}

void MetricPlot::refresh() {
  bool any = false;
  for (const Curve& curve : curves_) any = any || !curve.columns.empty();
  canvas_->set_empty_text(any ? QString() : empty_text_);
  canvas_->set_time_axis(axis() == XAxis::time);
  x_range_ = link_->range().value_or(whole_x());
  const auto [from, to] = x_range_;
  canvas_->set_x_range(from, to);
  y_range_ = y_extent(curves_, axis(), from, to, logarithmic_, robust_)
                 .value_or(logarithmic_ ? std::pair{0.1, 1.0} : std::pair{0.0, 1.0});
  canvas_->set_y_range(y_range_.first, y_range_.second);
  canvas_->replot(QCustomPlot::rpQueuedReplot);
  update();
}

void MetricPlot::set_logarithmic(bool on) {
  if (on == logarithmic_) return;
  logarithmic_ = on;
  log_action_->setChecked(on);
  canvas_->set_logarithmic(on);
  refresh();
  Q_EMIT logarithmic_changed(on);
}

void MetricPlot::show_table(bool on) {
  if (on && !table_) {
    table_model_ = new CurveTable(this);
    table_ = new QTableView(stack_);
    table_->setModel(table_model_);
    table_->setAccessibleName(tr("Numbers of the plot “%1”").arg(title_));
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(22);
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    table_->setFrameShape(QFrame::NoFrame);
    table_->setShowGrid(false);
    table_->setFont(tabular_font(font()));
    stack_->addWidget(table_);
  }
  if (on) table_model_->set_curves(curves_, axis());
  stack_->setCurrentIndex(on ? 1 : 0);
  table_action_->setChecked(on);
}

int MetricPlot::useful_columns() const { return std::clamp(canvas_->plot_width(), 120, 1600); }

QString MetricPlot::value_text(double value) const {
  if (percent_) return percent_text(value, 1);
  if (unit_.isEmpty()) return number_text(value);
  return std::abs(value) >= 1000 ? si_text(value, unit_) : number_text(value) + u'\u00a0' + unit_;
}

QString MetricPlot::legend_text() const {
  QStringList parts;
  for (const Curve& curve : curves_) {
    if (curve.columns.empty()) continue;
    const CurveColumn* column =
        link_->cursor() ? nearest_column(curve, axis(), *link_->cursor()) : &curve.columns.back();
    parts << (curves_.size() > 1 ? curve.label + u' ' : QString()) + value_text(column->last);
  }
  return parts.join(u"  "_s);
}

void MetricPlot::describe() {
  setAccessibleName(tr("Plot: %1").arg(title_));
  if (curves_.empty() || curves_.front().columns.empty()) {
    setAccessibleDescription(empty_text_);
    return;
  }
  const CurveColumn& last = curves_.front().columns.back();
  setAccessibleDescription(tr("%1 at step %2").arg(legend_text(), QString::number(last.step, 'f', 0)));
}

std::vector<PaintedItem> MetricPlot::painted_items() const {
  std::vector<PaintedItem> out;
  for (const Curve& curve : curves_) {
    if (curve.columns.empty()) continue;
    const CurveColumn& last = curve.columns.back();
    out.push_back({curve.label.isEmpty() ? title_ : curve.label,
                   tr("%1 at step %2").arg(value_text(last.last), QString::number(last.step, 'f', 0)),
                   stack_->geometry(), QAccessible::Graphic});
  }
  return out;
}

int MetricPlot::title_width() const {
  return QFontMetrics(scaled(font(), 0.95, QFont::DemiBold)).horizontalAdvance(title_) + 4;
}

// The room beside the title, left of the menu.
QRect MetricPlot::header_box() const { return {kEdge, 2, width() - 2 * kEdge - kMenuRoom, kHeader}; }

void MetricPlot::update_legend() {
  std::vector<LegendEntry> entries;
  for (const Curve& curve : curves_) {
    if (curve.columns.empty()) continue;
    const CurveColumn* column =
        link_->cursor() ? nearest_column(curve, axis(), *link_->cursor()) : &curve.columns.back();
    entries.push_back({curve.colour, curves_.size() > 1 ? curve.label : QString(), value_text(column->last)});
  }
  legend_.set_entries(std::move(entries));
}

void MetricPlot::fit_legend() {
  update_legend();
  legend_beside_ = legend_.fits_beside(font(), header_box().width() - title_width() - kGrid);
  const int lines = legend_beside_ ? 0 : legend_.lines_below(font(), width() - 2 * kEdge);
  layout()->setContentsMargins(kGrid / 2, kHeader + 2 + lines * kLegendRow, kGrid / 2, kGrid / 2);
}

void MetricPlot::paint_header(QPainter& painter) const {
  const QRect box = header_box();
  painter.setFont(scaled(font(), 0.95, QFont::DemiBold));
  painter.setPen(current_theme().color(Role::text));
  paint_elided(painter, box, Qt::AlignVCenter | Qt::AlignLeft, title_);
  if (legend_beside_)
    legend_.paint_beside(painter, font(), box);
  else
    legend_.paint_below(painter, font(), {kEdge, box.bottom() - 2, width() - 2 * kEdge, kLegendRow});
}

void MetricPlot::paintEvent(QPaintEvent*) {
  const Theme& theme = current_theme();
  QPainter painter(this);
  paint_card(painter, rect(), theme.color(Role::surface), theme.color(hasFocus() ? Role::accent : Role::border),
             kRadius);
  painter.setRenderHint(QPainter::Antialiasing);
  if (link_->cursor() && !curves_.empty() && !curves_.front().columns.empty()) {
    const CurveColumn* at = nearest_column(curves_.front(), axis(), *link_->cursor());
    const QString where = axis() == XAxis::step ? tr("step %1").arg(at->step, 0, 'f', 0) : duration_text(at->seconds);
    painter.setFont(tabular_font(scaled(font(), 0.85)));
    painter.setPen(theme.color(Role::muted));
    painter.drawText(QRect(kEdge, height() - 22, width() - 3 * kGrid, 18), Qt::AlignRight | Qt::AlignVCenter, where);
  }
  paint_header(painter);
}

void MetricPlot::resizeEvent(QResizeEvent* event) {
  QFrame::resizeEvent(event);
  fit_legend();
  menu_button_->setGeometry(width() - 32, 5, 26, 26);
}

void MetricPlot::zoom(double anchor, double factor) {
  const auto whole = whole_x();
  const auto next = zoomed(link_->range().value_or(whole), anchor, factor, whole, (whole.second - whole.first) / 1e4);
  if (next.second - next.first >= (whole.second - whole.first) * 0.999)
    link_->reset_range();
  else
    link_->set_range(next.first, next.second);
}

void MetricPlot::move_cursor(int columns) {
  if (curves_.empty() || curves_.front().columns.empty()) return;
  const auto& all = curves_.front().columns;
  const CurveColumn* at = link_->cursor() ? nearest_column(curves_.front(), axis(), *link_->cursor()) : &all.back();
  const auto index =
      std::clamp<std::ptrdiff_t>(at - all.data() + columns, 0, static_cast<std::ptrdiff_t>(all.size()) - 1);
  link_->set_cursor(x_of(all[static_cast<std::size_t>(index)], axis()));
  setAccessibleDescription(
      tr("%1 at step %2").arg(legend_text(), QString::number(all[static_cast<std::size_t>(index)].step, 'f', 0)));
}

void MetricPlot::keyPressEvent(QKeyEvent* event) {
  const auto whole = whole_x();
  const auto range = link_->range().value_or(whole);
  const double middle = (range.first + range.second) / 2;
  const auto pan = [&](double share) {
    if (!link_->range()) return;
    const auto next = panned(range, (range.second - range.first) * share, whole);
    link_->set_range(next.first, next.second);
  };
  const bool control = event->modifiers() & Qt::ControlModifier;
  switch (event->key()) {
    case Qt::Key_Left: control ? move_cursor(-1) : pan(-0.2); break;
    case Qt::Key_Right: control ? move_cursor(1) : pan(0.2); break;
    case Qt::Key_Plus:
    case Qt::Key_Equal: zoom(middle, 0.7); break;
    case Qt::Key_Minus: zoom(middle, 1 / 0.7); break;
    case Qt::Key_Home: link_->reset_range(); break;
    case Qt::Key_Escape: link_->set_cursor(std::nullopt); break;
    case Qt::Key_L: set_logarithmic(!logarithmic_); break;
    case Qt::Key_T: show_table(stack_->currentWidget() == canvas_); break;
    default: QFrame::keyPressEvent(event); return;
  }
  event->accept();
}

void MetricPlot::changeEvent(QEvent* event) {
  QFrame::changeEvent(event);
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) {
    canvas_->apply_theme();
    canvas_->replot(QCustomPlot::rpQueuedReplot);
    update();
  }
}

void MetricPlot::focusInEvent(QFocusEvent* event) {
  QFrame::focusInEvent(event);
  update();
}

void MetricPlot::focusOutEvent(QFocusEvent* event) {
  QFrame::focusOutEvent(event);
  update();
}

void MetricPlot::showEvent(QShowEvent* event) {
  QFrame::showEvent(event);
  refresh();
}

void MetricPlot::contextMenuEvent(QContextMenuEvent* event) { menu_button_->menu()->popup(event->globalPos()); }

}  // namespace athanor::widgets
