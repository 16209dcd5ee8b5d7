#include "widgets/gallery/retrieval_board.h"

#include "widgets/common/theme.h"
#include "widgets/gallery/picture_source.h"
#include "widgets/gallery/query_card.h"
#include "widgets/parts/flow_layout.h"
#include "widgets/parts/wrap_layout.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>

namespace athanor::widgets {
namespace {
constexpr std::int64_t kAnswersInSummary = 5;
}

RetrievalBoard::RetrievalBoard(PictureSource* source, QWidget* parent) : QWidget(parent), source_(source) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid + 4);
  auto* bar_box = new QWidget(this);
  bar_ = bar_box;
  QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Minimum);
  policy.setHeightForWidth(true);
  bar_box->setSizePolicy(policy);
  auto* bar = new WrapLayout(bar_box, kGrid);
  const auto box = [&](const QString& label, const QString& name) {
    auto* group = new QWidget(bar_box);
    auto* row = new QHBoxLayout(group);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(kGrid);
    auto* caption = new QLabel(label, group);
    caption->setForegroundRole(QPalette::PlaceholderText);
    auto* combo = new QComboBox(group);
    combo->setAccessibleName(name);
    combo->view()->setAccessibleName(name);
    combo->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    caption->setBuddy(combo);
    row->addWidget(caption);
    row->addWidget(combo);
    bar->addWidget(group);
    return combo;
  };
  step_box_ = box(tr("Evaluation"), tr("Evaluation shown"));
  compare_box_ = box(tr("before"), tr("Earlier evaluation to compare with"));
  order_box_ = box(tr("Order"), tr("Order of the queries"));
  order_box_->addItem(tr("as recorded"), static_cast<int>(BoardOrder::as_given));
  order_box_->addItem(tr("biggest regressions first"), static_cast<int>(BoardOrder::regressions_first));
  order_box_->addItem(tr("worst first"), static_cast<int>(BoardOrder::worst_first));
  order_box_->addItem(tr("best first"), static_cast<int>(BoardOrder::best_first));
  direction_box_ = box(tr("Ask with"), tr("Direction of the queries"));
  direction_box_->addItems({tr("texts and pictures"), tr("texts"), tr("pictures")});
  layout->addWidget(bar_box);
  summary_ = new QLabel(this);
  summary_->setForegroundRole(QPalette::PlaceholderText);
  layout->addWidget(summary_);
  empty_ = new QLabel(tr("No queries yet"), this);
  empty_->setForegroundRole(QPalette::PlaceholderText);
  empty_->setAlignment(Qt::AlignCenter);
  empty_->setMinimumHeight(96);
  layout->addWidget(empty_);
  body_ = new QWidget(this);
  flow_ = new FlowLayout(body_, 328, kGrid + 4);
  layout->addWidget(body_);
  layout->addStretch(1);
  connect(step_box_, &QComboBox::activated, this, [this](int index) {
    newest_ = index == 0;
    fill_compare();
    Q_EMIT steps_chosen(shown_step(), compared_step());
  });
  connect(compare_box_, &QComboBox::activated, this, [this] { Q_EMIT steps_chosen(shown_step(), compared_step()); });
  connect(order_box_, &QComboBox::activated, this, [this] { rebuild(); });
  connect(direction_box_, &QComboBox::activated, this, [this] { rebuild(); });
  if (source_)
    connect(source_, &PictureSource::arrived, this, [this](const QString& key) {
      for (QueryCard* card : cards_)
        if (card->uses(key)) card->update();
    });
  rebuild();
}

void RetrievalBoard::set_steps(const std::vector<std::int64_t>& steps) {
  if (steps == steps_) return;
  const std::int64_t before = shown_step();
  steps_ = steps;
  const QSignalBlocker block(step_box_);
  step_box_->clear();
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step)
    step_box_->addItem(step == steps_.rbegin() ? tr("step %1, newest").arg(*step) : tr("step %1").arg(*step),
                       QVariant::fromValue<qint64>(*step));
  if (!newest_) step_box_->setCurrentIndex(std::max(0, step_box_->findData(QVariant::fromValue<qint64>(before))));
  fill_compare();
  bar_->setVisible(!steps_.empty() || chosen_elsewhere_);
  if (shown_step() != before) Q_EMIT steps_chosen(shown_step(), compared_step());
}

void RetrievalBoard::fill_compare() {
  const std::int64_t before = compared_step();
  const QSignalBlocker block(compare_box_);
  compare_box_->clear();
  compare_box_->addItem(tr("nothing"), QVariant::fromValue<qint64>(-1));
  for (const std::int64_t step : steps_)
    if (step < shown_step()) compare_box_->addItem(tr("step %1").arg(step), QVariant::fromValue<qint64>(step));
  const int index = compare_box_->findData(QVariant::fromValue<qint64>(before));
  compare_box_->setCurrentIndex(std::max(0, index));
}

void RetrievalBoard::set_compared_step(std::int64_t step) {
  const int index = compare_box_->findData(QVariant::fromValue<qint64>(step));
  if (index < 0 || index == compare_box_->currentIndex()) return;
  compare_box_->setCurrentIndex(index);
  Q_EMIT steps_chosen(shown_step(), compared_step());
}

std::int64_t RetrievalBoard::shown_step() const {
  return step_box_->count() > 0 ? step_box_->currentData().toLongLong() : -1;
}
std::int64_t RetrievalBoard::compared_step() const {
  return compare_box_->count() > 0 ? compare_box_->currentData().toLongLong() : -1;
}

void RetrievalBoard::choose_elsewhere() {
  chosen_elsewhere_ = true;
  for (QComboBox* box : {step_box_, compare_box_}) box->parentWidget()->hide();
  rebuild();
}

void RetrievalBoard::set_empty_text(const QString& text) { empty_->setText(text); }

void RetrievalBoard::set_order(BoardOrder order) {
  order_box_->setCurrentIndex(order_box_->findData(static_cast<int>(order)));
  rebuild();
}

void RetrievalBoard::set_queries(std::vector<BoardQuery> queries) {
  if (queries == queries_) return;
  queries_ = std::move(queries);
  rebuild();
}

std::vector<BoardQuery> RetrievalBoard::shown_queries() const {
  std::vector<BoardQuery> shown;
  for (const BoardQuery& query : queries_)
    if (direction_box_->currentIndex() == 0 || query.text_query == (direction_box_->currentIndex() == 1))
      shown.push_back(query);
  return ordered(std::move(shown), static_cast<BoardOrder>(order_box_->currentData().toInt()));
}

void RetrievalBoard::rebuild() {
  const std::vector<BoardQuery> shown = shown_queries();
  while (cards_.size() > shown.size()) {
    delete cards_.back();
    cards_.pop_back();
  }
  while (cards_.size() < shown.size()) {
    auto* card = new QueryCard(source_, body_);
    card->installEventFilter(this);
    flow_->addWidget(card);
    card->show();
    cards_.push_back(card);
  }
  for (std::size_t i = 0; i < shown.size(); ++i) cards_[i]->set_query(shown[i]);
  empty_->setVisible(shown.empty());
  body_->setVisible(!shown.empty());
  bar_->setVisible(!steps_.empty() || (chosen_elsewhere_ && !queries_.empty()));
  summary_->setVisible(!shown.empty());
  summarise();
  body_->updateGeometry();
}

void RetrievalBoard::summarise() {
  const std::vector<BoardQuery> shown = shown_queries();
  const auto first = std::count_if(shown.begin(), shown.end(), [](const BoardQuery& q) { return q.truth_rank == 1; });
  const auto top = std::count_if(shown.begin(), shown.end(), [](const BoardQuery& q) {
    return q.truth_rank >= 1 && q.truth_rank <= kAnswersInSummary;
  });
  summary_->setText(shown.empty()
                        ? QString()
                        : tr("%1 of %2 right at once, %3 among the first five").arg(first).arg(shown.size()).arg(top));
}

bool RetrievalBoard::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() != QEvent::KeyPress) return false;
  const auto at = std::find(cards_.begin(), cards_.end(), watched);
  if (at == cards_.end()) return false;
  const auto index = at - cards_.begin();
  std::ptrdiff_t to = index;
  switch (static_cast<QKeyEvent*>(event)->key()) {
    case Qt::Key_Left: to = index - 1; break;
    case Qt::Key_Right: to = index + 1; break;
    case Qt::Key_Up: to = index - flow_->columns(); break;
    case Qt::Key_Down: to = index + flow_->columns(); break;
    default: return false;
  }
  if (to >= 0 && to < static_cast<std::ptrdiff_t>(cards_.size()))
    cards_[static_cast<std::size_t>(to)]->setFocus(Qt::TabFocusReason);
  return true;
}

}  // namespace athanor::widgets
