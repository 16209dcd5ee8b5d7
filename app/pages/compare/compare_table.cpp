#include "app/pages/compare/compare_table.h"

#include "app/controllers/compare_controller.h"
#include "app/models/run_matrix_model.h"
#include "app/pages/parts/page_parts.h"
#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"
#include "widgets/tables/cell_delegates.h"
#include "widgets/tables/search_line.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QPainter>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using widgets::kGrid;
constexpr int kRowHeight = 32;
constexpr int kTitleWidth = 220;
constexpr int kValueWidth = 168;

// Titles as the cells beside them are painted; a styled header has no room for them.
class TitleColumn final : public QHeaderView {
 public:
  explicit TitleColumn(QWidget* parent) : QHeaderView(Qt::Vertical, parent) {}

 protected:
  void paintSection(QPainter* painter, const QRect& box, int section) const override {
    const widgets::Theme& theme = widgets::current_theme();
    painter->fillRect(box, theme.color(widgets::Role::surface));
    painter->setPen(theme.color(widgets::Role::grid));
    painter->drawLine(box.bottomLeft(), box.bottomRight());
    painter->setPen(theme.color(widgets::Role::muted));
    widgets::paint_elided(*painter, box.adjusted(kGrid + 2, 0, -kGrid, 0), Qt::AlignLeft | Qt::AlignVCenter,
                          model()->headerData(section, Qt::Vertical).toString());
  }
};

}  // namespace

CompareTable::CompareTable(CompareController* compare, QWidget* parent) : QWidget(parent), compare_(compare) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, kPageMargin, 0);
  column->setSpacing(kGrid);
  auto* tools = new QHBoxLayout;
  tools->setSpacing(kGrid);
  auto* search = new widgets::SearchLine(tr("Search fields and values"), this);
  search->setFixedWidth(280);
  tools->addWidget(search);
  auto* all = new QToolButton(this);
  all->setText(tr("Also what is the same"));
  all->setCheckable(true);
  all->setProperty("chip", true);
  all->setFocusPolicy(Qt::StrongFocus);
  tools->addWidget(all);
  tools->addStretch(1);
  column->addLayout(tools);

  model_ = new RunMatrixModel([this](store::RunId run) { return compare_->labels().of(run); }, this);
  table_ = new QTableView(this);
  table_->setModel(model_);
  table_->setAccessibleName(tr("Differences of the compared runs"));
  table_->setItemDelegate(new widgets::TextCell(table_));
  table_->setVerticalHeader(new TitleColumn(table_));
  prepare_table(table_, kRowHeight);
  table_->verticalHeader()->setFixedWidth(kTitleWidth);
  table_->verticalHeader()->setHighlightSections(false);
  table_->horizontalHeader()->setDefaultSectionSize(kValueWidth);
  table_->setCornerButtonEnabled(false);
  column->addWidget(table_, 1);

  connect(search, &widgets::SearchLine::search_changed, model_, &RunMatrixModel::set_search);
  connect(all, &QToolButton::toggled, this, [this](bool on) { model_->show_only_differing(!on); });
  const auto changed = [this] {
    if (watched_) show_runs();
  };
  connect(compare_->compared(), &ComparedRuns::looks_changed, this, changed);
  connect(compare_, &CompareController::read, this, changed);
  connect(compare_, &CompareController::metrics_changed, this, changed);
  connect(compare_->figures(), &FigureStore::arrived, this, changed);
}

void CompareTable::set_watched(bool on) {
  watched_ = on;
  if (on) show_runs();
}

void CompareTable::show_runs() { model_->set_matrix(compare_->matrix(), compare_->compared()->baseline()); }

void CompareTable::copy() const {
  QString text;
  for (int column = 0; column < model_->columnCount(); ++column)
    text += u'\t' + model_->headerData(column, Qt::Horizontal).toString();
  for (int row = 0; row < model_->rowCount(); ++row) {
    text += u'\n' + model_->headerData(row, Qt::Vertical).toString();
    for (int column = 0; column < model_->columnCount(); ++column)
      text += u'\t' + model_->index(row, column).data().toString();
  }
  QGuiApplication::clipboard()->setText(text);
}

}  // namespace athanor::app
