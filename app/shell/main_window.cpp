#include "app/shell/main_window.h"

#include "app/actions/action_registry.h"
#include "app/controllers/compare_controller.h"
#include "app/controllers/experiment_controller.h"
#include "app/controllers/history_controller.h"
#include "app/controllers/live_controller.h"
#include "app/models/run_words.h"
#include "app/pages/compare/compare_page.h"
#include "app/pages/experiment/experiment_page.h"
#include "app/pages/live/live_page.h"
#include "app/pages/preferences/preferences_page.h"
#include "app/pages/runs/runs_page.h"
#include "app/settings/settings.h"
#include "app/shell/find_sheet.h"
#include "app/shell/run_news.h"
#include "app/shell/shortcut_sheet.h"
#include "app/shell/sidebar.h"
#include "app/shell/status_foot.h"
#include "app/theme/theme_switch.h"
#include "widgets/common/theme.h"
#include "widgets/feedback/message_bar.h"

#include <QAction>
#include <QCloseEvent>
#include <QStackedWidget>
#include <QStatusBar>
#include <QTableView>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using widgets::Glyph;
using widgets::kGrid;

constexpr int kRoomForWords = 960;  // in the sidebar
constexpr int kLayoutVersion = 1;   // raise when docks or toolbars change their meaning
const QString kRuns = u"runs"_s;
const QString kExperiment = u"experiment"_s;
const QString kLive = u"live"_s;
const QString kCompare = u"compare"_s;
const QString kPreferences = u"preferences"_s;

// Nothing has to be done about it.
bool is_passing(const Notice& notice) { return notice.kind == NoticeKind::info || notice.kind == NoticeKind::good; }

widgets::MessageKind kind_of(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::good: return widgets::MessageKind::good;
    case NoticeKind::warning: return widgets::MessageKind::warning;
    case NoticeKind::error: return widgets::MessageKind::error;
    case NoticeKind::info: break;
  }
  return widgets::MessageKind::info;
}

}  // namespace

MainWindow::MainWindow(const ShellParts& parts) : parts_(parts) {
  setObjectName(u"main_window"_s);
  setWindowTitle(u"Athanor"_s);
  setMinimumSize(880, 560);
  resize(1360, 860);
  actions_ = new ActionRegistry(this);
  set_time_style(time_style(parts_.settings->text(Setting::time_style)));
  auto* news = new RunNews(parts_.history->runs(), parts_.settings, this);
  connect(parts_.history->alerts(), &AlertFollower::told, this,
          [this, news](qint64 run, const QString& text, bool is_raised) {
            if (!is_raised) return;
            news->tell_alert(run, text);
            say({NoticeKind::warning, tr("Alert of run %1").arg(run), text, {}, {}, true});
          });
  build();
  add_actions();
  connect(parts_.history, &HistoryController::notice, this, &MainWindow::say);
  connect(parts_.history, &HistoryController::undo_changed, this, [this] { update_undo(); });
  connect(parts_.experiment, &ExperimentController::undo_changed, this, [this] { update_undo(); });
  connect(parts_.history, &HistoryController::trouble_changed, this, [this] {
    const auto said = said_.find({});
    if (parts_.history->trouble().intention.isEmpty() && said != said_.end() && said->second.kind == NoticeKind::error)
      take_back({});
  });
  connect(parts_.experiment, &ExperimentController::launched, this, [this](qint64 run) {
    take_back(kExperiment);
    parts_.history->refresh();
    open_run(run);
  });
  if (!parts_.history->trouble().intention.isEmpty()) say(parts_.history->trouble());
  restore_layout();
  if (!parts_.settings->is_writable())
    say({NoticeKind::warning,
         tr("Settings cannot be kept"),
         tr("The folder of Athanor is read-only"),
         tr("Make it writable, or set ATHANOR_HOME to another folder"),
         {},
         true});
}

MainWindow::~MainWindow() = default;

void MainWindow::build() {
  auto* centre = new QWidget(this);
  auto* row = new QHBoxLayout(centre);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(0);
  sidebar_ = new Sidebar(parts_.history->runs(), centre);
  sidebar_->add_page(kRuns, tr("Runs"), Glyph::runs, u"Ctrl+1"_s);
  sidebar_->add_page(kExperiment, tr("New experiment"), Glyph::flask, u"Ctrl+2"_s);
  sidebar_->add_page(kLive, tr("Live"), Glyph::pulse, u"Ctrl+3"_s);
  sidebar_->add_page(kCompare, tr("Compare"), Glyph::layers, u"Ctrl+4"_s);
  sidebar_->add_page(kPreferences, tr("Preferences"), Glyph::gear, u"Ctrl+,"_s);
  connect(sidebar_, &Sidebar::page_chosen, this, &MainWindow::show_page);
  connect(sidebar_, &Sidebar::run_chosen, this, [this](qint64 run) { open_run(run); });
  row->addWidget(sidebar_);
  auto* right = new QWidget(centre);
  auto* column = new QVBoxLayout(right);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* message_box = new QVBoxLayout;
  message_box->setContentsMargins(kGrid * 3, kGrid, kGrid * 3, 0);
  messages_ = new widgets::MessageBar(right);
  connect(messages_, &widgets::MessageBar::dismissed, this, [this] {
    if (shown_) take_back(*shown_);
  });
  message_box->addWidget(messages_);
  column->addLayout(message_box);
  stack_ = new QStackedWidget(right);
  column->addWidget(stack_, 1);
  row->addWidget(right, 1);
  setCentralWidget(centre);
  palette_ = new widgets::CommandPalette(this);
  connect(palette_, &widgets::CommandPalette::chosen, actions_, &ActionRegistry::run);
  sheet_ = new ShortcutSheet(this);
  find_ = new FindSheet(parts_.history, this);
  connect(find_, &FindSheet::run_chosen, this, [this](qint64 run) { open_run(run); });
  statusBar()->setSizeGripEnabled(false);
  statusBar()->addWidget(new StatusFoot(parts_.link, parts_.history->runs(), statusBar()), 1);
  statusBar()->setContentsMargins(0, 2, kGrid * 3, 2);
}

void MainWindow::add_actions() {
  const QString where = tr("Window");
  const auto add = [&](const char* id, const QString& text, Glyph glyph, const QList<QKeySequence>& keys,
                       std::function<void()> act) {
    return actions_->add(this, {QString::fromLatin1(id), where, text, glyph, keys, {}}, std::move(act));
  };
  add("go.runs", tr("Go to the runs"), Glyph::runs, {QKeySequence(Qt::CTRL | Qt::Key_1)}, [this] { show_page(kRuns); });
  add("go.experiment", tr("Go to New experiment"), Glyph::flask,
      {QKeySequence(Qt::CTRL | Qt::Key_2), QKeySequence::New}, [this] { show_page(kExperiment); });
  add("go.live", tr("Go to Live"), Glyph::pulse, {QKeySequence(Qt::CTRL | Qt::Key_3)}, [this] { show_page(kLive); });
  add("go.compare", tr("Go to Compare"), Glyph::layers, {QKeySequence(Qt::CTRL | Qt::Key_4)},
      [this] { show_page(kCompare); });
  add("go.preferences", tr("Go to Preferences"), Glyph::gear, {QKeySequence(Qt::CTRL | Qt::Key_Comma)},
      [this] { show_page(kPreferences); });
  QAction* palette = add("view.commands", tr("Find a command"), Glyph::search,
                         {QKeySequence(Qt::CTRL | Qt::Key_K), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_P)},
                         [this] { palette_->open(all_commands()); });
  QAction* keys =
      add("view.shortcuts", tr("Show the keyboard shortcuts"), Glyph::keyboard,
          {QKeySequence(Qt::Key_Question), QKeySequence(Qt::Key_F1)}, [this] { sheet_->open(all_commands()); });
  add("view.find", tr("Find in names, tags, notes, recipes and logs"), Glyph::search,
      {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_F)}, [this] { find_->open(); });
  add("edit.undo", tr("Undo the last edit of the history"), Glyph::undo, {QKeySequence::Undo},
      [this] { undoes_setup() ? parts_.experiment->undo() : parts_.history->undo(); });
  add("edit.redo", tr("Do the undone edit again"), Glyph::redo, {QKeySequence::Redo},
      [this] { undoes_setup() ? parts_.experiment->redo() : parts_.history->redo(); });
  update_undo();
  add("look.light", tr("Light look"), Glyph::bolt, {}, [this] { parts_.theme->choose(ThemeChoice::light); });
  add("look.dark", tr("Dark look"), Glyph::moon, {}, [this] { parts_.theme->choose(ThemeChoice::dark); });
  add("look.contrast", tr("High-contrast look"), Glyph::circle, {},
      [this] { parts_.theme->choose(ThemeChoice::contrast); });
  add("look.system", tr("Look as the system says"), Glyph::gear, {},
      [this] { parts_.theme->choose(ThemeChoice::system); });
  add("look.toggle", tr("Switch between light and dark"), Glyph::moon, {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_L)},
      [this] { parts_.theme->choose(widgets::current_theme().is_dark() ? ThemeChoice::light : ThemeChoice::dark); });
  add("view.default_layout", tr("Restore the default layout"), Glyph::reset, {}, [this] {
    for (const Setting key : {Setting::window_geometry, Setting::window_layout, Setting::runs_header,
                              Setting::runs_splitter, Setting::experiment_splitter, Setting::compare_splitter})
      parts_.settings->reset(key);
    resize(1360, 860);
    say({NoticeKind::info, tr("The default layout is back at the next start"), {}, {}, {}});
  });
  add("window.close", tr("Close the window; runs go on"), Glyph::close,
      {QKeySequence(Qt::CTRL | Qt::Key_Q), QKeySequence(Qt::CTRL | Qt::Key_W)}, [this] { close(); });
  const auto foot = [this](QAction* action, const QString& title, Glyph glyph) {
    QToolButton* button = sidebar_->add_foot(title, glyph);
    button->setToolTip(action->toolTip());
    connect(button, &QToolButton::clicked, action, &QAction::trigger);
  };
  foot(palette, tr("Commands"), Glyph::search);
  foot(actions_->action(u"look.toggle"_s), tr("Light or dark"), Glyph::moon);
  foot(keys, tr("Shortcuts"), Glyph::keyboard);
}

// What is being set up has edits of its own.
bool MainWindow::undoes_setup() const { return current_page() == kExperiment; }

void MainWindow::update_undo() {
  const bool setup = undoes_setup();
  const bool undo = setup ? parts_.experiment->can_undo() : !parts_.history->undo_text().isEmpty();
  const bool redo = setup ? parts_.experiment->can_redo() : !parts_.history->redo_text().isEmpty();
  actions_->set_words(u"edit.undo"_s,
                      setup ? tr("Undo the last change of the setup") : tr("Undo the last edit of the history"), {});
  actions_->set_reason(u"edit.undo"_s, undo ? QString() : tr("There is nothing to undo."));
  actions_->set_reason(u"edit.redo"_s, redo ? QString() : tr("There is nothing to do again."));
}

// Pages that were not shown yet have actions too.
std::vector<widgets::Command> MainWindow::all_commands() {
  for (const QString& id : {kRuns, kExperiment, kLive, kCompare, kPreferences}) static_cast<void>(page(id));
  return actions_->commands();
}

Page* MainWindow::make_page(const QString& id) {
  if (id == kRuns) return make_runs_page();
  if (id == kExperiment)
    return new ExperimentPage(parts_.experiment, parts_.history, actions_, parts_.settings, stack_);
  if (id == kLive) return make_live_page();
  if (id == kCompare) return make_compare_page();
  if (id == kPreferences) return make_preferences_page();
  return nullptr;
}

Page* MainWindow::make_runs_page() {
  auto* runs = new RunsPage(parts_.history, actions_, parts_.settings, stack_);
  connect(runs, &RunsPage::open_requested, this, [this](qint64 run) { open_run(run); });
  connect(runs, &RunsPage::new_requested, this, [this] { show_page(kExperiment); });
  connect(runs, &RunsPage::new_from_requested, this, [this](qint64 run) {
    show_page(kExperiment);
    parts_.experiment->start_from_run(run);
  });
  connect(runs, &RunsPage::fork_requested, this, [this](qint64 run) { fork(run); });
  connect(runs, &RunsPage::compare_requested, this, &MainWindow::compare);
  return runs;
}

Page* MainWindow::make_compare_page() {
  auto* page =
      new ComparePage(parts_.compare, parts_.curve_readers, parts_.pictures, actions_, parts_.settings, stack_);
  connect(page, &ComparePage::open_requested, this, [this](qint64 run) { open_run(run); });
  connect(page, &ComparePage::choose_requested, this, [this] { show_page(kRuns); });
  return page;
}

// A single run joins those that are compared; several are a comparison of their own.
void MainWindow::compare(const std::vector<store::RunId>& runs) {
  if (runs.size() == 1)
    parts_.compare->compared()->add(runs);
  else
    parts_.compare->compared()->set(runs);
  show_page(kCompare);
}

Page* MainWindow::make_live_page() {
  auto* live =
      new LivePage(parts_.live, parts_.history, parts_.pictures, actions_, parts_.settings, parts_.developer, stack_);
  connect(live, &LivePage::new_requested, this, [this] { show_page(kExperiment); });
  connect(live, &LivePage::new_from_requested, this, [this](qint64 run) {
    show_page(kExperiment);
    parts_.experiment->start_from_run(run);
  });
  connect(live, &LivePage::fork_requested, this, [this](qint64 run, qint64 step) {
    show_page(kExperiment);
    parts_.experiment->fork_from(run, step);
  });
  connect(live, &LivePage::sample_drawn, this, &MainWindow::sample_drawn);
  return live;
}

Page* MainWindow::make_preferences_page() {
  const auto text = [](const std::filesystem::path& path) { return QString::fromStdString(path.string()); };
  const std::filesystem::path home = parts_.home;
  auto* page = new PreferencesPage(parts_.settings, parts_.language, parts_.theme,
                                   {{tr("Everything"), text(home)},
                                    {tr("History"), text(home / "history.db")},
                                    {tr("Runs"), text(home / "runs")},
                                    {tr("Data sets"), text(home / "datasets")},
                                    {tr("Preferences"), text(home / "settings.ini")}},
                                   stack_);
  connect(page, &PreferencesPage::times_changed, this, [this] {
    if (const auto runs = pages_.find(kRuns); runs != pages_.end())
      qobject_cast<RunsPage*>(runs->second)->table()->viewport()->update();
  });
  return page;
}

// From the table: the newest checkpoint, once the run's events are known.
void MainWindow::fork(store::RunId run) {
  open_run(run);
  const auto choose = [this, run] {
    const std::vector<std::int64_t> steps = parts_.live->checkpoint_steps();
    if (parts_.live->run_id() != run || steps.empty()) {
      say({NoticeKind::warning,
           tr("The run cannot be forked"),
           tr("It has no checkpoint"),
           tr("Start a new experiment from its recipe instead"),
           {}});
      return;
    }
    show_page(kExperiment);
    parts_.experiment->fork_from(run, steps.back());
  };
  if (parts_.live->is_loaded())
    choose();
  else
    connect(parts_.live, &LiveController::first_loaded, this, choose, Qt::SingleShotConnection);
}

void MainWindow::adopt(Page* page) {
  pages_[page->id()] = page;
  stack_->addWidget(page);
  connect(page, &Page::notice, this,
          [this, page](const Notice& notice) { say_on(notice.everywhere ? QString() : page->id(), notice); });
  connect(page, &Page::became_ready, this, [this, page] { Q_EMIT page_became_ready(page->id()); });
}

Page* MainWindow::page(const QString& id) {
  if (const auto found = pages_.find(id); found != pages_.end()) return found->second;
  Page* made = make_page(id);
  if (made) adopt(made);
  return made;
}

QString MainWindow::current_page() const {
  const auto* current = qobject_cast<Page*>(stack_->currentWidget());
  return current ? current->id() : QString();
}

void MainWindow::show_page(const QString& id) {
  if (id == current_page()) return;
  // Live without a chosen run shows the newest that is going on, or the newest there is.
  if (id == kLive && parts_.live->run_id() == 0 && !parts_.history->runs()->runs().empty()) {
    const auto& runs = parts_.history->runs()->runs();
    const auto live =
        std::find_if(runs.begin(), runs.end(), [](const store::Run& run) { return store::is_live(run.status); });
    parts_.live->open(live != runs.end() ? live->id : runs.front().id);
  }
  auto* before = qobject_cast<Page*>(stack_->currentWidget());
  Page* next = page(id);
  if (!next) return;
  if (before) {
    before->left();
    const auto said = said_.find(before->id());
    if (said != said_.end() && is_passing(said->second)) said_.erase(said);
  }
  stack_->setCurrentWidget(next);
  fit_sidebar();
  show_said();
  sidebar_->set_current(id);
  update_undo();
  setWindowTitle(tr("%1 – Athanor").arg(next->title()));
  next->entered();
  parts_.settings->set(Setting::last_page, id);
}

// Notices stay behind: they speak the other language.
void MainWindow::take_over(MainWindow& before) {
  setGeometry(before.geometry());
  setWindowState(before.windowState());
  painted_ = before.painted_;
  setVisible(before.isVisible());
  if (before.isActiveWindow()) activateWindow();
  const QString shown = before.current_page();
  if (shown.isEmpty()) return;
  before.page(shown)->left();
  show_page(shown);
  for (const auto& [id, old] : before.pages_)
    if (id != shown) page(id)->take_over(*old);
  page(shown)->take_over(*before.page(shown));                  // last: it may take the focus
  if (before.pages_.contains(kLive)) parts_.live->read_anew();  // it tells pages only what is new
}

void MainWindow::open_run(store::RunId run) {
  parts_.live->open(run);
  show_page(kLive);
}

void MainWindow::say(const Notice& notice) { say_on(notice.everywhere ? QString() : current_page(), notice); }

void MainWindow::say_on(const QString& page, const Notice& notice) {
  said_[page] = notice;
  if (shown_ == page) shown_.reset();
  show_said();
}

void MainWindow::take_back(const QString& page) {
  said_.erase(page);
  if (shown_ == page) shown_.reset();
  show_said();
}

// What was said on the page goes before what concerns all.
void MainWindow::show_said() {
  auto said = said_.find(current_page());
  if (said == said_.end()) said = said_.find({});
  if (said == said_.end()) {
    shown_.reset();
    messages_->dismiss();
    return;
  }
  if (shown_ == said->first) return;
  shown_ = said->first;
  const Notice& notice = said->second;
  widgets::Message message;
  message.kind = kind_of(notice.kind);
  message.intention = notice.intention;
  message.cause = notice.cause;
  message.remedy = notice.remedy;
  if (!notice.action.isEmpty() && actions_->action(notice.action)) {
    message.action = notice.action == u"edit.undo"_s ? tr("Undo") : actions_->action(notice.action)->text();
    // The action may not know yet that it can run: the edit is still being read back.
    message.on_action = [this, id = notice.action] {
      if (id == u"edit.undo"_s)
        parts_.history->undo();
      else
        actions_->run(id);
    };
  }
  if (is_passing(notice)) message.vanish_after_ms = 10'000;
  messages_->show_message(message);
}

void MainWindow::keep_layout() {
  Settings* settings = parts_.settings;
  settings->set(Setting::window_geometry, saveGeometry());
  settings->set(Setting::window_layout, saveState(kLayoutVersion));
  settings->set(Setting::layout_version, kLayoutVersion);
  for (const auto& [id, page] : pages_) {
    if (auto* runs = qobject_cast<RunsPage*>(page)) runs->keep_layout();
    if (auto* experiment = qobject_cast<ExperimentPage*>(page)) experiment->keep_layout();
    if (auto* compared = qobject_cast<ComparePage*>(page)) compared->keep_layout();
  }
  settings->sync();
}

void MainWindow::restore_layout() {
  Settings* settings = parts_.settings;
  if (settings->value(Setting::layout_version).toInt() != kLayoutVersion) return;
  restoreGeometry(settings->bytes(Setting::window_geometry));
  restoreState(settings->bytes(Setting::window_layout), kLayoutVersion);
}

// Its words give way before anything of a page is cut.
void MainWindow::fit_sidebar() {
  const int need = sidebar_->full_width() + stack_->minimumSizeHint().width();
  sidebar_->set_compact(width() < std::max(kRoomForWords, need));
}

void MainWindow::resizeEvent(QResizeEvent* event) {
  fit_sidebar();
  QMainWindow::resizeEvent(event);
}

void MainWindow::closeEvent(QCloseEvent* event) {
  keep_layout();
  event->accept();
}

bool MainWindow::event(QEvent* event) {
  const bool handled = QMainWindow::event(event);
  if (event->type() == QEvent::LayoutRequest) fit_sidebar();  // what a page needs may be another now
  if (event->type() == QEvent::UpdateRequest && !painted_ && isVisible() && !current_page().isEmpty()) {
    painted_ = true;
    Q_EMIT painted();
  }
  return handled;
}

}  // namespace athanor::app
