#include "app/pages/compare/compare_page.h"

#include "app/actions/action_registry.h"
#include "app/controllers/compare_controller.h"
#include "app/models/compared_run_model.h"
#include "app/pages/compare/compare_curves.h"
#include "app/pages/compare/compare_lineage.h"
#include "app/pages/compare/compare_list.h"
#include "app/pages/compare/compare_pictures.h"
#include "app/pages/compare/compare_relations.h"
#include "app/pages/compare/compare_table.h"
#include "app/pages/compare/metric_chooser.h"
#include "app/pages/parts/axis_button.h"
#include "app/pages/parts/page_parts.h"
#include "app/settings/settings.h"
#include "widgets/common/numbers.h"
#include "widgets/feedback/empty_page.h"
#include "widgets/plot/plot_link.h"

#include <QAction>
#include <QHBoxLayout>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>

#include <algorithm>
#include <set>
#include <utility>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using widgets::Glyph;
using widgets::kGrid;

}  // namespace

ComparePage::ComparePage(CompareController* compare, CurveReaders* readers, PictureLoader* pictures,
                         ActionRegistry* actions, Settings* settings, QWidget* parent)
    : Page(u"compare"_s, tr("Compare"), parent),
      compare_(compare),
      readers_(readers),
      loader_(pictures),
      actions_(actions),
      settings_(settings) {
  add_actions();
  build();
  connect(compare_->compared(), &ComparedRuns::looks_changed, this, [this] { update_state(); });
  connect(compare_, &CompareController::metrics_changed, this, [this] { update_state(); });
  connect(compare_, &CompareController::notice, this, &Page::notice);
  connect(compare_, &CompareController::read, this, [this] { tell_ready(); });
  connect(curves_, &CompareCurves::completed, this, [this] { tell_ready(); });
  connect(curves_, &CompareCurves::notice, this, &Page::notice);
  connect(curves_, &CompareCurves::run_chosen, list_, &CompareList::choose);
  connect(list_, &CompareList::selection_changed, this, [this] {
    look_at(list_->current());
    pictures_->set_current(list_->current());
    update_actions();
  });
  connect(list_, &CompareList::hovered, this, [this](qint64 run) { look_at(run > 0 ? run : list_->current()); });
  connect(relations_, &CompareRelations::run_chosen, list_, &CompareList::choose);
  connect(lineage_, &CompareLineage::run_chosen, list_, &CompareList::choose);
  connect(lineage_, &CompareLineage::open_requested, this, &ComparePage::open_requested);
  connect(list_, &QTableView::activated, this, [this] { actions_->run(u"compare.open"_s); });
  connect(readers_, &CurveReaders::damage_found, this, [this](const std::vector<store::DamagedSamples>& damaged) {
    const bool lost = std::ranges::any_of(damaged, &store::DamagedSamples::is_lost);
    Q_EMIT notice({NoticeKind::warning,
                   tr("Some pages of the history are damaged"),
                   lost ? tr("Samples of %1 of run %2 from step %3 on are drawn from their summaries")
                              .arg(q(damaged.front().metric))
                              .arg(damaged.front().run)
                              .arg(damaged.front().first_step)
                        : tr("What they held was read from other pages; nothing is lost"),
                   tr("Build the history again from the run directories: athanor-agent rebuild"),
                   {}});
  });
  update_state();
}

// Set off from the others wherever it is drawn; 0: none.
void ComparePage::look_at(store::RunId run) {
  curves_->link()->set_highlight(run > 0 ? run : widgets::kNoCurve);
  relations_->set_current(run > 0 ? run : widgets::kNoCurve);
  if (run > 0) lineage_->set_current(run);
}

void ComparePage::build() {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(kPageMargin, kGrid * 2, 0, kGrid * 2);
  layout->setSpacing(kGrid * 2);
  layout->addWidget(build_header());
  stack_ = new QStackedWidget(this);
  splitter_ = new QSplitter(Qt::Horizontal, stack_);
  splitter_->setChildrenCollapsible(false);
  splitter_->setHandleWidth(kGrid + 4);
  runs_ = new ComparedRunModel(
      compare_->compared(), [this](store::RunId run) { return compare_->labels().of(run); }, compare_->figures(), this);
  connect(compare_->runs(), &RunStore::changed, runs_, &ComparedRunModel::rename_runs);
  list_ = new CompareList(runs_, splitter_);
  for (const char* id : {"compare.open", "compare.baseline", "compare.hide", "compare.only", "compare.remove"})
    list_->addAction(actions_->action(QString::fromLatin1(id)));
  splitter_->addWidget(list_);
  views_ = new QStackedWidget(splitter_);
  splitter_->addWidget(views_);
  splitter_->setStretchFactor(0, 0);
  splitter_->setStretchFactor(1, 1);
  splitter_->setSizes({376, 1000});
  splitter_->restoreState(settings_->bytes(Setting::compare_splitter));
  stack_->addWidget(splitter_);
  empty_ = new widgets::EmptyPage(stack_);
  empty_->set_content(Glyph::runs, tr("Nothing to compare yet"),
                      tr("Select some runs in the table and press C: their curves are laid over each other here, with "
                         "what their recipes differ in."),
                      tr("Choose runs"));
  connect(empty_, &widgets::EmptyPage::action_triggered, this, &ComparePage::choose_requested);
  stack_->addWidget(empty_);
  layout->addWidget(stack_, 1);

  build_views();
}

void ComparePage::build_views() {
  curves_ = new CompareCurves(compare_, readers_, views_);
  add_view(u"curves"_s, tr("Curves"), curves_, [this](bool on) { curves_->set_watched(on); });
  table_ = new CompareTable(compare_, views_);
  add_view(u"differences"_s, tr("Differences"), table_, [this](bool on) { table_->set_watched(on); });
  relations_ = new CompareRelations(compare_, views_);
  add_view(u"relations"_s, tr("Relations"), relations_, [this](bool on) { relations_->set_watched(on); });
  pictures_ = new ComparePictures(compare_, loader_, views_);
  add_view(u"pictures"_s, tr("Pictures"), pictures_, [this](bool on) { pictures_->set_watched(on); });
  lineage_ = new CompareLineage(compare_, views_);
  add_view(u"lineage"_s, tr("Lineage"), lineage_, [this](bool on) { lineage_->set_watched(on); });
  connect(axis_button_, &AxisButton::chosen, this, [this](const QString& id) {
    curves_->link()->set_axis(axis_button_->axis());
    settings_->set(Setting::compare_axis, id);
  });
  axis_button_->choose(settings_->text(Setting::compare_axis));
  show_view(settings_->text(Setting::compare_view));
}

QWidget* ComparePage::build_header() {
  auto* header = new QWidget(this);
  auto* column = new QHBoxLayout(header);
  column->setContentsMargins(0, 0, kPageMargin, 0);
  const PageHeader head = make_page_header(title(), header);
  count_ = head.caption;
  view_buttons_ = new QWidget(header);
  auto* views = new QHBoxLayout(view_buttons_);
  views->setContentsMargins(0, 0, 0, 0);
  views->setSpacing(kGrid / 2);
  head.row->addWidget(view_buttons_);
  head.row->addSpacing(kGrid * 2);
  axis_button_ = new AxisButton(header);
  head.row->addWidget(axis_button_);
  metrics_button_ = new QToolButton(header);
  metrics_button_->setText(tr("Metrics…"));
  metrics_button_->setProperty("chip", true);
  metrics_button_->setFocusPolicy(Qt::StrongFocus);
  metrics_button_->setToolTip(tr("Choose which metrics are drawn (M)"));
  connect(metrics_button_, &QToolButton::clicked, this, [this] { choose_metrics(); });
  head.row->addWidget(metrics_button_);
  chooser_ = new MetricChooser(this);
  connect(chooser_, &MetricChooser::chosen, compare_, &CompareController::set_metrics);
  column->addLayout(head.row);
  return header;
}

void ComparePage::choose_metrics() {
  chooser_->open(compare_->metric_counts(), static_cast<int>(compare_->compared()->all().size()), compare_->metrics(),
                 metrics_button_->mapToGlobal(
                     QPoint(metrics_button_->width() - chooser_->width(), metrics_button_->height() + kGrid / 2)));
}

void ComparePage::add_view(const QString& id, const QString& title, QWidget* widget,
                           std::function<void(bool)> set_watched) {
  views_->addWidget(widget);
  auto* button = new QToolButton(view_buttons_);
  button->setText(title);
  button->setCheckable(true);
  button->setAutoExclusive(true);
  button->setProperty("chip", true);
  button->setFocusPolicy(Qt::StrongFocus);
  button->setAccessibleName(tr("View: %1").arg(title));
  view_buttons_->layout()->addWidget(button);
  connect(button, &QToolButton::clicked, this, [this, id] { show_view(id); });
  all_views_.push_back({id, widget, button, std::move(set_watched)});
}

void ComparePage::show_view(const QString& id) {
  auto found = std::ranges::find(all_views_, id, &View::id);
  if (found == all_views_.end()) found = all_views_.begin();
  for (const View& view : all_views_)
    if (view.id != found->id) view.set_watched(false);
  views_->setCurrentWidget(found->widget);
  found->button->setChecked(true);
  axis_button_->setVisible(found->widget == curves_);
  settings_->set(Setting::compare_view, found->id);
  if (shown_) found->set_watched(true);
}

void ComparePage::add_actions() {
  const QString where = tr("Compare");
  const auto add = [&](const char* id, const QString& text, Glyph glyph, const QList<QKeySequence>& keys,
                       std::function<void()> act, const QString& button = {}) {
    actions_->add(this, {QString::fromLatin1(id), where, text, glyph, keys, button}, std::move(act));
  };
  add(
      "compare.open", tr("Open the selected compared run"), Glyph::open, {},
      [this] {
        if (list_->current() > 0) Q_EMIT open_requested(list_->current());
      },
      tr("Open"));
  add(
      "compare.baseline", tr("Measure the others against the selected run, or no longer"), Glyph::pin,
      {QKeySequence(Qt::Key_B)},
      [this] {
        ComparedRuns* compared = compare_->compared();
        compared->set_baseline(list_->current() == compared->baseline() ? 0 : list_->current());
      },
      tr("Baseline"));
  add(
      "compare.hide", tr("Hide or show the selected compared runs"), Glyph::circle, {QKeySequence(Qt::Key_H)},
      [this] {
        const ComparedRun* first = compare_->compared()->find(list_->current());
        if (first) compare_->compared()->set_visible(list_->selected(), !first->visible);
      },
      tr("Hide or show"));
  add(
      "compare.only", tr("Show the selected compared runs only, or all again"), Glyph::ring, {QKeySequence(Qt::Key_O)},
      [this] { hide_all_but(list_->selected()); }, tr("Only these"));
  add(
      "compare.remove", tr("Take the selected runs out of the comparison"), Glyph::close, {QKeySequence::Delete},
      [this] { compare_->compared()->remove(list_->selected()); }, tr("Take out"));
  add("compare.metrics", tr("Choose the metrics to compare"), Glyph::pulse, {QKeySequence(Qt::Key_M)},
      [this] { choose_metrics(); });
  add("compare.axis", tr("Draw the compared curves over the next thing: steps, samples, time"), Glyph::clock,
      {QKeySequence(Qt::Key_X)}, [this] { axis_button_->choose_next(); });
  add("compare.reset", tr("Show the whole of the compared curves"), Glyph::reset, {},
      [this] { curves_->link()->reset_range(); });
  add("compare.view", tr("Go to the next view of the comparison"), Glyph::table, {QKeySequence(Qt::Key_V)}, [this] {
    const auto now = std::ranges::find(all_views_, settings_->text(Setting::compare_view), &View::id);
    const auto next = static_cast<std::size_t>(now - all_views_.begin() + 1) % all_views_.size();
    show_view(all_views_[next].id);
  });
  add("compare.copy", tr("Copy the table of differences"), Glyph::copy, {}, [this] { table_->copy(); });
}

// All again where only these are shown already.
void ComparePage::hide_all_but(const std::vector<store::RunId>& runs) {
  const std::set<store::RunId> chosen(runs.begin(), runs.end());
  std::vector<store::RunId> others;
  bool others_shown = false;
  for (const ComparedRun& each : compare_->compared()->all()) {
    if (chosen.contains(each.run)) continue;
    others.push_back(each.run);
    others_shown |= each.visible;
  }
  compare_->compared()->set_visible(runs, true);
  compare_->compared()->set_visible(others, !others_shown);
}

void ComparePage::update_actions() {
  const QString none = list_->current() > 0 ? QString() : tr("Select a run in the list first.");
  for (const char* id : {"compare.open", "compare.baseline", "compare.hide", "compare.only", "compare.remove"})
    actions_->set_reason(QString::fromLatin1(id), none);
  actions_->set_reason(u"compare.metrics"_s,
                       compare_->compared()->all().empty() ? tr("There is nothing to compare yet.") : QString());
}

void ComparePage::update_state() {
  const auto& all = compare_->compared()->all();
  const auto shown = std::ranges::count_if(all, &ComparedRun::visible);
  const int count = static_cast<int>(all.size());
  count_->setText(count == 0       ? QString()
                  : shown == count ? tr("%n run(s)", nullptr, count)
                                   : tr("%1 of %2 runs").arg(widgets::count_text(shown), widgets::count_text(count)));
  stack_->setCurrentWidget(all.empty() ? static_cast<QWidget*>(empty_) : splitter_);
  view_buttons_->setVisible(!all.empty());
  metrics_button_->setVisible(!all.empty());
  axis_button_->setVisible(!all.empty() && views_->currentWidget() == curves_);
  runs_->set_metric(compare_->metrics().empty() ? std::string() : compare_->metrics().front());
  update_actions();
}

bool ComparePage::is_ready() const {
  return compare_->compared()->all().empty() ||
         (compare_->is_read() && (views_->currentWidget() != curves_ || curves_->is_complete()));
}

void ComparePage::tell_ready() {
  if (is_ready()) Q_EMIT became_ready();
}

void ComparePage::entered() {
  shown_ = true;
  show_view(settings_->text(Setting::compare_view));
  list_->setFocus(Qt::OtherFocusReason);
  tell_ready();
}

void ComparePage::left() {
  shown_ = false;
  for (const View& view : all_views_) view.set_watched(false);
}

void ComparePage::keep_layout() { settings_->set(Setting::compare_splitter, splitter_->saveState()); }

}  // namespace athanor::app
