#include "app/pages/experiment/plan_panel.h"

#include "app/feedback/notice.h"
#include "app/models/run_words.h"
#include "app/pages/live/timeline_words.h"
#include "app/pages/parts/page_parts.h"
#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/feedback/busy_chip.h"
#include "widgets/parts/text_paint.h"
#include "widgets/plot/stacked_bar.h"
#include "widgets/timeline/timeline_view.h"

#include <QCoreApplication>
#include <QLabel>
#include <QVBoxLayout>

#include <map>

namespace athanor::app {
namespace {

using widgets::kGrid;

QString owner_text(const std::string& owner) {
  static const std::map<std::string, const char*> kWords = {
      {"parameters", QT_TRANSLATE_NOOP("PlanPanel", "Parameters")},
      {"gradients", QT_TRANSLATE_NOOP("PlanPanel", "Gradients")},
      {"optimizer", QT_TRANSLATE_NOOP("PlanPanel", "Optimizer")},
      {"activations", QT_TRANSLATE_NOOP("PlanPanel", "Activations")},
      {"workspace", QT_TRANSLATE_NOOP("PlanPanel", "Workspace")},
      {"data", QT_TRANSLATE_NOOP("PlanPanel", "Data")},
      {"checkpoint", QT_TRANSLATE_NOOP("PlanPanel", "Checkpoint")},
      {"program", QT_TRANSLATE_NOOP("PlanPanel", "Program")},
  };
  const auto found = kWords.find(owner);
  return found == kWords.end() ? q(owner) : QCoreApplication::translate("PlanPanel", found->second);
}

QLabel* make_note(QWidget* parent) {
  QLabel* label = make_muted({}, parent);
  label->setWordWrap(true);
  label->setFont(widgets::scaled(parent->font(), 0.9));
  return label;
}

void show_notes(QLabel* label, const QStringList& notes) {
  label->setText(notes.join(u'\n'));
  label->setVisible(!notes.isEmpty());
}

}  // namespace

PlanPanel::PlanPanel(QWidget* parent) : QWidget(parent) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  auto* card = new Card({}, this);
  auto* head = new QHBoxLayout;
  head->addWidget(make_heading(tr("What it will cost"), card));
  head->addStretch(1);
  busy_ = new widgets::BusyChip(card);
  busy_->set_state(tr("planning"), widgets::Role::info, std::nullopt, true);
  busy_->hide();
  head->addWidget(busy_);
  card->body()->addLayout(head);
  state_ = make_muted({}, card);
  state_->setWordWrap(true);
  card->body()->addWidget(state_);

  body_ = new QWidget(card);
  auto* body = new QVBoxLayout(body_);
  body->setContentsMargins(0, 0, 0, 0);
  body->setSpacing(kGrid);
  time_ = new QLabel(body_);
  time_->setFont(widgets::tabular_font(widgets::scaled(font(), 1.9, QFont::DemiBold)));
  body->addWidget(time_);
  time_caption_ = make_muted({}, body_);
  time_caption_->setWordWrap(true);
  body->addWidget(time_caption_);
  time_basis_ = make_note(body_);
  body->addWidget(time_basis_);
  body->addWidget(build_schedule());
  body->addSpacing(kGrid);
  memory_ = new QLabel(body_);
  memory_->setFont(widgets::tabular_font(font()));
  body->addWidget(memory_);
  bar_ = new widgets::StackedBar(body_);
  bar_->setAccessibleName(tr("Memory by use"));
  body->addWidget(bar_);
  memory_basis_ = make_note(body_);
  body->addWidget(memory_basis_);
  body->addSpacing(kGrid);
  facts_ = new FactList(body_);
  body->addWidget(facts_);
  notes_ = make_note(body_);
  body->addWidget(notes_);
  card->body()->addWidget(body_);
  layout->addWidget(card);
}

// As the live page will show what becomes of it.
QWidget* PlanPanel::build_schedule() {
  schedule_box_ = new QWidget(body_);
  auto* column = new QVBoxLayout(schedule_box_);
  column->setContentsMargins(0, kGrid, 0, 0);
  column->setSpacing(kGrid / 2);
  schedule_words_ = make_muted({}, schedule_box_);
  schedule_words_->setWordWrap(true);
  column->addWidget(schedule_words_);
  schedule_ = new widgets::TimelineView(tr("Planned schedule of a step"), schedule_box_);
  column->addWidget(schedule_);
  return schedule_box_;
}

void PlanPanel::show_schedule(const recipe::Prediction& p) {
  const auto picture = p.steps_per_second > 0 ? timeline::picture_of(p.schedule, 1 / p.steps_per_second) : std::nullopt;
  schedule_box_->setVisible(picture.has_value());
  if (!picture) return;
  schedule_words_->setText(tr("A step of %1: %2 of the ranks' time is a bubble")
                               .arg(widgets::time_text(picture->seconds), widgets::percent_text(p.schedule.bubble, 1)));
  schedule_->set_data(timeline_data(*picture, {}));
}

void PlanPanel::show_plan(const Planner& planner, int faults) {
  busy_->setVisible(planner.is_busy() && faults == 0);
  const auto& prediction = planner.prediction();
  body_->setVisible(prediction.has_value() && faults == 0);
  body_->setEnabled(!planner.is_busy());
  QString state;
  if (faults > 0)
    state = tr("The plan appears when nothing is wrong in the recipe.");
  else if (!planner.trouble().isEmpty())
    state = planner.trouble();
  else if (!prediction)
    state = tr("Working it out…");
  state_->setText(state);
  state_->setVisible(!state.isEmpty());
  if (prediction && faults == 0) show_prediction(*prediction);
}

// What they take and send; nothing of a rank alone.
void PlanPanel::show_ranks(const recipe::Prediction& p) {
  int ranks = 0;
  double memory = 0;
  QStringList each, axes;
  for (const recipe::RankNeed& need : p.ranks) {
    ranks += need.count;
    memory += need.count * static_cast<double>(need.peak_memory_bytes);
    each << tr("Rank %1: %2, sends %3 a step")
                .arg(q(need.ranks), widgets::bytes_text(static_cast<double>(need.peak_memory_bytes)),
                     widgets::bytes_text(static_cast<double>(need.bytes_on_wire_per_step)));
  }
  for (const recipe::AxisTraffic& axis : p.wire) axes << traffic_words(axis.axis, static_cast<double>(axis.bytes));
  const bool several = ranks > 1;
  facts_->set_fact(tr("Ranks"), several ? tr("%1, %2 in all").arg(ranks).arg(widgets::bytes_text(memory)) : QString(),
                   each.join(u'\n'));
  facts_->set_fact(tr("Sent per step"), axes.join(u'\n'));
  facts_->set_fact(
      tr("Schedule"),
      p.schedule.stages > 1
          ? tr("%1, %2 bubble (simulated)").arg(q(p.schedule.name), widgets::percent_text(p.schedule.bubble, 1))
          : QString());
}

void PlanPanel::show_prediction(const recipe::Prediction& p) {
  time_->setText(widgets::duration_text(p.seconds_to_finish));
  time_caption_->setText(tr("to finish %1 steps, with evaluations and checkpoints").arg(widgets::count_text(p.steps)));
  memory_->setText(p.device_memory_bytes > 0
                       ? tr("Memory: %1 of %2")
                             .arg(widgets::bytes_text(static_cast<double>(p.peak_memory_bytes)),
                                  widgets::bytes_text(static_cast<double>(p.device_memory_bytes)))
                       : tr("Memory: %1").arg(widgets::bytes_text(static_cast<double>(p.peak_memory_bytes))));
  // What is kept for exchanging is scratch as well; apart, there would be more shares than colours.
  std::map<std::string, std::int64_t> by_owner;
  for (const recipe::MemoryShare& share : p.memory)
    by_owner[share.owner == "exchange" ? "workspace" : share.owner] += share.bytes;
  std::vector<widgets::BarShare> shares;
  for (const recipe::MemoryShare& share : p.memory)
    if (const auto bytes = static_cast<double>(by_owner[share.owner]); share.owner != "exchange" && bytes > 0)
      shares.push_back({owner_text(share.owner), bytes, widgets::bytes_text(bytes)});
  // Against a device that dwarfs the need the shares could not be told apart: then the bar shows the shares alone.
  const auto device = static_cast<double>(p.device_memory_bytes);
  bar_->set_shares(std::move(shares),
                   device > 0 && static_cast<double>(p.peak_memory_bytes) > device * 0.25 ? device : 0);
  facts_->set_fact(tr("Model"), q(p.model));
  facts_->set_fact(tr("Parameters"), widgets::count_text(p.parameters));
  facts_->set_fact(tr("Pace"), tr("%1 steps/s").arg(pace_text(p.steps_per_second)));
  facts_->set_fact(tr("Throughput"), widgets::si_text(p.samples_per_second, tr("samples/s")));
  facts_->set_fact(tr("Work per step"), tr("%1FLOP").arg(widgets::si_text(p.flops_per_step)));
  facts_->set_fact(tr("Checkpoint"), widgets::bytes_text(static_cast<double>(p.checkpoint_bytes)));
  facts_->set_fact(tr("Device"), q(p.device));
  show_ranks(p);
  show_schedule(p);
  // How time and memory were come by stands under each; the rest at the end.
  QStringList notes, time_notes, memory_notes;
  for (const recipe::Note& note : p.notes) {
    QStringList& place = note.topic == recipe::Topic::time     ? time_notes
                         : note.topic == recipe::Topic::memory ? memory_notes
                                                               : notes;
    place << q(note.text);
  }
  show_notes(time_basis_, time_notes);
  show_notes(memory_basis_, memory_notes);
  show_notes(notes_, notes);
}

}  // namespace athanor::app
