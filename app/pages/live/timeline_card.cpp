#include "app/pages/live/timeline_card.h"

#include "app/controllers/timeline_controller.h"
#include "app/pages/live/timeline_rows.h"
#include "app/pages/live/timeline_words.h"
#include "widgets/common/glyph.h"
#include "widgets/common/numbers.h"
#include "widgets/parts/flow_layout.h"
#include "widgets/parts/text_paint.h"
#include "widgets/timeline/timeline_legend.h"
#include "widgets/timeline/timeline_view.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QMenu>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace athanor::app {
namespace {

using widgets::kGrid;
constexpr int kFigureWidth = 190;
constexpr int kHighest = 480;  // of the rows in sight; more ranks are scrolled to

}  // namespace

TimelineCard::TimelineCard(TimelineController* timeline, QWidget* parent)
    : Card(tr("What each rank did"), parent), timeline_(timeline) {
  figures_ = new QWidget(this);
  flow_ = new widgets::FlowLayout(figures_, kFigureWidth, kGrid * 2);
  body()->addWidget(figures_);
  auto* row = new QHBoxLayout;
  row->setSpacing(kGrid * 2);
  legend_ = new widgets::TimelineLegend(this);
  row->addWidget(legend_, 1, Qt::AlignTop);
  tools_ = build_tools();
  row->addWidget(tools_, 0, Qt::AlignTop | Qt::AlignRight);
  body()->addLayout(row);
  scroll_ = new QScrollArea(this);
  scroll_->setObjectName(QStringLiteral("bare"));
  scroll_->setWidgetResizable(true);
  scroll_->setFrameShape(QFrame::NoFrame);
  scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll_->setFocusPolicy(Qt::NoFocus);
  scroll_->viewport()->setAutoFillBackground(false);
  view_ = new widgets::TimelineView(tr("Timeline of the run"), scroll_);
  scroll_->setWidget(view_);
  view_->setAutoFillBackground(false);
  body()->addWidget(scroll_);
  slow_ = new QLabel(this);
  slow_->setProperty("tone", QStringLiteral("bad"));
  slow_->setWordWrap(true);
  body()->addWidget(slow_);
  connect_view();
  hide();
}

QWidget* TimelineCard::build_tools() {
  auto* tools = new QWidget(this);
  auto* row = new QHBoxLayout(tools);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(kGrid);
  newest_ = new QToolButton(tools);
  newest_->setText(tr("Newest step"));
  newest_->setToolTip(tr("Keep the newest step in sight (End)"));
  newest_->setCheckable(true);
  newest_->setChecked(true);
  auto* all = new QToolButton(tools);
  all->setText(tr("Whole run"));
  all->setToolTip(tr("Show the whole run (Home)"));
  for (QToolButton* button : {newest_, all}) {
    button->setProperty("chip", true);
    button->setFocusPolicy(Qt::StrongFocus);
    row->addWidget(button);
  }
  connect(newest_, &QToolButton::clicked, this, [this](bool on) { set_following(on); });
  connect(all, &QToolButton::clicked, this, [this] {
    set_following(false);
    view_->reset_range();
  });
  menu_button_ = new QToolButton(tools);
  menu_button_->setIcon(widgets::glyph_icon(widgets::Glyph::more));
  menu_button_->setAutoRaise(true);
  menu_button_->setPopupMode(QToolButton::InstantPopup);
  menu_button_->setFocusPolicy(Qt::StrongFocus);
  menu_button_->setAccessibleName(tr("Options of the timeline"));
  menu_button_->setToolTip(tr("Timeline options"));
  row->addWidget(menu_button_);
  build_menu();
  return tools;
}

void TimelineCard::build_menu() {
  auto* menu = new QMenu(menu_button_);
  QAction* zoom = menu->addAction(tr("Zoom to the selection\tEnter"));
  connect(zoom, &QAction::triggered, this, [this] {
    if (const auto range = view_->selection()) view_->set_range(range->first, range->second);
    set_following(false);
  });
  menu->addSeparator();
  QAction* part = menu->addAction(tr("Save what is in sight as a trace…"));
  connect(part, &QAction::triggered, this, [this] { ask_where_to_save(false); });
  connect(menu->addAction(tr("Save the whole run as a trace…")), &QAction::triggered, this,
          [this] { ask_where_to_save(true); });
  connect(menu, &QMenu::aboutToShow, this, [this, zoom, part] {
    zoom->setEnabled(view_->selection().has_value());
    part->setText(view_->selection() ? tr("Save the selection as a trace…") : tr("Save what is in sight as a trace…"));
  });
  menu_button_->setMenu(menu);
}

void TimelineCard::connect_view() {
  connect(view_, &widgets::TimelineView::moved, this, [this] { set_following(false); });
  connect(view_, &widgets::TimelineView::newest_wanted, this, [this] { set_following(true); });
  connect(view_, &widgets::TimelineView::detail_wanted, timeline_, &TimelineController::want);
  connect(view_, &widgets::TimelineView::range_selected, this, [this](double from, double to) {
    const auto on_axis = [this](double seconds) { return timeline_->origin_ns() + static_cast<qint64>(seconds * 1e9); };
    if (timeline_->is_empty()) return;
    Q_EMIT range_selected(to > from ? on_axis(from) : 0, to > from ? on_axis(to) : 0);
  });
  connect(timeline_, &TimelineController::whole_changed, this, [this] { show_rows(); });
  connect(timeline_, &TimelineController::window_changed, this, [this] { show_window(); });
}

void TimelineCard::begin_run() {
  view_->set_selection(std::nullopt);
  view_->set_data({});
  set_following(true);
}

void TimelineCard::set_following(bool on) {
  following_ = on;
  newest_->setChecked(on);
  if (on) follow();
}

// With a little of what came before, where steps have bounds.
void TimelineCard::follow() {
  if (!following_ || !picture_ || timeline_->is_empty()) return;
  constexpr double kBefore = 0.02;
  const double begin = static_cast<double>(picture_->begin_ns - timeline_->origin_ns()) * 1e-9;
  const double length = std::max(picture_->seconds, picture_->predicted_seconds);
  view_->set_range(std::max(0.0, begin - kBefore * length), begin + length * (1 + kBefore));
}

void TimelineCard::show_timeline(const std::optional<timeline::StepPicture>& picture,
                                 const std::vector<store::Occurrence>& occurrences) {
  picture_ = picture;
  occurrences_ = occurrences;
  show_rows();
}

void TimelineCard::show_rows() {
  const bool has_whole = !timeline_->is_empty();
  setVisible(has_whole || picture_);
  tools_->setVisible(has_whole);
  if (!has_whole && !picture_) return;
  widgets::TimelineData drawn;
  if (has_whole) {
    kinds_ = kinds_of(timeline_->whole());
    drawn = timeline_rows(timeline_->whole(), {timeline_->origin_ns(), picture_, occurrences_, kinds_});
  } else {
    drawn = timeline_data(*picture_, occurrences_);
  }
  std::set<int> ranks;
  for (const store::TimelineLane& lane : timeline_->whole().lanes) ranks.insert(lane.rank);
  const bool several = ranks.size() > 1 || (picture_ && picture_->ranks > 1);
  set_heading(several ? tr("What each rank did") : tr("What a step consists of"));
  std::vector<widgets::TimelineKind> shown;
  for (const journal::SpanKind kind : kinds_) shown.push_back(drawn.kinds[static_cast<std::size_t>(kind)]);
  const bool has_gaps = std::ranges::any_of(drawn.rows, [](const auto& row) { return !row.unknown.empty(); });
  if (!several) shown.clear();
  const bool both = picture_ && !picture_->predicted.empty();
  legend_->set_kinds(has_whole || !several ? shown : drawn.kinds, both ? tr("predicted") : QString(),
                     both ? tr("measured") : QString(), has_gaps ? drawn.unknown_word : QString());
  view_->set_data(std::move(drawn));
  show_window();
  follow();
  slow_->setText(slow_rank_lines(occurrences_).join(u'\n'));
  slow_->setVisible(!slow_->text().isEmpty());
  scroll_->setFixedHeight(std::min(kHighest, view_->sizeHint().height()));
}

void TimelineCard::show_window() {
  if (timeline_->is_empty() || !timeline_->window() || timeline_->window()->lanes.empty()) return;
  view_->set_window(timeline_rows(*timeline_->window(), {timeline_->origin_ns(), picture_, occurrences_, kinds_}));
}

void TimelineCard::ask_where_to_save(bool all) {
  auto* dialog = new QFileDialog(this, tr("Save a trace for Perfetto or Chrome"), {}, tr("Traces (*.json)"));
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix(QStringLiteral("json"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  const std::pair<double, double> range = all ? std::pair(0.0, 0.0) : view_->selection().value_or(view_->range());
  connect(dialog, &QFileDialog::fileSelected, this,
          [this, range](const QString& file) { Q_EMIT trace_wanted(file, range.first, range.second); });
  dialog->open();
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
