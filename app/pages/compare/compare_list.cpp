#include "app/pages/compare/compare_list.h"

#include "app/pages/parts/page_parts.h"
#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"
#include "widgets/tables/cell_delegates.h"

#include <QHeaderView>

namespace athanor::app {
namespace {

constexpr int kRowHeight = 32;
constexpr int kHeadingRoom = 28;  // around its words, with the mark of sorting
constexpr int kLeastName = 112;
constexpr int kMostValue = 140;

// Tick, line and name, on the background that every cell has.
class NameCell final : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    painter->save();
    widgets::paint_cell_background(*painter, option, index);
    painter->restore();
    QStyleOptionViewItem plain = option;
    plain.rect.adjust(widgets::kGrid / 2, 1, 0, 0);
    plain.state &= ~(QStyle::State_Selected | QStyle::State_MouseOver | QStyle::State_HasFocus);
    QStyledItemDelegate::paint(painter, plain, index);
  }
};

}  // namespace

CompareList::CompareList(ComparedRunModel* model, QWidget* parent) : QTableView(parent), runs_(model) {
  setModel(model);
  setAccessibleName(tr("Compared runs"));
  prepare_table(this, kRowHeight);
  setSelectionBehavior(QAbstractItemView::SelectRows);
  setSelectionMode(QAbstractItemView::ExtendedSelection);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  verticalHeader()->hide();
  horizontalHeader()->setSectionsClickable(true);
  horizontalHeader()->setSortIndicatorShown(true);
  horizontalHeader()->setSortIndicatorClearable(true);
  horizontalHeader()->setSortIndicator(-1, Qt::AscendingOrder);
  horizontalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  setSortingEnabled(true);
  setContextMenuPolicy(Qt::ActionsContextMenu);
  connect(runs_, &QAbstractItemModel::headerDataChanged, this, [this] { fit_columns(); });
  setItemDelegateForColumn(ComparedRunModel::run_column, new NameCell(this));
  auto* number = new widgets::NumberCell(this);
  setItemDelegateForColumn(ComparedRunModel::value_column, number);
  setItemDelegateForColumn(ComparedRunModel::difference_column, number);
  connect(selectionModel(), &QItemSelectionModel::selectionChanged, this, &CompareList::selection_changed);
  connect(this, &QAbstractItemView::entered, this,
          [this](const QModelIndex& index) { Q_EMIT hovered(runs_->run_at(index.row())); });
}

std::vector<store::RunId> CompareList::selected() const {
  std::vector<store::RunId> runs;
  for (const QModelIndex& row : selectionModel()->selectedRows()) runs.push_back(runs_->run_at(row.row()));
  return runs;
}

store::RunId CompareList::current() const {
  return selectionModel()->isRowSelected(currentIndex().row()) ? runs_->run_at(currentIndex().row()) : 0;
}

void CompareList::choose(store::RunId run) {
  const int row = runs_->row_of(run);
  if (row < 0) return;
  selectRow(row);
  scrollTo(runs_->index(row, 0));
}

void CompareList::leaveEvent(QEvent* event) {
  Q_EMIT hovered(0);
  QTableView::leaveEvent(event);
}

void CompareList::resizeEvent(QResizeEvent* event) {
  fit_columns();
  QTableView::resizeEvent(event);
}

void CompareList::fit_columns() {
  QHeaderView* header = horizontalHeader();
  const QFontMetrics words(widgets::scaled(font(), 1.0, QFont::Medium));
  int left = viewport()->width();
  for (const int column : {ComparedRunModel::value_column, ComparedRunModel::difference_column}) {
    const QString heading = runs_->headerData(column, Qt::Horizontal).toString();
    const int width = std::min(kMostValue, words.horizontalAdvance(heading) + kHeadingRoom);
    header->resizeSection(column, width);
    left -= width;
  }
  header->resizeSection(ComparedRunModel::run_column, std::max(kLeastName, left));
}

}  // namespace athanor::app
