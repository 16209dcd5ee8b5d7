#include "app/pages/live/live_page.h"

#include "app/actions/action_registry.h"
#include "app/controllers/history_controller.h"
#include "app/controllers/live_controller.h"
#include "app/controllers/timeline_controller.h"
#include "app/models/run_wishes.h"
#include "app/models/run_words.h"
#include "app/pages/live/fault_menu.h"
#include "app/pages/live/live_plots.h"
#include "app/pages/live/live_tables.h"
#include "app/pages/live/live_words.h"
#include "app/pages/live/timeline_card.h"
#include "app/pages/parts/axis_button.h"
#include "app/pages/parts/board_queries.h"
#include "app/pages/parts/page_parts.h"
#include "app/pages/parts/run_pictures.h"
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

#include <QAction>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollBar>
#include <QSlider>
#include <QStackedWidget>
#include <QTimer>
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
constexpr int kTableWidth = 440;  // at least, so that no cell of the tables is cut

}  // namespace

LivePage::LivePage(LiveController* live, HistoryController* history, PictureLoader* pictures, ActionRegistry* actions,
                   Settings* settings, bool developer, QWidget* parent)
    : Page(u"live"_s, tr("Live"), parent), live_(live), history_(history), actions_(actions), settings_(settings) {
  pictures_ = new RunPictures(pictures, this);
  ring_ = new widgets::LogRing(kLogLines, this);
  add_actions();
  if (developer) faults_ = new FaultMenu(live_, history_, actions_, this);
  build();
  connect_signals();
  live_->set_smoothing(settings_->value(Setting::live_smoothing).toDouble());
  show_run();
}

void LivePage::build() {
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
  build_figures(scroll_->body());
  build_lower(scroll_->body());
  plots_->set_axis(axis_->axis());
  column->addWidget(scroll_, 1);
  stack_->addWidget(whole);
  layout->addWidget(stack_);
}

void LivePage::connect_signals() {
  connect(live_, &LiveController::run_changed, this, [this] { show_run(); });
  connect(live_, &LiveController::state_changed, this, [this] { show_state(); });
  connect(live_, &LiveController::curves_changed, this, [this] { show_curves(); });
  connect(live_, &LiveController::occurrences_changed, this, [this] { show_occurrences(); });
  connect(live_, &LiveController::step_picture_changed, this, [this] { show_timeline(); });
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
  connect(history_->curves(), &CurveStore::curves_changed, this, [this](const auto& runs) {
    if (shown_ && std::ranges::find(runs, live_->run_id()) != runs.end()) show_state();
  });
  connect(live_, &LiveController::first_loaded, this, [this] {
    show_state();
    Q_EMIT became_ready();
  });
  connect(live_, &LiveController::notice, this, &Page::notice);
  if (faults_) connect(faults_, &FaultMenu::notice, this, &Page::notice);
  connect(timeline_, &TimelineCard::range_selected, this,
          [this](qint64 begin_ns, qint64 end_ns) { plots_->show_times(begin_ns, end_ns); });
  connect(timeline_, &TimelineCard::trace_wanted, this, [this](const QString& file, double from, double to) {
    if (const store::Run* run = live_->run())
      live_->timeline()->save_trace(q(run->directory), file,
                                    to > from ? std::optional(std::pair(from, to)) : std::nullopt);
  });
  connect(plots_, &LivePlots::sample_drawn, this, &LivePage::sample_drawn);
  connect(board_, &widgets::RetrievalBoard::steps_chosen, live_, &LiveController::set_board_steps);
  auto* clock = new QTimer(this);
  clock->setInterval(1000);
  connect(clock, &QTimer::timeout, this, [this] {
    if (shown_) show_state();
  });
  clock->start();
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
  add("live.axis", tr("Draw the curves over the next thing: steps, samples, time"), Glyph::clock,
      {QKeySequence(Qt::Key_X)}, {}, [this] { axis_->choose_next(); });
  add("live.reset", tr("Show the whole run in every plot"), Glyph::reset, {}, {}, [this] { plots_->reset_range(); });
}

QWidget* LivePage::build_header() {
  auto* header = new QWidget(this);
  auto* column = new QVBoxLayout(header);
  column->setContentsMargins(0, 0, kPageMargin, 0);
  column->setSpacing(kGrid);
  const PageHeader head = make_page_header({}, header);
  QHBoxLayout* row = head.row;
  name_ = head.title;
  number_ = head.caption;
  chip_ = new widgets::BusyChip(header);
  row->addWidget(chip_, 0, Qt::AlignVCenter);
  row->addSpacing(kGrid);
  const auto add = [&](const QString& id) {
    QPushButton* button = make_button(actions_->action(id), header);
    row->addWidget(button);
    return button;
  };
  stop_ = add(u"live.stop"_s);
  resume_ = add(u"live.resume"_s);
  fork_ = add(u"live.fork"_s);
  add(u"live.new_from"_s);
  if (faults_) row->addWidget(faults_->make_button(header));
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
  axis_ = new AxisButton(tools);
  axis_->choose(settings_->text(Setting::live_axis));
  connect(axis_, &AxisButton::chosen, this, [this](const QString& id) {
    settings_->set(Setting::live_axis, id);
    plots_->set_axis(axis_->axis());
  });
  row->addWidget(axis_);
  return tools;
}

void LivePage::build_figures(QVBoxLayout* layout) {
  figures_ = new QWidget(scroll_->widget());
  auto* figures = new QVBoxLayout(figures_);
  figures->setContentsMargins(0, 0, 0, 0);
  figures->setSpacing(kGrid + 4);
  plots_ = new LivePlots(settings_, figures_);
  figures->addWidget(plots_);
  timeline_ = new TimelineCard(live_->timeline(), figures_);
  figures->addWidget(timeline_);
  recoveries_ = new RecoveriesCard(figures_);
  figures->addWidget(recoveries_);
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
  auto* pair = new QWidget(scroll_->widget());
  auto* cards = new widgets::FlowLayout(pair, kTableWidth, kGrid + 4);
  check_ = new PlanCheckCard(pair);
  cards->addWidget(check_);
  events_ = new EventsCard(pair);
  cards->addWidget(events_);
  layout->addWidget(pair);

  auto* log_card = new Card(tr("Log"), scroll_->widget());
  auto* log = new widgets::LogView(ring_, log_card);
  log->setFixedHeight(280);
  log_card->body()->addWidget(log);
  layout->addWidget(log_card);
}

void LivePage::show_run() {
  stack_->setCurrentIndex(live_->run_id() == 0 ? 0 : 1);
  history_->set_opened(live_->run_id());
  plots_->begin_run();
  timeline_->begin_run();
  scroll_->verticalScrollBar()->setValue(0);
  show_state();
  show_occurrences();
}

void LivePage::show_state() {
  const store::Run* run = live_->run();
  const bool live = run && store::is_live(run->status);
  const QString none = tr("No run is open.");
  actions_->set_reason(u"live.stop"_s, run ? why_not_stop(*run) : none);
  actions_->set_reason(u"live.resume"_s, run ? why_not_resume(*run) : none);
  if (run && resuming_starts_again(*run))
    actions_->set_words(u"live.resume"_s, tr("Start this run again"), tr("Start again"));
  else
    actions_->set_words(u"live.resume"_s, tr("Resume this run"), tr("Resume"));
  actions_->set_reason(u"live.fork"_s, !run                                ? none
                                       : live_->checkpoint_steps().empty() ? tr("The run has no checkpoint yet.")
                                                                           : QString());
  actions_->set_reason(u"live.new_from"_s, run ? QString() : none);
  if (faults_) faults_->show_state();
  // A number that names no run, or one that was deleted meanwhile.
  const bool missing = !run && history_->is_read() && live_->is_loaded();
  if (missing) stack_->setCurrentIndex(0);
  if (!run) return;
  stack_->setCurrentIndex(1);
  pictures_->set_folder(q(run->directory));
  name_->set_text(q(run->name));
  // One of the two at a time: the other could not be pressed.
  stop_->setVisible(live);
  resume_->setVisible(!live);
  number_->setText(tr("No. %1").arg(run->id));
  const bool begun = own_steps(*run) > 0;
  const StatusLook look = look_of(run->status);
  chip_->set_state(look.word, look.tone,
                   run->status == store::RunStatus::running ? std::nullopt : std::optional(look.glyph), true);
  progress_->setVisible(begun || live);
  progress_->setRange(0, 1000);
  // A bar of less than its own height would not be drawn.
  const int done = run->steps > 0 ? static_cast<int>(1000 * run->step / run->steps) : 0;
  progress_->setValue(begun ? std::max(done, 1000 * kLeastBar / progress_->width()) : 0);
  const std::int64_t now = wall_now_ns();
  progress_text_->set_parts(progress_words(*run, now, pace_of(*run, *history_->curves(), now)));
  show_prospects(live);
  show_faults();
}

// While a run goes on, what is empty says what will fill it; afterwards nothing will.
void LivePage::show_prospects(bool live) {
  plots_->show_prospects(live);
  check_->show_prospects(live);
  board_->set_empty_text(live ? tr("The first evaluation brings the probe queries and their best answers here.")
                              : tr("The run was over before its first evaluation."));
  const bool bare = !live && live_->is_loaded() && live_->board_steps().empty() && plots_->is_empty();
  for (QWidget* measured : {tools_, figures_, static_cast<QWidget*>(check_)}) measured->setVisible(!bare);
  bare_->setVisible(bare);
}

void LivePage::show_curves() {
  plots_->show_curves(live_->curves(), live_->run(), live_->samples_per_step());
  live_->set_columns(plots_->useful_columns());
  show_state();
}

void LivePage::show_timeline() {
  timeline_->show_timeline(live_->step_picture(), live_->occurrences());
  timeline_->show_figures(live_->step_picture(), last_values(live_->curves()));
  if (faults_) faults_->show_state();
}

void LivePage::show_occurrences() {
  const store::Run* run = live_->run();
  check_->show_check(live_->occurrences(), run ? run->status : store::RunStatus::finished);
  events_->show_events(live_->occurrences());
  recoveries_->show_recoveries(live_->occurrences());
  if (run) plots_->show_markers(markers_of(*run, live_->occurrences()));
  show_timeline();
  show_state();
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

void LivePage::choose_fork() {
  auto* list = new QMenu(this);
  list->setAttribute(Qt::WA_DeleteOnClose);
  add_menu_heading(list, tr("Fork from the checkpoint at"));
  const std::vector<std::int64_t> steps = live_->checkpoint_steps();
  for (auto step = steps.rbegin(); step != steps.rend(); ++step)
    connect(list->addAction(tr("step %1").arg(*step)), &QAction::triggered, this,
            [this, at = *step] { Q_EMIT fork_requested(live_->run_id(), at); });
  list->popup(fork_->mapToGlobal(QPoint(0, fork_->height())));
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

widgets::MetricPlot* LivePage::plot(const std::string& id) const { return plots_->plot(id); }

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
void LivePage::scroll_to_timeline() { scroll_->verticalScrollBar()->setValue(timeline_->y()); }
void LivePage::scroll_to_board() { scroll_->verticalScrollBar()->setValue(board_card_->y()); }

}  // namespace athanor::app
