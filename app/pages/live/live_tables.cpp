#include "app/pages/live/live_tables.h"

#include "app/pages/live/live_words.h"
#include "app/pages/live/recovery_words.h"
#include "widgets/common/cell_roles.h"
#include "widgets/tables/cell_delegates.h"

#include <QHeaderView>
#include <QLabel>
#include <QTableWidget>
#include <QVBoxLayout>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
constexpr int kRowHeight = 28;
constexpr int kFirstPart = 3;       // column of the recoveries
constexpr int kEventsHeight = 180;  // at least
constexpr int kRecoveries = 6;      // in sight; more are scrolled to

QTableWidget* make_table(const QStringList& headings, const QString& name, QWidget* parent) {
  auto* table = new QTableWidget(0, static_cast<int>(headings.size()), parent);
  table->setHorizontalHeaderLabels(headings);
  table->verticalHeader()->hide();
  table->verticalHeader()->setDefaultSectionSize(kRowHeight);
  table->horizontalHeader()->setHighlightSections(false);
  table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  table->setShowGrid(false);
  table->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table->setSelectionBehavior(QAbstractItemView::SelectRows);
  table->setFrameShape(QFrame::NoFrame);
  table->setStyleSheet(u"QTableView { border: none; }"_s);
  table->setTabKeyNavigation(false);
  table->setItemDelegate(new widgets::TextCell(table));
  table->setAccessibleName(name);
  return table;
}

// Numbers stand at the right, below their headings.
void make_numbers(QTableWidget* table, int first, int last) {
  for (int column = first; column <= last; ++column) {
    table->setItemDelegateForColumn(column, new widgets::NumberCell(table));
    table->horizontalHeaderItem(column)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
  }
}

}  // namespace

PlanCheckCard::PlanCheckCard(QWidget* parent) : Card(tr("Plan against fact"), parent) {
  empty_ = make_muted({}, this);
  empty_->setWordWrap(true);
  body()->addWidget(empty_);
  table_ = make_table({tr("Quantity"), tr("Planned"), tr("Measured"), tr("Off by")}, tr("Plan against fact"), this);
  make_numbers(table_, 1, 3);
  table_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  table_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
  table_->horizontalHeader()->setMinimumSectionSize(84);
  table_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  table_->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  body()->addWidget(table_);
  body()->addStretch(1);
}

void PlanCheckCard::show_check(const std::vector<store::Occurrence>& occurrences, store::RunStatus status) {
  const std::vector<CheckWords> rows = check_words(occurrences, status);
  empty_->setVisible(rows.empty());
  table_->setVisible(!rows.empty());
  table_->setRowCount(static_cast<int>(rows.size()));
  for (int i = 0; i < static_cast<int>(rows.size()); ++i) {
    const CheckWords& row = rows[static_cast<std::size_t>(i)];
    const QString cells[] = {row.quantity, row.planned, row.measured, row.off};
    for (int column = 0; column < 4; ++column) table_->setItem(i, column, new QTableWidgetItem(cells[column]));
  }
  table_->setFixedHeight(table_->horizontalHeader()->sizeHint().height() + static_cast<int>(rows.size()) * kRowHeight);
}

void PlanCheckCard::show_prospects(bool live) {
  empty_->setText(live ? tr("After ten steps the run holds its plan against what was measured.")
                       : tr("The run was over before its plan was held against what was measured."));
}

RecoveriesCard::RecoveriesCard(QWidget* parent) : Card(tr("How it went on after losses"), parent) {
  QStringList headings{tr("Step"), tr("Rank"), tr("Went on from")};
  const std::vector<RecoveryPart> parts = recovery_parts();
  for (const RecoveryPart& part : parts) headings << part.name;
  headings << tr("In all");
  table_ = make_table(headings, tr("How the run went on after it lost ranks"), this);
  const int last = static_cast<int>(headings.size()) - 1;
  make_numbers(table_, 0, 1);
  make_numbers(table_, kFirstPart, last);
  for (int i = 0; i < last - kFirstPart; ++i)
    table_->horizontalHeaderItem(kFirstPart + i)->setToolTip(parts[static_cast<std::size_t>(i)].meaning);
  table_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  table_->horizontalHeader()->setSectionResizeMode(kFirstPart - 1, QHeaderView::Stretch);
  table_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  body()->addWidget(table_);
  hide();
}

void RecoveriesCard::show_recoveries(const std::vector<store::Occurrence>& occurrences) {
  const std::vector<RecoveryRow> rows = recovery_rows(occurrences);
  setVisible(!rows.empty());
  table_->setRowCount(static_cast<int>(rows.size()));
  for (int i = 0; i < static_cast<int>(rows.size()); ++i) {
    const RecoveryRow& row = rows[static_cast<std::size_t>(i)];
    const QStringList cells = QStringList{row.step, row.rank, row.from} + row.spent + QStringList{row.whole};
    for (int column = 0; column < cells.size(); ++column)
      table_->setItem(i, column, new QTableWidgetItem(cells[column]));
    table_->item(i, kFirstPart - 1)->setToolTip(row.from);
  }
  const int shown = std::min(kRecoveries, static_cast<int>(rows.size()));
  table_->setFixedHeight(table_->horizontalHeader()->sizeHint().height() + shown * kRowHeight);
}

EventsCard::EventsCard(QWidget* parent) : Card(tr("What happened"), parent) {
  table_ = make_table({tr("Time"), tr("Step"), tr("Event")}, tr("What happened in the run"), this);
  make_numbers(table_, 0, 1);
  table_->horizontalHeader()->setStretchLastSection(true);
  table_->horizontalHeader()->setMinimumSectionSize(72);
  table_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
  table_->horizontalHeader()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
  table_->setMinimumHeight(kEventsHeight);
  body()->addWidget(table_);
}

void EventsCard::show_events(const std::vector<store::Occurrence>& occurrences) {
  const std::vector<EventWords> rows = event_words(occurrences);
  table_->setRowCount(static_cast<int>(rows.size()));
  for (int i = 0; i < static_cast<int>(rows.size()); ++i) {
    const EventWords& row = rows[static_cast<std::size_t>(i)];
    const QString cells[] = {row.time, row.step, row.text};
    for (int column = 0; column < 3; ++column) {
      auto* item = new QTableWidgetItem(cells[column]);
      if (column == 2) item->setToolTip(row.detail);
      if (column < 2) item->setData(widgets::tone_role, static_cast<int>(widgets::Role::muted));
      table_->setItem(i, column, item);
    }
  }
}

}  // namespace athanor::app
