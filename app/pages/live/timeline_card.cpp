#include "app/pages/live/timeline_card.h"

#include "app/pages/live/timeline_words.h"
#include "widgets/common/numbers.h"
#include "widgets/parts/flow_layout.h"
#include "widgets/parts/text_paint.h"
#include "widgets/timeline/timeline_legend.h"
#include "widgets/timeline/timeline_view.h"

#include <QVBoxLayout>

namespace athanor::app {
namespace {

using widgets::kGrid;
constexpr int kFigureWidth = 190;
constexpr int kHighest = 480;  // of the rows in sight; more ranks are scrolled to

}  // namespace

TimelineCard::TimelineCard(QWidget* parent) : Card(tr("What each rank did"), parent) {
  figures_ = new QWidget(this);
  flow_ = new widgets::FlowLayout(figures_, kFigureWidth, kGrid * 2);
  body()->addWidget(figures_);
  legend_ = new widgets::TimelineLegend(this);
  body()->addWidget(legend_);
  scroll_ = new QScrollArea(this);
  scroll_->setObjectName(QStringLiteral("bare"));
  scroll_->setWidgetResizable(true);
  scroll_->setFrameShape(QFrame::NoFrame);
  scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll_->setFocusPolicy(Qt::NoFocus);
  scroll_->viewport()->setAutoFillBackground(false);
  view_ = new widgets::TimelineView(tr("Timeline of one step"), scroll_);
  scroll_->setWidget(view_);
  view_->setAutoFillBackground(false);
  body()->addWidget(scroll_);
  slow_ = new QLabel(this);
  slow_->setProperty("tone", QStringLiteral("bad"));
  slow_->setWordWrap(true);
  body()->addWidget(slow_);
  hide();
}

void TimelineCard::show_step(const std::optional<timeline::StepPicture>& picture,
                             const std::vector<store::Occurrence>& occurrences) {
  setVisible(picture.has_value());
  if (!picture) return;
  const bool several = picture->ranks > 1;
  set_heading(several ? tr("What each rank did") : tr("What a step consists of"));
  widgets::TimelineData drawn = timeline_data(*picture, occurrences);
  const bool both = !picture->predicted.empty();
  legend_->set_kinds(drawn.kinds, both ? tr("predicted") : QString(), both ? tr("measured") : QString());
  legend_->setVisible(several);
  view_->set_data(std::move(drawn));
  slow_->setText(slow_rank_lines(occurrences).join(u'\n'));
  slow_->setVisible(!slow_->text().isEmpty());
  scroll_->setFixedHeight(std::min(kHighest, view_->sizeHint().height()));
}

void TimelineCard::show_figures(const std::optional<timeline::StepPicture>& picture,
                                const std::map<std::string, double>& last) {
  const std::vector<Figure> figures = picture ? timeline_figures(*picture, last) : std::vector<Figure>();
  for (std::size_t i = 0; i < std::max(figures.size(), blocks_.size()); ++i) {
    Block& one = block(i);
    one.box->setVisible(i < figures.size());
    if (i >= figures.size()) continue;
    one.caption->setText(figures[i].caption);
    one.value->setText(figures[i].value);
    one.detail->setText(figures[i].detail);
    one.detail->setVisible(!figures[i].detail.isEmpty());
  }
}

TimelineCard::Block& TimelineCard::block(std::size_t index) {
  while (blocks_.size() <= index) {
    Block one{new QWidget(figures_), nullptr, nullptr, nullptr};
    auto* column = new QVBoxLayout(one.box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    one.caption = make_muted({}, one.box);
    one.value = new QLabel(one.box);
    one.value->setFont(widgets::tabular_font(widgets::scaled(font(), 1.3, QFont::DemiBold)));
    one.detail = make_muted({}, one.box);
    one.detail->setWordWrap(true);
    one.detail->setFont(widgets::tabular_font(widgets::scaled(font(), 0.9)));
    for (QLabel* label : {one.caption, one.value, one.detail}) column->addWidget(label);
    column->addStretch(1);
    flow_->addWidget(one.box);
    blocks_.push_back(one);
  }
  return blocks_[index];
}

QStringList TimelineCard::figure_texts() const {
  QStringList out;
  for (const Block& one : blocks_)
    if (one.box->isVisibleTo(figures_))
      out << QStringLiteral("%1: %2 %3").arg(one.caption->text(), one.value->text(), one.detail->text());
  return out;
}

}  // namespace athanor::app
