#include "app/pages/runs/runs_page.h"

#include "app/actions/action_registry.h"
#include "app/controllers/history_controller.h"
#include "app/models/query_words.h"
#include "app/models/run_table_model.h"
#include "app/models/run_wishes.h"
#include "app/models/run_words.h"
#include "app/pages/parts/page_parts.h"
#include "app/pages/runs/file_actions.h"
#include "app/pages/runs/queue_actions.h"
#include "app/pages/runs/run_details.h"
#include "app/pages/runs/run_table.h"
#include "app/settings/settings.h"
#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/feedback/empty_page.h"
#include "widgets/tables/search_line.h"

#include <QAction>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMessageBox>
#include <QPointer>
#include <QPushButton>
#include <QScrollBar>
#include <QSplitter>
#include <QStackedWidget>
#include <QTableView>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using widgets::Glyph;
using widgets::kGrid;

}  // namespace

RunsPage::RunsPage(HistoryController* history, ActionRegistry* actions, Settings* settings, QWidget* parent)
    : Page(u"runs"_s, tr("Runs"), parent), history_(history), actions_(actions), settings_(settings) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(kGrid * 3, kGrid * 2, kGrid * 3, kGrid * 2);
  layout->setSpacing(kGrid * 2);
  add_actions();
  queue_ = new QueueActions(
      history_, actions_, [this] { return selected(); }, this);
  files_ = new FileActions(
      history_, actions_, [this] { return selected(); }, this);

  layout->addLayout(build_header());
  fault_ = make_fault_line();
  layout->addWidget(fault_);
  layout->addWidget(build_bin_bar());

  stack_ = new QStackedWidget(this);
  splitter_ = new QSplitter(Qt::Horizontal, stack_);
  splitter_->setObjectName(u"runs_splitter"_s);
  splitter_->setChildrenCollapsible(false);
  splitter_->setHandleWidth(kGrid + 4);
  tables_ = new QStackedWidget(splitter_);
  present_ = make_view(history_->runs(), {"runs.open", "runs.compare", "runs.pin", "runs.tags", "runs.new_from",
                                          "runs.fork", "runs.resume", "runs.stop", "runs.export", "runs.delete"});
  for (const char* id : QueueActions::kOfRuns) present_.table->addAction(actions_->action(QString::fromLatin1(id)));
  deleted_ = make_view(history_->deleted(), {"runs.restore", "runs.empty"});
  const auto ask_for_paces = [this] { history_->want_all_curves(table()->sorted_by() == RunColumn::speed); };
  connect(table()->horizontalHeader(), &QHeaderView::sortIndicatorChanged, this, ask_for_paces);
  ask_for_paces();
  splitter_->addWidget(tables_);
  details_ = new RunDetails(history_, splitter_);
  splitter_->addWidget(details_);
  splitter_->setStretchFactor(0, 1);
  splitter_->setStretchFactor(1, 0);
  splitter_->setSizes({1000, 264});
  splitter_->restoreState(settings_->bytes(Setting::runs_splitter));
  details_->setVisible(settings_->flag(Setting::runs_details_open));
  stack_->addWidget(splitter_);
  empty_ = new widgets::EmptyPage(stack_);
  stack_->addWidget(empty_);
  layout->addWidget(stack_, 1);

  connect(history_, &HistoryController::trouble_changed, this, [this] { update_state(); });
  connect(empty_, &widgets::EmptyPage::action_triggered, this, [this] {
    if (!history_->trouble().intention.isEmpty())
      history_->try_again();
    else if (!shown().model->search().isEmpty())
      search_->search_now({});
    else if (shows_deleted())
      bin_chip_->setChecked(false);
    else
      Q_EMIT new_requested();
  });
  connect(search_, &widgets::SearchLine::search_changed, this, [this](const QString& typed) {
    for (const View& view : {present_, deleted_}) view.model->set_search(typed);
    update_state();
    if (table()->currentIndex().isValid()) table()->scrollTo(table()->currentIndex());
  });
  connect(search_, &widgets::SearchLine::down_pressed, this, [this] {
    table()->setFocus();
    if (!table()->currentIndex().isValid() && shown().model->rowCount() > 0) select_row(0);
  });
  connect(history_->runs(), &RunStore::applied, this, [this] {
    update_state();
    update_actions();
    want_visible_curves();
  });
  connect(history_, &HistoryController::first_read, this, &Page::became_ready);
  connect(history_, &HistoryController::undo_changed, this, [this] { update_actions(); });
  auto* clock = new QTimer(this);
  clock->setInterval(1000);
  connect(clock, &QTimer::timeout, present_.model, [this] {
    if (isVisible()) present_.model->tick();
  });
  clock->start();
  update_state();
  update_actions();
}

QLayout* RunsPage::build_header() {
  const PageHeader head = make_page_header(title(), this);
  QHBoxLayout* top = head.row;
  count_ = head.caption;
  search_ = new widgets::SearchLine(tr("Search, or ask: loss < 0.3 and tag = night"), this);
  search_->setMinimumWidth(380);
  search_->set_suggestions([this](const QString& typed, int caret) { return suggestions(typed, caret); });
  bin_chip_ = new QToolButton(this);
  bin_chip_->setText(tr("Deleted"));
  bin_chip_->setProperty("chip", true);
  bin_chip_->setCheckable(true);
  bin_chip_->setFocusPolicy(Qt::StrongFocus);
  bin_chip_->setAccessibleName(tr("Show the deleted runs"));
  bin_chip_->setToolTip(tr("Show the deleted runs, to restore them or to delete them for ever"));
  connect(bin_chip_, &QToolButton::toggled, this, [this] { switch_view(); });
  top->addWidget(bin_chip_);
  top->addWidget(search_);
  top->addWidget(make_button(actions_->action(u"runs.compare"_s), this));
  top->addWidget(make_button(actions_->action(u"runs.new"_s), this, true));
  return top;
}

widgets::Suggestions RunsPage::suggestions(const QString& typed, int caret) const {
  const auto caret_bytes = static_cast<std::size_t>(typed.first(caret).toUtf8().size());
  const std::string text = typed.toStdString();
  const query::Completion found = shown().model->complete(text, caret_bytes);
  const auto place = [&text](std::size_t bytes) {
    return static_cast<int>(QString::fromStdString(text.substr(0, bytes)).size());
  };
  widgets::Suggestions out{place(found.begin), place(found.end), {}};
  for (const query::Candidate& candidate : found.candidates)
    out.all.push_back({QString::fromStdString(candidate.text), candidate_words(candidate)});
  return out;
}

// Where the page says what is wrong with a query.
QLabel* RunsPage::make_fault_line() {
  auto* line = new QLabel(this);
  line->setObjectName(u"query_fault"_s);
  line->setProperty("tone", u"bad"_s);
  line->setAlignment(Qt::AlignRight);
  line->setWordWrap(true);
  line->hide();
  return line;
}

RunsPage::~RunsPage() = default;

RunsPage::View RunsPage::make_view(const RunStore* runs, std::initializer_list<const char*> actions) {
  View view;
  view.runs = runs;
  view.model = new RunTableModel(runs, history_->curves(), history_->figures(), history_->queue(), this);
  view.table = new RunTable(view.model, settings_, tables_);
  tables_->addWidget(view.table);
  for (const char* id : actions) view.table->addAction(actions_->action(QString::fromLatin1(id)));
  connect(view.table, &QTableView::activated, this, [this] { actions_->run(u"runs.open"_s); });
  connect(view.table->selectionModel(), &QItemSelectionModel::selectionChanged, this, [this] { selection_changed(); });
  connect(view.table->verticalScrollBar(), &QScrollBar::valueChanged, this, [this] { want_visible_curves(); });
  connect(view.table, &RunTable::columns_fitted, this, [this] { want_visible_curves(); });
  return view;
}

// What may be done with deleted runs.
QWidget* RunsPage::build_bin_bar() {
  bin_bar_ = new QWidget(this);
  auto* row = new QHBoxLayout(bin_bar_);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(kGrid);
  QLabel* words = make_muted(tr("Deleted runs keep their folders until they are deleted for ever."), bin_bar_);
  words->setWordWrap(true);
  row->addWidget(words, 1);
  row->addWidget(make_button(actions_->action(u"runs.restore"_s), bin_bar_));
  row->addWidget(make_button(actions_->action(u"runs.empty"_s), bin_bar_));
  bin_bar_->hide();
  return bin_bar_;
}

bool RunsPage::shows_deleted() const { return bin_chip_->isChecked(); }

void RunsPage::switch_view() {
  bin_bar_->setVisible(shows_deleted());
  tables_->setCurrentWidget(table());
  update_state();
  selection_changed();
  want_visible_curves();
  table()->setFocus(Qt::OtherFocusReason);  // what had it may be gone
}

// Asks once, with what it brings.
void RunsPage::ask_to_empty() {
  history_->measure(selected(), [page = QPointer(this), runs = selected()](std::int64_t bytes) {
    if (!page) return;
    auto* box = new QMessageBox(page);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setIcon(QMessageBox::Warning);
    box->setWindowTitle(tr("Delete for ever"));
    box->setText(tr("Delete %n run(s) for ever?", nullptr, static_cast<int>(runs.size())));
    box->setInformativeText(
        tr("Everything in the folders goes as well, and %1. It cannot be undone.").arg(freed_words(bytes)));
    QPushButton* yes = box->addButton(tr("Delete for ever"), QMessageBox::DestructiveRole);
    box->setDefaultButton(box->addButton(tr("Keep"), QMessageBox::RejectRole));
    connect(yes, &QPushButton::clicked, page, [page, runs] { page->history_->empty(runs); });
    box->open();
  });
}

void RunsPage::add_actions() {
  const QString where = tr("Runs");
  const auto add = [&](const char* id, const QString& text, Glyph glyph, const QList<QKeySequence>& keys,
                       std::function<void()> act, const QString& button = {}) {
    actions_->add(this, {QString::fromLatin1(id), where, text, glyph, keys, button}, std::move(act));
  };
  add(
      "runs.new", tr("Set up a new experiment"), Glyph::plus, {}, [this] { Q_EMIT new_requested(); },
      tr("New experiment"));
  add("runs.search", tr("Search the runs"), Glyph::search, {QKeySequence::Find}, [this] {
    search_->setFocus(Qt::ShortcutFocusReason);
    search_->selectAll();
  });
  add(
      "runs.open", tr("Open the selected run"), Glyph::open, {},
      [this] {
        if (current()) Q_EMIT open_requested(current()->id);
      },
      tr("Open"));
  add(
      "runs.compare", tr("Lay the selected runs side by side; a single one joins those compared"), Glyph::layers,
      {QKeySequence(Qt::Key_C)}, [this] { Q_EMIT compare_requested(selected()); }, tr("Compare"));
  add(
      "runs.pin", tr("Pin or unpin the selected runs"), Glyph::pin, {QKeySequence(Qt::Key_P)},
      [this] {
        if (current()) history_->set_pinned(selected(), !current()->pinned);
      },
      tr("Pin"));
  add(
      "runs.rename", tr("Rename the selected run"), Glyph::text, {QKeySequence(Qt::Key_F2)},
      [this] {
        details_->show();
        details_->focus_name();
      },
      tr("Rename"));
  add(
      "runs.tags", tr("Edit the tags"), Glyph::tag, {QKeySequence(Qt::Key_T)},
      [this] {
        details_->show();
        details_->focus_tags();
      },
      tr("Tags"));
  add(
      "runs.note", tr("Write a note"), Glyph::note, {QKeySequence(Qt::Key_N)},
      [this] {
        details_->show();
        details_->focus_note();
      },
      tr("Note"));
  add(
      "runs.new_from", tr("Set up a new experiment like the selected run"), Glyph::copy, {},
      [this] {
        if (current()) Q_EMIT new_from_requested(current()->id);
      },
      tr("New from this"));
  add(
      "runs.fork", tr("Fork the selected run from a checkpoint"), Glyph::fork, {},
      [this] {
        if (current()) Q_EMIT fork_requested(current()->id);
      },
      tr("Fork"));
  add(
      "runs.resume", tr("Resume the selected run"), Glyph::play, {},
      [this] {
        if (current()) history_->resume(current()->id);
      },
      tr("Resume"));
  add(
      "runs.stop", tr("Stop the selected run, with a checkpoint"), Glyph::stop, {},
      [this] {
        if (current()) history_->stop(current()->id);
      },
      tr("Stop"));
  add(
      "runs.delete", tr("Delete the selected runs"), Glyph::trash, {QKeySequence::Delete},
      [this] { history_->erase(selected()); }, tr("Delete"));
  add(
      "runs.restore", tr("Restore the selected deleted runs"), Glyph::undo, {},
      [this] { history_->restore(selected()); }, tr("Restore"));
  add(
      "runs.empty", tr("Delete the selected runs for ever"), Glyph::trash, {}, [this] { ask_to_empty(); },
      tr("Delete for ever…"));
  add("runs.show_deleted", tr("Show or hide the deleted runs"), Glyph::trash, {}, [this] { bin_chip_->toggle(); });
  add("runs.details", tr("Show or hide the details"), Glyph::info, {QKeySequence(Qt::CTRL | Qt::Key_I)}, [this] {
    details_->setVisible(!details_->isVisible());
    settings_->set(Setting::runs_details_open, details_->isVisible());
  });
}

std::vector<store::RunId> RunsPage::selected() const {
  std::vector<store::RunId> out;
  for (const QModelIndex& row : table()->selectionModel()->selectedRows())
    out.push_back(row.data(run_id_role).toLongLong());
  return out;
}

const store::Run* RunsPage::current() const {
  const std::vector<store::RunId> all = selected();
  return all.empty() ? nullptr : shown().runs->find(all.front());
}

void RunsPage::select(store::RunId run) {
  const int row = shown().model->row_of(run);
  if (row < 0) return;
  select_row(row);
  table()->scrollTo(shown().model->index(row, 0));
}

// Whatever keys are held: QTableView::selectRow would toggle with Control down.
void RunsPage::select_row(int row) {
  table()->selectionModel()->setCurrentIndex(shown().model->index(row, 0),
                                             QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
}

void RunsPage::selection_changed() {
  details_->show_runs(selected());
  update_actions();
}

void RunsPage::update_actions() {
  queue_->update();
  files_->update();
  const std::vector<store::RunId> all = selected();
  const store::Run* run = current();
  const QString none = tr("Select a run first.");
  const QString one = all.size() == 1 ? QString() : all.empty() ? none : tr("Select a single run.");
  const auto set = [this](const char* id, const QString& why) { actions_->set_reason(QString::fromLatin1(id), why); };
  for (const char* id : {"runs.open", "runs.rename", "runs.note", "runs.new_from", "runs.fork"}) set(id, one);
  for (const char* id : {"runs.compare", "runs.pin", "runs.tags", "runs.delete"})
    set(id, all.empty() ? none : QString());
  const bool live = run && store::is_live(run->status);
  set("runs.stop", run && one.isEmpty() ? why_not_stop(*run) : one);
  set("runs.resume", run && one.isEmpty() ? why_not_resume(*run) : one);
  if (run && resuming_starts_again(*run))
    actions_->set_words(u"runs.resume"_s, tr("Start the selected run again"), tr("Start again"));
  else
    actions_->set_words(u"runs.resume"_s, tr("Resume the selected run"), tr("Resume"));
  if (run && one.isEmpty() && own_steps(*run) <= 0) set("runs.fork", tr("The run has no checkpoint yet."));
  if (live && !all.empty()) set("runs.delete", tr("Stop the run before you delete it."));
  const bool bin = shows_deleted();
  for (const char* id : {"runs.restore", "runs.empty"})
    set(id, !bin ? tr("Show the deleted runs first.") : all.empty() ? none : QString());
  if (!bin) return;
  if (live) set("runs.empty", tr("Stop the run before you delete it for ever."));
  for (const char* id : {"runs.open", "runs.compare", "runs.pin", "runs.rename", "runs.tags", "runs.note",
                         "runs.new_from", "runs.fork", "runs.resume", "runs.stop", "runs.delete"})
    set(id, tr("Restore the run first."));
}

QString RunsPage::count_words(int shown, int all) const {
  if (all == 0) return {};
  if (shown != all) return tr("%1 of %2 runs").arg(widgets::count_text(shown), widgets::count_text(all));
  return shows_deleted() ? tr("%n deleted run(s)", nullptr, all) : tr("%n run(s)", nullptr, all);
}

void RunsPage::update_state() {
  const QString fault = fault_words(shown().model->search(), shown().model->faults());
  fault_->setText(fault);
  fault_->setVisible(!fault.isEmpty());
  search_->setAccessibleDescription(fault);
  const int all = static_cast<int>(shown().runs->runs().size());
  const int rows = shown().model->rowCount();
  count_->setText(count_words(rows, all));
  const Notice& trouble = history_->trouble();
  const bool broken = !trouble.intention.isEmpty();
  const bool nothing = history_->is_read() && all == 0 && !broken;
  const bool no_hit = all > 0 && rows == 0;
  if (broken)
    empty_->set_content(Glyph::warning, tr("The history cannot be read"),
                        widgets::sentence(trouble.cause) + u' ' + widgets::sentence(trouble.remedy) + u' ' +
                            tr("Every run is kept whole in its own folder."),
                        tr("Try again"));
  else if (nothing && shows_deleted())
    empty_->set_content(Glyph::trash, tr("No deleted runs"),
                        tr("What you delete is kept here until you delete it for ever."), tr("Back to the runs"));
  else if (nothing)
    empty_->set_content(Glyph::flask, tr("No runs yet"),
                        tr("Every experiment you launch is kept here, with its curves, its recipe and your notes."),
                        tr("Set up the first experiment"));
  else if (no_hit)
    empty_->set_content(Glyph::search, tr("No run fits the search"),
                        tr("Nothing matches “%1”.").arg(shown().model->search()), tr("Clear the search"));
  stack_->setCurrentWidget(broken || nothing || no_hit ? static_cast<QWidget*>(empty_) : splitter_);
  search_->setEnabled(all > 0 || !history_->is_read());
  if (table()->selectionModel()->selectedRows().isEmpty() && rows > 0 && !table()->hasFocus() &&
      table()->currentIndex().row() < 0)
    select_row(0);
}

void RunsPage::want_visible_curves() {
  if (!isVisible()) return;
  std::vector<store::RunId> wanted;
  const int first = std::max(0, table()->rowAt(0));
  const int last_seen = table()->rowAt(table()->viewport()->height() - 1);
  const int last = last_seen < 0 ? shown().model->rowCount() - 1 : last_seen;
  for (int row = first; row <= last; ++row)
    wanted.push_back(shown().model->index(row, 0).data(run_id_role).toLongLong());
  history_->want_curves(wanted);
}

bool RunsPage::is_ready() const { return history_->is_read(); }

void RunsPage::entered() {
  want_visible_curves();
  if (history_->runs()->runs().empty())
    setFocus(Qt::OtherFocusReason);
  else
    table()->setFocus(Qt::OtherFocusReason);
}

void RunsPage::take_over(const Page& before) {
  const auto* old = qobject_cast<const RunsPage*>(&before);
  if (!old) return;
  bin_chip_->setChecked(old->shows_deleted());
  if (const QString typed = old->search_->text(); !typed.isEmpty()) search_->search_now(typed);
  if (const store::Run* run = old->current()) select(run->id);
  for (const store::RunId run : old->selected())
    if (const int row = shown().model->row_of(run); row >= 0)
      table()->selectionModel()->select(shown().model->index(row, 0),
                                        QItemSelectionModel::Select | QItemSelectionModel::Rows);
}

void RunsPage::keep_layout() {
  present_.table->keep_layout();
  settings_->set(Setting::runs_splitter, splitter_->saveState());
}

}  // namespace athanor::app
