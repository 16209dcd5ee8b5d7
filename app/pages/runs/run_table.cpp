#include "app/pages/runs/run_table.h"

#include "app/models/run_words.h"
#include "app/pages/parts/page_parts.h"
#include "app/settings/settings.h"
#include "widgets/parts/text_paint.h"
#include "widgets/tables/cell_delegates.h"

#include <QHeaderView>
#include <QItemSelection>
#include <QMenu>

#include <algorithm>
#include <set>
#include <utility>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

constexpr int kRowHeight = 36;
constexpr int kNameWidth = 144;                                                         // at least
constexpr int kWidths[] = {66, 100, kNameWidth, 92, 92, 72, 84, 92, 72, 128, 96, 128};  // in the order of RunColumn
constexpr int kHeadingRoom = 24;
constexpr int kStateRoom = 46;  // for the mark before the word
// What goes first where there is no room for every column.
constexpr RunColumn kGoesFirst[] = {RunColumn::tags, RunColumn::duration, RunColumn::speed,
                                    RunColumn::r10,  RunColumn::curve,    RunColumn::started,
                                    RunColumn::r1,   RunColumn::loss,     RunColumn::progress};
constexpr int kColumns = static_cast<int>(RunColumn::count_);
constexpr int kState = static_cast<int>(RunColumn::status);
constexpr int kMostStateWidth = 240;
constexpr int kName = static_cast<int>(RunColumn::name);

}  // namespace

RunTable::RunTable(RunTableModel* runs, Settings* settings, QWidget* parent)
    : QTableView(parent), runs_(runs), settings_(settings) {
  // Before the view forgets them.
  connect(runs, &QAbstractItemModel::modelAboutToBeReset, this, [this] {
    selected_.clear();
    for (const QModelIndex& row : selectionModel()->selectedRows())
      selected_.push_back(row.data(run_id_role).toLongLong());
  });
  setModel(runs);
  setAccessibleName(tr("Table of runs"));
  prepare_table(this, kRowHeight);
  setSelectionBehavior(QAbstractItemView::SelectRows);
  setSelectionMode(QAbstractItemView::ExtendedSelection);
  verticalHeader()->hide();
  setContextMenuPolicy(Qt::ActionsContextMenu);
  // After the header has answered to what changed, and once for many changes.
  fit_.setSingleShot(true);
  fit_.setInterval(0);
  connect(&fit_, &QTimer::timeout, this, [this] { fit_columns(); });
  build_delegates();
  build_header();
  connect(runs, &QAbstractItemModel::modelReset, this, [this] { keep_selection(); });
  connect(runs, &RunTableModel::queue_told, this, [this] { widen_for_queue(); });
}

// The same runs again after rows were replaced, as far as they are there.
void RunTable::keep_selection() {
  QItemSelection selection;
  for (const store::RunId run : std::exchange(selected_, {})) {
    const int row = runs_->row_of(run);
    if (row >= 0) selection.select(runs_->index(row, 0), runs_->index(row, kColumns - 1));
  }
  if (selection.isEmpty()) return;
  selectionModel()->setCurrentIndex(selection.first().topLeft(), QItemSelectionModel::NoUpdate);
  selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
}

void RunTable::build_delegates() {
  auto* text = new widgets::TextCell(this);
  auto* number = new widgets::NumberCell(this);
  const auto put = [this](RunColumn column, QAbstractItemDelegate* delegate) {
    setItemDelegateForColumn(static_cast<int>(column), delegate);
  };
  for (const RunColumn column : {RunColumn::status, RunColumn::name}) put(column, text);
  for (const RunColumn column : {RunColumn::number, RunColumn::loss, RunColumn::r1, RunColumn::r10, RunColumn::speed,
                                 RunColumn::started, RunColumn::duration})
    put(column, number);
  put(RunColumn::tags, new widgets::ChipsCell(this));
  put(RunColumn::progress, new widgets::ProgressCell(this));
  put(RunColumn::curve, new widgets::CurveCell(this));
}

void RunTable::build_header() {
  QHeaderView* header = horizontalHeader();
  header->setObjectName(u"runs_header"_s);
  header->setHighlightSections(false);
  header->setSectionsMovable(true);
  header->setStretchLastSection(false);
  header->setMinimumSectionSize(40);
  for (int i = 0; i < kColumns; ++i) header->resizeSection(i, kWidths[i]);
  // The store's own order (newest first, pinned on top) until a heading is clicked; a third click returns to it.
  header->setSectionsClickable(true);
  header->setSortIndicatorShown(true);
  header->setSortIndicatorClearable(true);
  header->setSortIndicator(-1, Qt::AscendingOrder);
  setSortingEnabled(true);
  header->restoreState(settings_->bytes(Setting::runs_header));
  widen_for_words();
  header->setSectionResizeMode(kName, QHeaderView::Stretch);
  header->setContextMenuPolicy(Qt::CustomContextMenu);
  connect(header, &QHeaderView::customContextMenuRequested, this, [this] { offer_columns(); });
  connect(header, &QHeaderView::sectionResized, this, [this](int section) {
    if (section != kName && !fitting_) fit_.start();
  });
}

// At least as wide as its heading, with the mark of sorting, and as the words for a state: also where widths are kept
// from a session in another language or text size.
void RunTable::widen_for_words() {
  QHeaderView* header = horizontalHeader();
  const QFontMetrics heading(widgets::scaled(font(), 1.0, QFont::Medium));
  const auto widen = [header](int column, int width) {
    header->resizeSection(column, std::max(header->sectionSize(column), width));
  };
  for (int i = 0; i < kColumns; ++i) {
    if (header->isSectionHidden(i)) header->showSection(i);  // a hidden one has no width
    widen(i, heading.horizontalAdvance(model()->headerData(i, Qt::Horizontal).toString()) + kHeadingRoom);
  }
  int widest = 0;
  for (int status = 0; status <= static_cast<int>(store::RunStatus::broken); ++status)
    widest = std::max(widest, fontMetrics().horizontalAdvance(look_of(static_cast<store::RunStatus>(status)).word));
  widen(static_cast<int>(RunColumn::status), widest + kStateRoom);
}

// While runs wait the column of states says more; never narrower again, so that nothing moves as they begin.
void RunTable::widen_for_queue() {
  int widest = 0;
  for (const QString& text : runs_->queue_texts()) widest = std::max(widest, fontMetrics().horizontalAdvance(text));
  QHeaderView* header = horizontalHeader();
  const int width = std::min(widest + kStateRoom, kMostStateWidth);
  if (widest > 0 && width > header->sectionSize(kState)) header->resizeSection(kState, width);
}

std::optional<RunColumn> RunTable::sorted_by() const {
  const int section = horizontalHeader()->sortIndicatorSection();
  return section >= 0 && section < kColumns ? std::optional(static_cast<RunColumn>(section)) : std::nullopt;
}

// Every column that has room, in full; the name takes what is left.
void RunTable::fit_columns() {
  fitting_ = true;
  QHeaderView* header = horizontalHeader();
  const QStringList unwanted = settings_->value(Setting::runs_hidden_columns).toStringList();
  std::set<RunColumn> shown;
  int need = kNameWidth;
  for (int i = 0; i < kColumns; ++i) {
    if (unwanted.contains(QString::number(i))) continue;
    shown.insert(static_cast<RunColumn>(i));
    if (i == kName) continue;
    if (header->isSectionHidden(i)) header->showSection(i);  // a hidden one has no width
    need += header->sectionSize(i);
  }
  for (const RunColumn column : kGoesFirst) {
    if (need <= viewport()->width()) break;
    if (shown.erase(column) > 0) need -= header->sectionSize(static_cast<int>(column));
  }
  for (int i = 0; i < kColumns; ++i) header->setSectionHidden(i, !shown.contains(static_cast<RunColumn>(i)));
  fitting_ = false;
  Q_EMIT columns_fitted();
}

void RunTable::offer_columns() {
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  add_menu_heading(menu, tr("Columns, where there is room"));
  QStringList unwanted = settings_->value(Setting::runs_hidden_columns).toStringList();
  for (int i = 0; i < kColumns; ++i) {
    if (i == kName) continue;
    QAction* entry = menu->addAction(model()->headerData(i, Qt::Horizontal).toString());
    entry->setCheckable(true);
    entry->setChecked(!unwanted.contains(QString::number(i)));
    connect(entry, &QAction::toggled, this, [this, unwanted, key = QString::number(i)](bool on) mutable {
      if (on)
        unwanted.removeAll(key);
      else
        unwanted << key;
      settings_->set(Setting::runs_hidden_columns, unwanted);
      fit_columns();
    });
  }
  menu->popup(QCursor::pos());
}

void RunTable::keep_layout() { settings_->set(Setting::runs_header, horizontalHeader()->saveState()); }

void RunTable::resizeEvent(QResizeEvent* event) {
  QTableView::resizeEvent(event);
  fit_.start();
}

}  // namespace athanor::app
