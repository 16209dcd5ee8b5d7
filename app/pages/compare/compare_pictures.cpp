#include "app/pages/compare/compare_pictures.h"

#include "app/controllers/compare_controller.h"
#include "app/pages/parts/board_queries.h"
#include "app/pages/parts/page_parts.h"
#include "app/pages/parts/run_pictures.h"
#include "widgets/gallery/retrieval_board.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>

namespace athanor::app {
namespace {

using widgets::kGrid;

}  // namespace

ComparePictures::ComparePictures(CompareController* compare, PictureLoader* pictures, QWidget* parent)
    : QWidget(parent), compare_(compare) {
  pictures_ = new RunPictures(pictures, this);
  pictures_->set_folder(QStringLiteral("/"));  // of two runs: keys say which
  build();
  const auto changed = [this] {
    if (!watched_) return;
    offer_runs();
    ask();
  };
  connect(compare_->compared(), &ComparedRuns::looks_changed, this, changed);
  connect(compare_, &CompareController::read, this, changed);
  connect(compare_, &CompareController::boards_changed, this, [this] { show_boards(); });
  for (QComboBox* box : {shown_, against_}) connect(box, &QComboBox::activated, this, [this] { ask(); });
}

void ComparePictures::build() {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(kGrid + 4);
  auto* tools = new QHBoxLayout;
  tools->setContentsMargins(0, 0, kPageMargin, 0);
  tools->setSpacing(kGrid);
  const auto add_box = [&](const QString& caption, const QString& name) {
    QLabel* label = make_muted(caption, this);
    auto* box = new QComboBox(this);
    box->setAccessibleName(name);
    box->setMinimumWidth(180);
    label->setBuddy(box);
    tools->addWidget(label);
    tools->addWidget(box);
    return box;
  };
  shown_ = add_box(tr("What"), tr("Run whose answers are shown"));
  against_ = add_box(tr("finds, against"), tr("Run it is compared with"));
  tools->addStretch(1);
  column->addLayout(tools);
  auto* scroll = new PageScroll(this);
  board_ = new widgets::RetrievalBoard(pictures_, scroll->widget());
  board_->choose_elsewhere();
  board_->set_order(widgets::BoardOrder::regressions_first);
  board_->set_empty_text(tr("This run has not answered probe queries."));
  scroll->body()->addWidget(board_);
  scroll->body()->addStretch(1);
  column->addWidget(scroll, 1);
}

void ComparePictures::set_watched(bool on) {
  watched_ = on;
  if (!on) return;
  offer_runs();
  ask();
}

void ComparePictures::set_current(store::RunId run) {
  const int index = shown_->findData(QVariant::fromValue<qint64>(run));
  if (!watched_ || index < 0 || index == shown_->currentIndex() || run == against_->currentData().toLongLong()) return;
  shown_->setCurrentIndex(index);
  ask();
}

QString ComparePictures::folder_of(store::RunId run) const {
  const store::Run* known = compare_->runs()->find(run);
  return known ? q(known->directory).mid(1) + u'/' : QString();
}

// Those chosen before stay; at first the baseline is what another is compared with.
void ComparePictures::offer_runs() {
  const std::vector<store::RunId> runs = compare_->compared()->ids();
  const auto fill = [&](QComboBox* box, store::RunId otherwise) {
    const QSignalBlocker quiet(box);
    const QVariant before = box->currentData();
    box->clear();
    for (const store::RunId run : runs) box->addItem(compare_->labels().of(run), QVariant::fromValue<qint64>(run));
    int index = before.isValid() ? box->findData(before) : -1;
    if (index < 0) index = box->findData(QVariant::fromValue<qint64>(otherwise));
    box->setCurrentIndex(std::max(0, index));
  };
  const store::RunId baseline = compare_->compared()->baseline();
  const auto other = std::ranges::find_if(runs, [&](store::RunId run) { return run != baseline; });
  const auto first = runs.empty() ? 0 : runs.front();
  if (baseline != 0) {
    fill(against_, baseline);
    fill(shown_, other == runs.end() ? baseline : *other);
  } else {
    fill(against_, first);
    fill(shown_, runs.size() > 1 ? runs[1] : first);
  }
}

void ComparePictures::ask() {
  compare_->want_boards(shown_->currentData().toLongLong(), against_->currentData().toLongLong());
}

void ComparePictures::show_boards() {
  const CompareController::Boards& boards = compare_->boards();
  std::vector<widgets::BoardQuery> queries = board_queries(boards.shown, folder_of(boards.shown_run));
  if (boards.against_run != boards.shown_run)
    queries = widgets::compared(std::move(queries), board_queries(boards.against, folder_of(boards.against_run)),
                                compare_->labels().of(boards.against_run));
  board_->set_queries(std::move(queries));
}

}  // namespace athanor::app
