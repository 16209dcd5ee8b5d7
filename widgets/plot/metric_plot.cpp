#include "widgets/plot/metric_plot.h"

#include "widgets/common/glyph.h"
#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"
#include "widgets/plot/axis_words.h"
#include "widgets/plot/curve_table.h"
#include "widgets/plot/plot_canvas.h"
#include "widgets/plot/plot_link.h"

#include <QClipboard>
#include <QHeaderView>
#include <QMenu>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <utility>

namespace athanor::widgets {
namespace {
using namespace Qt::Literals::StringLiterals;
constexpr int kHeader = 32;
constexpr int kEdge = 2 * kGrid - 4;
constexpr int kMenuRoom = 20;
constexpr int kDetailStep = 32;  // columns: the width of numbers beside an axis is no other view
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
  connect_canvas();
  set_link(nullptr);
}

MetricPlot::~MetricPlot() = default;

void MetricPlot::connect_canvas() {
  connect(canvas_, &PlotCanvas::zoom_requested, this, [this](double from, double to) { link_->set_range(from, to); });
  connect(canvas_, &PlotCanvas::reset_requested, this, [this] { link_->reset_range(); });
  connect(canvas_, &PlotCanvas::cursor_requested, this, [this](double x) { link_->set_cursor(x); });
  connect(canvas_, &PlotCanvas::cursor_left, this, [this] { link_->set_cursor(std::nullopt); });
  connect(canvas_, &PlotCanvas::wheel_zoom_requested, this,
          [this](double anchor, double factor) { zoom(anchor, factor); });
  connect(canvas_, &PlotCanvas::pointed_at, this, [this](int curve) {
    set_current(curve < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(curve)));
  });
  connect(canvas_, &PlotCanvas::clicked_on, this, [this](int curve) { choose(static_cast<std::size_t>(curve)); });
  connect(canvas_, &PlotCanvas::resized, this, [this] { note_view(); });
  connect(canvas_, &QCustomPlot::afterReplot, this, [this] {
    note_view();
    if (!std::exchange(settled_, canvas_->is_current()) && settled_) Q_EMIT settled();
    if (canvas_->shown_content() == std::exchange(drawn_content_, canvas_->shown_content())) return;
    Q_EMIT drawn();
  });
}

void MetricPlot::build_menu() {
  menu_button_ = new QToolButton(this);
  menu_button_->setIcon(glyph_icon(Glyph::more));
  menu_button_->setAutoRaise(true);
  menu_button_->setPopupMode(QToolButton::InstantPopup);
  menu_button_->setAccessibleName(tr("Options of the plot “%1”").arg(title_));
  menu_button_->setToolTip(tr("Plot options"));
  auto* menu = new QMenu(menu_button_);
  build_scales(menu);
  menu->addSeparator();
  build_ways_out(menu);
  menu_button_->setMenu(menu);
}

void MetricPlot::build_scales(QMenu* menu) {
  log_action_ = menu->addAction(tr("Logarithmic scale\tL"));
  log_action_->setCheckable(true);
  connect(log_action_, &QAction::toggled, this, [this](bool on) { set_logarithmic(on); });
  log_x_action_ = menu->addAction(tr("Logarithmic in x\tShift+L"));
  log_x_action_->setCheckable(true);
  connect(log_x_action_, &QAction::toggled, this, [this](bool on) { link_->set_logarithmic_x(on); });
  table_action_ = menu->addAction(tr("Show as table\tT"));
  table_action_->setCheckable(true);
  connect(table_action_, &QAction::toggled, this, [this](bool on) { show_table(on); });
  connect(menu->addAction(tr("Whole range\tHome")), &QAction::triggered, this, [this] { link_->reset_range(); });
}

void MetricPlot::build_ways_out(QMenu* menu) {
  connect(menu->addAction(tr("Copy the numbers")), &QAction::triggered, this, [this] {
    CurveTable table;
    table.set_curves(curves_, axis());
    QGuiApplication::clipboard()->setText(table.as_text());
  });
  connect(menu->addAction(tr("Save as figure or numbers…")), &QAction::triggered, this,
          [this] { ask_where_to_save(); });
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
  refresh(true);
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
  connect(link_, &PlotLink::axis_changed, this, [this] { take_axis(); });
  connect(link_, &PlotLink::highlight_changed, this, [this] { show_highlight(); });
  connect(link_, &PlotLink::cursor_changed, this, [this] {
    canvas_->set_cursor(link_->cursor());
    update_legend();
    update();
  });
  take_axis();
}

void MetricPlot::take_axis() {
  const QSignalBlocker quiet(log_x_action_);
  log_x_action_->setChecked(link_->is_logarithmic_x());
  canvas_->set_logarithmic(link_->is_logarithmic_x(), logarithmic_);
  set_curves(std::move(curves_));
}

bool MetricPlot::is_current() const { return canvas_->is_current(); }
XAxis MetricPlot::axis() const { return link_->axis(); }

void MetricPlot::set_curves(std::vector<Curve> curves) {
  curves_ = std::move(curves);
  shown_ = static_cast<std::size_t>(std::ranges::count_if(curves_, &Curve::is_shown));
  find_current();
  fit_legend();
  canvas_->set_curves(curves_, axis());
  show_highlight();
  canvas_->set_markers(markers_, axis());
  if (table_model_ && stack_->currentWidget() == table_) table_model_->set_curves(curves_, axis());
  refresh(true);
  describe();
}

void MetricPlot::set_markers(std::vector<PlotMarker> markers) {
  markers_ = std::move(markers);
  canvas_->set_markers(markers_, axis());
  refresh(true);
}

std::pair<double, double> MetricPlot::whole_x() const {
  const bool logarithmic = link_->is_logarithmic_x();
  auto extent =
      x_extent(curves_, axis(), logarithmic).value_or(logarithmic ? std::pair{1.0, 10.0} : std::pair{0.0, 1.0});
  const double end = axis() == XAxis::step ? whole_step_ : axis() == XAxis::time ? whole_second_ : 0;
  if (end > 0) {
    const double begin = axis() == XAxis::step ? first_step_ : 0.0;
    extent.second = std::max(extent.second, end);
    if (!logarithmic || begin > 0) extent.first = std::min(extent.first, begin);
  }
  if (extent.first == extent.second) extent.second = logarithmic ? extent.first * 10 : extent.first + 1;
  return extent;
}

void MetricPlot::refresh(bool new_numbers) {
  canvas_->set_empty_text(shown_ > 0 ? QString() : empty_text_);
  const auto whole = whole_x();
  x_range_ = link_->range().value_or(whole);
  if (link_->is_logarithmic_x() && x_range_.first <= 0)
    x_range_ = {whole.first, std::max(x_range_.second, whole.first * 1.001)};
  y_range_ = y_extent(curves_, axis(), x_range_.first, x_range_.second, logarithmic_, robust_)
                 .value_or(logarithmic_ ? std::pair{0.1, 1.0} : std::pair{0.0, 1.0});
  canvas_->show_ranges(x_range_, y_range_, !new_numbers);
  note_view();
  update();
}

void MetricPlot::note_view() {
  const int columns = (useful_columns() + kDetailStep - 1) / kDetailStep * kDetailStep;
  const View view{link_->range(), axis(), columns};
  if (shown_ == 0 || view == view_) return;
  view_ = view;
  if (std::exchange(detail_due_, true)) return;
  QMetaObject::invokeMethod(
      this,
      [this] {
        detail_due_ = false;
        Q_EMIT detail_wanted(x_range_.first, x_range_.second, view_.columns);
      },
      Qt::QueuedConnection);
}

void MetricPlot::set_logarithmic(bool on) {
  if (on == logarithmic_) return;
  logarithmic_ = on;
  log_action_->setChecked(on);
  canvas_->set_logarithmic(link_->is_logarithmic_x(), on);
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
    table_->setFrameShape(QFrame::NoFrame);
    table_->setShowGrid(false);
    table_->setFont(tabular_font(font()));
    stack_->addWidget(table_);
  }
  if (on) {
    table_model_->set_curves(curves_, axis());
    table_->horizontalHeader()->setSectionResizeMode(shown_ <= kLegendWhole ? QHeaderView::Stretch
                                                                            : QHeaderView::Interactive);
  }
  stack_->setCurrentIndex(on ? 1 : 0);
  table_action_->setChecked(on);
}

int MetricPlot::useful_columns() const { return std::clamp(canvas_->plot_width(), 120, 1600); }

int MetricPlot::title_width() const {
  return QFontMetrics(scaled(font(), 0.95, QFont::DemiBold)).horizontalAdvance(title_) + 4;
}

// The room beside the title, left of the menu.
QRect MetricPlot::header_box() const { return {kEdge, 2, width() - 2 * kEdge - kMenuRoom, kHeader}; }

void MetricPlot::fit_legend() {
  update_legend();
  legend_beside_ = legend_.fits_beside(font(), header_box().width() - title_width() - kGrid);
  const int lines = legend_beside_ ? 0 : legend_.lines_below(font(), width() - 2 * kEdge);
  layout()->setContentsMargins(kGrid / 2, kHeader + 2 + lines * kLegendRow, kGrid / 2, kGrid / 2);
}

void MetricPlot::paint_header(QPainter& painter) const {
  const Theme& theme = current_theme();
  const QRect box = header_box();
  painter.setFont(scaled(font(), 0.95, QFont::DemiBold));
  painter.setPen(theme.color(Role::text));
  paint_elided(painter, box, Qt::AlignVCenter | Qt::AlignLeft, title_);
  if (legend_beside_) return legend_.paint_beside(painter, font(), box, theme);
  legend_.paint_below(painter, font(), {kEdge, box.bottom() - 2, width() - 2 * kEdge, kLegendRow}, theme);
  legend_.paint_current(painter, font(), box.adjusted(title_width() + kGrid, 0, 0, 0), theme);
}

void MetricPlot::paintEvent(QPaintEvent*) {
  const Theme& theme = current_theme();
  QPainter painter(this);
  paint_card(painter, rect(), theme.color(Role::surface), theme.color(hasFocus() ? Role::accent : Role::border),
             kRadius, hasFocus() ? theme.focus_line() : theme.hairline());
  painter.setRenderHint(QPainter::Antialiasing);
  if (const Curve* first = first_shown(); first && link_->cursor()) {
    const CurveX x = x_of(*first, axis());
    const QString where = x.values.empty() ? QString() : x_sentence(axis(), x[column_shown(*first)]);
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

void MetricPlot::changeEvent(QEvent* event) {
  QFrame::changeEvent(event);
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) {
    canvas_->apply_theme(current_theme());
    fit_legend();
    canvas_->replot(QCustomPlot::rpQueuedReplot);
    update();
  }
}

void MetricPlot::showEvent(QShowEvent* event) {
  QFrame::showEvent(event);
  refresh();
}

}  // namespace athanor::widgets
