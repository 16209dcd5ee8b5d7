#include "app/pages/live/live_page.h"

#include "app/actions/action_registry.h"
#include "app/controllers/history_controller.h"
#include "app/controllers/live_controller.h"
#include "app/models/run_words.h"
#include "app/pages/live/live_pictures.h"
#include "app/pages/live/live_words.h"
#include "app/pages/parts/page_parts.h"
#include "app/settings/settings.h"
#include "widgets/common/numbers.h"
#include "widgets/feedback/busy_chip.h"
#include "widgets/feedback/empty_page.h"
#include "widgets/feedback/message_bar.h"
#include "widgets/gallery/retrieval_board.h"
#include "widgets/log/log_ring.h"
#include "widgets/log/log_view.h"
#include "widgets/parts/flow_layout.h"
#include "widgets/parts/text_paint.h"
#include "widgets/plot/metric_plot.h"
#include "widgets/plot/plot_link.h"
#include "widgets/plot/strip.h"
#include "widgets/tables/cell_delegates.h"

#include <QAction>
#include <QHeaderView>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollBar>
#include <QSlider>
#include <QStackedWidget>
#include <QTableWidget>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using widgets::Glyph;
using widgets::kGrid;
constexpr std::size_t kLogLines = 20'000;
constexpr int kLeastBar = 6;

}  // namespace

LivePage::LivePage(LiveController* live, HistoryController* history, PictureLoader* pictures, ActionRegistry* actions,
                   Settings* settings, QWidget* parent)
    : Page(u"live"_s, tr("Live"), parent), live_(live), history_(history), actions_(actions), settings_(settings) {
  pictures_ = new LivePictures(pictures, this);
  link_ = new widgets::PlotLink(this);
  ring_ = new widgets::LogRing(kLogLines, this);
  add_actions();
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  stack_ = new QStackedWidget(this);
  empty_ = new widgets::EmptyPage(stack_);
  empty_->set_content(
      Glyph::pulse, tr("No run is open"),
      tr("Open a run from the history, or launch a new one, to watch its curves, its answers and its log here."),
      tr("Set up an experiment"));
  connect(empty_, &widgets::EmptyPage::action_triggered, this, &LivePage::new_requested);
  stack_->addWidget(empty_);
  auto* whole = new QWidget(stack_);
  auto* column = new QVBoxLayout(whole);
  column->setContentsMargins(kPageMargin, kGrid * 2, 0, 0);
  column->setSpacing(kGrid + 4);
  column->addWidget(build_header());
  auto* trouble_row = new QHBoxLayout;
  trouble_row->setContentsMargins(0, 0, kPageMargin, 0);
  trouble_ = new widgets::MessageBar(whole);
  trouble_row->addWidget(trouble_);
  column->addLayout(trouble_row);
  scroll_ = new PageScroll(whole);
  build_plots(scroll_->body());
  build_lower(scroll_->body());
  column->addWidget(scroll_, 1);
  stack_->addWidget(whole);
  layout->addWidget(stack_);

  connect(live_, &LiveController::run_changed, this, [this] { show_run(); });
  connect(live_, &LiveController::state_changed, this, [this] { show_state(); });
  connect(live_, &LiveController::curves_changed, this, [this] { show_curves(); });
  connect(live_, &LiveController::occurrences_changed, this, [this] { show_occurrences(); });
  connect(live_, &LiveController::log_cleared, ring_, &widgets::LogRing::clear);
  connect(live_, &LiveController::log_arrived, this,
          [this](const std::vector<store::LogEntry>& entries) { ring_->append(log_rows(entries)); });
  connect(live_, &LiveController::board_steps_changed, this, [this] {
    board_->set_steps(live_->board_steps());
    // The first evaluation is the natural thing to compare with.
    if (live_->board_steps().size() > 1 && board_->compared_step() < 0)
      board_->set_compared_step(live_->board_steps().front());
  });
  connect(live_, &LiveController::board_changed, this, [this] { show_board(); });
  connect(history_->curves(), &CurveStore::curve_changed, this, [this](qint64 run) {
    if (shown_ && run == live_->run_id()) show_state();
  });
  connect(live_, &LiveController::first_loaded, this, [this] {
    show_state();
    Q_EMIT became_ready();
  });
  connect(live_, &LiveController::notice, this, &Page::notice);
  connect(board_, &widgets::RetrievalBoard::steps_chosen, live_, &LiveController::set_board_steps);
  auto* clock = new QTimer(this);
  clock->setInterval(1000);
  connect(clock, &QTimer::timeout, this, [this] {
    if (shown_) show_state();
  });
  clock->start();
  live_->set_smoothing(settings_->value(Setting::live_smoothing).toDouble());
  show_run();
}

void LivePage::add_actions() {
  const QString where = tr("Live");
  const auto add = [&](const char* id, const QString& text, Glyph glyph, const QList<QKeySequence>& keys,
                       const QString& button, std::function<void()> act) {
    actions_->add(this, {QString::fromLatin1(id), where, text, glyph, keys, button}, std::move(act));
  };
  add("live.stop", tr("Stop this run, with a checkpoint"), Glyph::stop, {QKeySequence(Qt::CTRL | Qt::Key_Period)},
      tr("Stop"), [this] { history_->stop(live_->run_id()); });
  add("live.resume", tr("Resume this run"), Glyph::play, {}, tr("Resume"),
      [this] { history_->resume(live_->run_id()); });
  add("live.fork", tr("Fork this run from a checkpoint"), Glyph::fork, {}, tr("Fork…"), [this] { choose_fork(); });
  add("live.new_from", tr("Set up a new experiment like this run"), Glyph::copy, {}, tr("New from this"),
      [this] { Q_EMIT new_from_requested(live_->run_id()); });
  add("live.axis", tr("Switch between steps and time"), Glyph::clock, {QKeySequence(Qt::Key_X)}, {},
      [this] { time_axis_->toggle(); });
  add("live.reset", tr("Show the whole run in every plot"), Glyph::reset, {}, {}, [this] { link_->reset_range(); });
}

QWidget* LivePage::build_header() {
  auto* header = new QWidget(this);
  auto* column = new QVBoxLayout(header);
  column->setContentsMargins(0, 0, kPageMargin, 0);
  column->setSpacing(kGrid);
  auto* row = new QHBoxLayout;
  row->setSpacing(kGrid);
  name_ = new widgets::ElidedLabel(header);
  name_->setFont(widgets::scaled(font(), 1.5, QFont::DemiBold));
  name_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  row->addWidget(name_, 1);
  chip_ = new widgets::BusyChip(header);
  row->addWidget(chip_, 0, Qt::AlignVCenter);
  row->addSpacing(kGrid);
  for (const char* id : {"live.stop", "live.resume", "live.fork", "live.new_from"}) {
    QPushButton* button = make_button(actions_->action(QString::fromLatin1(id)), header);
    row->addWidget(button);
  }
  column->addLayout(row);
  auto* state = new QHBoxLayout;
  state->setSpacing(kGrid * 2);
  progress_ = new QProgressBar(header);
  progress_->setTextVisible(false);
  progress_->setAccessibleName(tr("Progress of the run"));
  progress_->setFixedWidth(112);
  state->addWidget(progress_);
  progress_text_ = new widgets::ElidedLabel(header);
  progress_text_->setForegroundRole(QPalette::PlaceholderText);
  progress_text_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  progress_text_->setFont(widgets::tabular_font(font()));
  state->addWidget(progress_text_, 1);
  tools_ = build_tools();
  state->addWidget(tools_);
  column->addLayout(state);
  return header;
}

QWidget* LivePage::build_tools() {
  auto* tools = new QWidget(this);
  tools->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
  auto* row = new QHBoxLayout(tools);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(kGrid);
  auto* label = make_muted(tr("Smoothing"), tools);
  row->addWidget(label);
  smoothing_ = new QSlider(Qt::Horizontal, tools);
  smoothing_->setRange(0, 99);
  smoothing_->setFixedWidth(88);
  smoothing_->setAccessibleName(tr("Smoothing of the training curves"));
  smoothing_->setValue(static_cast<int>(std::lround(settings_->value(Setting::live_smoothing).toDouble() * 100)));
  label->setBuddy(smoothing_);
  row->addWidget(smoothing_);
  connect(smoothing_, &QSlider::valueChanged, this, [this](int value) {
    settings_->set(Setting::live_smoothing, value / 100.0);
    live_->set_smoothing(value / 100.0);
  });
  time_axis_ = new QToolButton(tools);
  time_axis_->setText(tr("Over time"));
  time_axis_->setCheckable(true);
  time_axis_->setProperty("chip", true);
  time_axis_->setFocusPolicy(Qt::StrongFocus);
  time_axis_->setAccessibleName(tr("Draw over time instead of steps"));
  connect(time_axis_, &QToolButton::toggled, this, [this](bool on) {
    settings_->set(Setting::live_time_axis, on);
    link_->set_axis(on ? widgets::XAxis::time : widgets::XAxis::step);
  });
  time_axis_->setChecked(settings_->flag(Setting::live_time_axis));
  row->addWidget(time_axis_);
  return tools;
}

void LivePage::build_plots(QVBoxLayout* layout) {
  const QStringList logarithmic = settings_->value(Setting::log_y_metrics).toStringList();
  const auto make = [&](const PlotSpec& spec, QWidget* parent) {
    auto* plot = new widgets::MetricPlot(spec.title, parent);
    plot->set_unit(spec.unit);
    plot->set_percent(spec.percent);
    plot->set_robust(spec.robust);
    plot->set_empty_text(spec.empty);
    plot->set_link(link_);
    plot->set_logarithmic(logarithmic.contains(q(spec.id)));
    plots_[spec.id] = plot;
    connect(plot, &widgets::MetricPlot::drawn, this, [this, id = spec.id] { note_drawn(id); });
    connect(plot, &widgets::MetricPlot::logarithmic_changed, this, [this] {
      QStringList on;
      for (const auto& [id, other] : plots_)
        if (other->is_logarithmic()) on << q(id);
      settings_->set(Setting::log_y_metrics, on);
    });
    return plot;
  };
  figures_ = new QWidget(scroll_->widget());
  auto* figures = new QVBoxLayout(figures_);
  figures->setContentsMargins(0, 0, 0, 0);
  figures->setSpacing(kGrid + 4);
  auto* large = new QHBoxLayout;
  large->setSpacing(kGrid + 4);
  auto* small_box = new QWidget(figures_);
  auto* small = new widgets::FlowLayout(small_box, 248, kGrid + 4);
  for (const PlotSpec& spec : live_plots()) {
    widgets::MetricPlot* plot = make(spec, spec.large ? figures_ : small_box);
    if (spec.large) {
      plot->setMinimumHeight(256);
      large->addWidget(plot, spec.id == "loss" ? 3 : 2);
    } else {
      plot->setFixedHeight(176);
      small->addWidget(plot);
    }
    plot->setVisible(!spec.optional);
  }
  figures->addLayout(large);
  figures->addWidget(small_box);
  strip_box_ = new QWidget(figures_);
  strip_flow_ = new widgets::FlowLayout(strip_box_, 400, kGrid + 4);
  figures->addWidget(strip_box_);
  auto* board_card = new Card(tr("What it finds"), figures_);
  board_ = new widgets::RetrievalBoard(pictures_, board_card);
  board_card->body()->addWidget(board_);
  board_card_ = board_card;
  figures->addWidget(board_card);
  layout->addWidget(figures_);

  auto* bare = new Card(tr("Nothing was measured"), scroll_->widget());
  QLabel* words = make_muted(tr("The run was over before its first step. What it said is kept below."), bare);
  words->setWordWrap(true);
  bare->body()->addWidget(words);
  bare_ = bare;
  bare_->hide();
  layout->addWidget(bare_);
}

void LivePage::build_lower(QVBoxLayout* layout) {
  const auto table = [this](QWidget* parent, const QStringList& headings, const QString& name) {
    auto* made = new QTableWidget(0, static_cast<int>(headings.size()), parent);
    made->setHorizontalHeaderLabels(headings);
    made->verticalHeader()->hide();
    made->verticalHeader()->setDefaultSectionSize(28);
    made->horizontalHeader()->setHighlightSections(false);
    made->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    made->setShowGrid(false);
    made->setEditTriggers(QAbstractItemView::NoEditTriggers);
    made->setSelectionBehavior(QAbstractItemView::SelectRows);
    made->setFrameShape(QFrame::NoFrame);
    made->setStyleSheet(u"QTableView { border: none; }"_s);
    made->setTabKeyNavigation(false);
    made->setItemDelegate(new widgets::TextCell(made));
    made->setAccessibleName(name);
    return made;
  };
  auto* pair = new QHBoxLayout;
  pair->setSpacing(kGrid + 4);
  auto* check_card = new Card(tr("Plan against fact"), scroll_->widget());
  check_card_ = check_card;
  check_empty_ = make_muted({}, check_card);
  check_empty_->setWordWrap(true);
  check_card->body()->addWidget(check_empty_);
  check_ = table(check_card, {tr("Quantity"), tr("Planned"), tr("Measured"), tr("Off by")}, tr("Plan against fact"));
  check_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  check_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
  check_->horizontalHeader()->setMinimumSectionSize(84);
  for (int column = 1; column < 4; ++column) {
    check_->setItemDelegateForColumn(column, new widgets::NumberCell(check_));
    check_->horizontalHeaderItem(column)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
  }
  check_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  check_->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  check_card->body()->addWidget(check_);
  check_card->body()->addStretch(1);
  pair->addWidget(check_card, 1);
  auto* event_card = new Card(tr("What happened"), scroll_->widget());
  events_ = table(event_card, {tr("Time"), tr("Step"), tr("Event")}, tr("What happened in the run"));
  events_->horizontalHeader()->setStretchLastSection(true);
  events_->horizontalHeader()->setMinimumSectionSize(72);
  events_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
  events_->horizontalHeader()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
  for (int column = 0; column < 2; ++column)
    events_->setItemDelegateForColumn(column, new widgets::NumberCell(events_));
  events_->horizontalHeaderItem(0)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
  events_->horizontalHeaderItem(1)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
  events_->setMinimumHeight(180);
  event_card->body()->addWidget(events_);
  pair->addWidget(event_card, 1);
  layout->addLayout(pair);

  auto* log_card = new Card(tr("Log"), scroll_->widget());
  auto* log = new widgets::LogView(ring_, log_card);
  log->setFixedHeight(280);
  log_card->body()->addWidget(log);
  layout->addWidget(log_card);
}

void LivePage::show_run() {
  stack_->setCurrentIndex(live_->run_id() == 0 ? 0 : 1);
  history_->set_opened(live_->run_id());
  newest_ns_.clear();
  drawn_ns_.clear();
  for (auto& [name, strip] : strips_) strip->deleteLater();
  strips_.clear();
  link_->reset_range();
  scroll_->verticalScrollBar()->setValue(0);
  show_state();
  show_occurrences();
}

void LivePage::show_state() {
  const store::Run* run = live_->run();
  const bool live = run && store::is_live(run->status);
  const QString none = tr("No run is open.");
  actions_->set_reason(u"live.stop"_s, !run                                        ? none
                                       : !live                                     ? tr("The run is over.")
                                       : run->status == store::RunStatus::stopping ? tr("The run is stopping.")
                                                                                   : QString());
  actions_->set_reason(u"live.resume"_s, !run                                        ? none
                                         : live                                      ? tr("The run is going on.")
                                         : run->status == store::RunStatus::finished ? tr("The run is finished.")
                                                                                     : QString());
  const bool begun = run && own_steps(*run) > 0;
  if (begun || live)
    actions_->set_words(u"live.resume"_s, tr("Resume this run"), tr("Resume"));
  else
    actions_->set_words(u"live.resume"_s, tr("Start this run again"), tr("Start again"));
  actions_->set_reason(u"live.fork"_s, !run                                ? none
                                       : live_->checkpoint_steps().empty() ? tr("The run has no checkpoint yet.")
                                                                           : QString());
  actions_->set_reason(u"live.new_from"_s, run ? QString() : none);
  // A number that names no run, or one that was deleted meanwhile.
  const bool missing = !run && history_->is_read() && live_->is_loaded();
  if (missing) stack_->setCurrentIndex(0);
  if (!run) return;
  stack_->setCurrentIndex(1);
  pictures_->set_folder(q(run->directory));
  name_->set_text(q(run->name));
  const StatusLook look = look_of(run->status);
  chip_->set_state(look.word, look.tone,
                   run->status == store::RunStatus::running ? std::nullopt : std::optional(look.glyph), true);
  progress_->setVisible(begun || live);
  progress_->setRange(0, 1000);
  // A bar of less than its own height would not be drawn.
  const int done = run->steps > 0 ? static_cast<int>(1000 * run->step / run->steps) : 0;
  progress_->setValue(begun ? std::max(done, 1000 * kLeastBar / progress_->width()) : 0);
  const std::int64_t now = wall_now_ns();
  progress_text_->set_text(progress_words(*run, now, pace_of(*run, *history_->curves(), now)));
  show_prospects(live);
  show_faults();
}

// While a run goes on, what is empty says what will fill it; afterwards nothing will.
void LivePage::show_prospects(bool live) {
  for (const PlotSpec& spec : live_plots())
    plots_.at(spec.id)->set_empty_text(live ? spec.empty : tr("Nothing was measured"));
  board_->set_empty_text(live ? tr("The first evaluation brings the probe queries and their best answers here.")
                              : tr("The run was over before its first evaluation."));
  check_empty_->setText(live ? tr("After ten steps the run holds its plan against what was measured.")
                             : tr("The run was over before its plan was held against what was measured."));
  const bool bare = !live && live_->is_loaded() && live_->board_steps().empty() &&
                    std::none_of(live_plots().begin(), live_plots().end(),
                                 [this](const PlotSpec& spec) { return !plots_.at(spec.id)->curves().empty(); });
  tools_->setVisible(!bare);
  figures_->setVisible(!bare);
  check_card_->setVisible(!bare);
  bare_->setVisible(bare);
}

// From the start, or the step forked from, to the newest sample of any plot, or to the planned end while there is none:
// evaluations, which come rarely, stand under the steps they belong to.
void LivePage::show_extent(double last_step, double last_second) {
  if (last_step <= 0 && live_->run()) last_step = static_cast<double>(live_->run()->steps);
  const double first_step = live_->run() && live_->run()->parent ? static_cast<double>(live_->run()->fork_step) : 0;
  for (const auto& [id, plot] : plots_) plot->set_whole_x(last_step, last_second, first_step);
}

void LivePage::show_curves() {
  double last_step = 0;
  double last_second = 0;
  for (const PlotSpec& spec : live_plots()) {
    std::vector<widgets::Curve> curves;
    std::int64_t newest = 0;
    for (std::size_t i = 0; i < spec.metrics.size(); ++i) {
      const auto found = live_->curves().find(spec.metrics[i].name);
      if (found == live_->curves().end()) continue;
      curves.push_back(curve_of(spec.metrics[i], static_cast<int>(i), found->second));
      if (found->second.empty()) continue;
      newest = std::max(newest, found->second.back().time_ns);
      last_step = std::max(last_step, found->second.back().step);
      last_second = std::max(last_second, found->second.back().seconds);
    }
    newest_ns_[spec.id] = newest;
    if (spec.optional) plots_.at(spec.id)->setVisible(!curves.empty());
    plots_.at(spec.id)->set_curves(std::move(curves));
  }
  show_extent(last_step, last_second);
  int widest = 0;
  for (const auto& [id, plot] : plots_) widest = std::max(widest, plot->useful_columns());
  live_->set_columns(widest);
  show_strips();
  show_state();
}

void LivePage::show_strips() {
  for (const DeviceCurves& device : device_curves(live_->curves())) {
    auto& strip = strips_[device.name];
    if (!strip) {
      strip = new widgets::UtilisationStrip(device.label, static_cast<int>(strips_.size()) - 1, strip_box_);
      strip_flow_->addWidget(strip);
      strip->show();
    }
    strip->set_samples(device.samples);
    strip->set_detail(device.detail);
  }
  strip_box_->setVisible(!strips_.empty());
}

void LivePage::show_occurrences() {
  show_plan_check();
  const std::vector<EventWords> rows = event_words(live_->occurrences());
  events_->setRowCount(static_cast<int>(rows.size()));
  for (int i = 0; i < static_cast<int>(rows.size()); ++i) {
    const EventWords& row = rows[static_cast<std::size_t>(i)];
    const QString cells[] = {row.time, row.step, row.text};
    for (int column = 0; column < 3; ++column) {
      auto* item = new QTableWidgetItem(cells[column]);
      if (column == 2) item->setToolTip(row.detail);
      if (column < 2) item->setData(widgets::tone_role, static_cast<int>(widgets::Role::muted));
      events_->setItem(i, column, item);
    }
  }
  std::vector<widgets::PlotMarker> markers =
      markers_of(live_->occurrences(), live_->run() ? live_->run()->started_ns : 0);
  if (const auto loss = plots_.find("loss"); loss != plots_.end()) loss->second->set_markers(std::move(markers));
  show_state();
}

void LivePage::show_plan_check() {
  const std::vector<CheckWords> rows =
      check_words(live_->occurrences(), live_->run() ? live_->run()->status : store::RunStatus::finished);
  check_empty_->setVisible(rows.empty());
  check_->setVisible(!rows.empty());
  check_->setRowCount(static_cast<int>(rows.size()));
  for (int i = 0; i < static_cast<int>(rows.size()); ++i) {
    const CheckWords& row = rows[static_cast<std::size_t>(i)];
    const QString cells[] = {row.quantity, row.planned, row.measured, row.off};
    for (int column = 0; column < 4; ++column) check_->setItem(i, column, new QTableWidgetItem(cells[column]));
  }
  check_->setFixedHeight(check_->horizontalHeader()->sizeHint().height() +
                         static_cast<int>(rows.size()) * check_->verticalHeader()->defaultSectionSize());
}

// Why a run ended badly stands above its curves, with what to do.
void LivePage::show_faults() {
  const store::Run* run = live_->run();
  const bool bad = run && (run->status == store::RunStatus::failed || run->status == store::RunStatus::broken);
  const QString damage = run ? damage_words(*run) : QString();
  if (!bad && damage.isEmpty()) {
    trouble_->dismiss();
    return;
  }
  widgets::Message message = bad ? trouble_of(*run, live_->occurrences()) : widgets::Message();
  if (!bad) {
    message.kind = widgets::MessageKind::warning;
    message.intention = tr("Some of this run is lost");
  }
  if (!damage.isEmpty())
    message.cause = message.cause.isEmpty() ? damage : tr("%1. %2").arg(message.cause, widgets::capitalised(damage));
  if (trouble_->isVisibleTo(this) && trouble_->property("run").toLongLong() == run->id &&
      trouble_->property("cause").toString() == message.cause)
    return;
  trouble_->setProperty("run", QVariant::fromValue<qint64>(run->id));
  trouble_->setProperty("cause", message.cause);
  trouble_->show_message(message);
}

void LivePage::show_board() {
  board_->set_queries(widgets::compared(board_queries(live_->board_shown()), board_queries(live_->board_compared())));
}

void LivePage::note_drawn(const std::string& id) {
  const std::int64_t newest = newest_ns_[id];
  if (newest <= drawn_ns_[id] || !shown_) return;
  const bool first = drawn_ns_[id] == 0;
  drawn_ns_[id] = newest;
  const auto& curves = plots_.at(id)->curves();
  if (first || curves.empty() || curves.front().columns.empty()) return;
  Q_EMIT sample_drawn(curves.front().name, static_cast<qint64>(curves.front().columns.back().step),
                      static_cast<double>(wall_now_ns() - newest) * 1e-6);
}

void LivePage::choose_fork() {
  auto* list = new QMenu(this);
  list->setAttribute(Qt::WA_DeleteOnClose);
  list->addSection(tr("Fork from the checkpoint at"));
  const std::vector<std::int64_t> steps = live_->checkpoint_steps();
  for (auto step = steps.rbegin(); step != steps.rend(); ++step)
    connect(list->addAction(tr("step %1").arg(*step)), &QAction::triggered, this,
            [this, at = *step] { Q_EMIT fork_requested(live_->run_id(), at); });
  list->popup(name_->mapToGlobal(QPoint(name_->width() / 2, name_->height())));
}

bool LivePage::is_ready() const { return live_->run_id() == 0 || live_->is_loaded(); }

void LivePage::entered() {
  shown_ = true;
  live_->set_visible(true);
  setFocus(Qt::OtherFocusReason);
}

void LivePage::left() {
  shown_ = false;
  live_->set_visible(false);
}

widgets::MetricPlot* LivePage::plot(const std::string& id) const {
  const auto found = plots_.find(id);
  return found == plots_.end() ? nullptr : found->second;
}

// The page itself holds the focus until something on it is chosen: then the keys scroll it.
void LivePage::keyPressEvent(QKeyEvent* event) {
  QScrollBar* bar = scroll_->verticalScrollBar();
  switch (event->key()) {
    case Qt::Key_PageDown:
    case Qt::Key_Space: bar->triggerAction(QAbstractSlider::SliderPageStepAdd); break;
    case Qt::Key_PageUp: bar->triggerAction(QAbstractSlider::SliderPageStepSub); break;
    case Qt::Key_Down: bar->triggerAction(QAbstractSlider::SliderSingleStepAdd); break;
    case Qt::Key_Up: bar->triggerAction(QAbstractSlider::SliderSingleStepSub); break;
    case Qt::Key_Home: bar->triggerAction(QAbstractSlider::SliderToMinimum); break;
    case Qt::Key_End: bar->triggerAction(QAbstractSlider::SliderToMaximum); break;
    default: Page::keyPressEvent(event);
  }
}

void LivePage::scroll_to_bottom() { scroll_->verticalScrollBar()->setValue(scroll_->verticalScrollBar()->maximum()); }
void LivePage::scroll_to_board() { scroll_->verticalScrollBar()->setValue(board_card_->y()); }

}  // namespace athanor::app
