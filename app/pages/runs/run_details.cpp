#include "app/pages/runs/run_details.h"

#include "app/controllers/history_controller.h"
#include "app/models/run_words.h"
#include "app/pages/parts/page_parts.h"
#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/feedback/busy_chip.h"
#include "widgets/parts/text_paint.h"

#include <QDateTime>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPainter>
#include <QPlainTextEdit>
#include <QScrollArea>
#include <QVBoxLayout>

#include <cmath>
#include <map>
#include <optional>
#include <utility>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using widgets::kGrid;

QStringList split_tags(const QString& typed) {
  QStringList tags;
  for (const QString& part : typed.split(u',')) {
    const QString tag = part.trimmed();
    if (!tag.isEmpty() && !tags.contains(tag)) tags << tag;
  }
  return tags;
}

QStringList tags_of(const store::Run& run) {
  QStringList tags;
  for (const std::string& tag : run.tags) tags << q(tag);
  return tags;
}

QString tags_text(const store::Run& run) { return tags_of(run).join(u", "_s); }

}  // namespace

RunDetails::RunDetails(HistoryController* history, QWidget* parent) : QFrame(parent), history_(history) {
  setMinimumWidth(264);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(kGrid * 2, kGrid * 2, 4, kGrid * 2);
  layout->setSpacing(kGrid);
  layout->addWidget(build_several(), 1);
  auto* scroll = new QScrollArea(this);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setFocusPolicy(Qt::NoFocus);
  scroll->setStyleSheet(u"QScrollArea, QWidget#details { background: transparent; }"_s);
  single_ = scroll;
  auto* inner = new QWidget(scroll);
  inner->setObjectName(u"details"_s);
  scroll->setWidget(inner);
  auto* body = new QVBoxLayout(inner);
  body->setContentsMargins(0, 0, kGrid + 4, 0);
  body->setSpacing(kGrid);
  name_ = new QLineEdit(inner);
  name_->setAccessibleName(tr("Name of the run"));
  name_->setFont(widgets::scaled(font(), 1.1, QFont::DemiBold));
  body->addWidget(name_);
  chip_ = new widgets::BusyChip(inner);
  body->addWidget(chip_, 0, Qt::AlignLeft);
  cause_ = new QLabel(inner);
  cause_->setWordWrap(true);
  body->addWidget(cause_);
  body->addWidget(make_muted(tr("Tags"), inner));
  tags_ = new QLineEdit(inner);
  tags_->setPlaceholderText(tr("separated by commas"));
  tags_->setAccessibleName(tr("Tags of the run, separated by commas"));
  body->addWidget(tags_);
  body->addWidget(make_muted(tr("Note"), inner));
  note_ = new QPlainTextEdit(inner);
  note_->setTabChangesFocus(true);
  note_->setPlaceholderText(tr("What was this run for? What did it show?"));
  note_->setAccessibleName(tr("Note on the run"));
  note_->setMinimumHeight(88);
  note_->setMaximumHeight(200);
  body->addWidget(note_, 1);
  body->addSpacing(kGrid);
  facts_ = new FactList(inner);
  body->addWidget(facts_);
  body->addStretch(1);
  layout->addWidget(single_, 1);
  note_pause_.setSingleShot(true);
  note_pause_.setInterval(800);
  connect(&note_pause_, &QTimer::timeout, this, [this] { keep_note(); });
  connect(note_, &QPlainTextEdit::textChanged, this, [this] {
    note_touched_ = true;
    note_pause_.start();
  });
  connect(tags_, &QLineEdit::editingFinished, this, [this] { keep_tags(); });
  connect(common_tags_, &QLineEdit::editingFinished, this, [this] { keep_common_tags(); });
  connect(name_, &QLineEdit::editingFinished, this, [this] { keep_name(); });
  for (const RunStore* runs : {history_->runs(), history_->deleted()})
    connect(runs, &RunStore::applied, this, [this] { refresh(); });
  refresh();
}

// In the place of a run's details while none or several are selected.
QWidget* RunDetails::build_several() {
  several_ = new QWidget(this);
  auto* body = new QVBoxLayout(several_);
  body->setContentsMargins(0, 0, kGrid + 4, 0);
  body->setSpacing(kGrid);
  many_ = make_muted({}, several_);
  many_->setWordWrap(true);
  body->addWidget(many_);
  common_ = new QWidget(several_);
  auto* tags = new QVBoxLayout(common_);
  tags->setContentsMargins(0, kGrid, 0, 0);
  tags->setSpacing(kGrid);
  tags->addWidget(make_muted(tr("Tags that all of them have"), common_));
  common_tags_ = new QLineEdit(common_);
  common_tags_->setPlaceholderText(tr("separated by commas"));
  common_tags_->setAccessibleName(tr("Tags of all selected runs, separated by commas"));
  tags->addWidget(common_tags_);
  body->addWidget(common_);
  body->addStretch(1);
  return several_;
}

void RunDetails::show_runs(const std::vector<store::RunId>& runs) {
  if (runs == runs_) return;
  keep_note();
  keep_tags();
  keep_common_tags();
  keep_name();
  runs_ = runs;
  refresh();
}

void RunDetails::refresh() {
  const store::Run* run = runs_.size() == 1 ? history_->find(runs_.front()) : nullptr;
  single_->setVisible(run != nullptr);
  several_->setVisible(run == nullptr);
  common_->setVisible(runs_.size() > 1);
  if (runs_.size() > 1 && !common_tags_->isModified()) common_tags_->setText(common_tags().join(u", "_s));
  if (!run) {
    many_->setText(runs_.size() > 1 ? tr("%n runs are selected. Tags, pins and deleting apply to all of them.", nullptr,
                                         static_cast<int>(runs_.size()))
                                    : tr("Select a run to see its details."));
    note_of_ = shown_ = 0;
    return;
  }
  const std::int64_t now = wall_now_ns();
  // What was typed for another run is kept by now; what is typed for this one stays.
  const bool is_other = std::exchange(shown_, run->id) != run->id;
  if ((is_other || !name_->isModified()) && name_->text() != q(run->name)) {
    name_->setText(q(run->name));
    name_->setCursorPosition(0);  // a long one is read from its beginning
  }
  const StatusLook look = look_of(run->status);
  chip_->set_state(look.word, look.tone,
                   run->status == store::RunStatus::running ? std::nullopt : std::optional(look.glyph), true);
  QStringList causes;
  for (const QString& text : {q(run->cause), damage_words(*run)})
    if (!text.isEmpty()) causes << widgets::capitalised(text);
  cause_->setVisible(!causes.isEmpty());
  cause_->setText(causes.join(u'\n'));
  if ((is_other || !tags_->isModified()) && tags_->text() != tags_text(*run)) tags_->setText(tags_text(*run));
  if (note_of_ != run->id || (!note_touched_ && !note_->hasFocus())) {
    const QSignalBlocker block(note_);
    if (note_->toPlainText() != q(run->note)) note_->setPlainText(q(run->note));
    note_of_ = run->id;
    note_touched_ = false;
  }
  facts_->set_fact(tr("Model"), q(run->model));
  const QLocale locale;
  facts_->set_fact(tr("Created"), locale.toString(QDateTime::fromMSecsSinceEpoch(run->created_ns / 1'000'000),
                                                  u"d MMM yyyy, HH:mm"_s));
  facts_->set_fact(tr("Duration"), run->started_ns > 0 ? widgets::duration_text(duration_of(*run, now)) : QString());
  const double samples = last_value(*run, "train/samples_per_s");
  facts_->set_fact(tr("Throughput"), std::isfinite(samples) ? widgets::si_text(samples, tr("samples/s")) : QString());
  facts_->set_fact(tr("Comes from"),
                   run->parent ? tr("run %1, step %2").arg(*run->parent).arg(run->fork_step) : QString());
  facts_->set_fact(tr("Deleted"), run->deleted_ns ? when_text(*run->deleted_ns, now) : QString());
  facts_->set_fact(tr("Number"), QString::number(run->id), q(run->directory));
}

void RunDetails::keep_note() {
  note_pause_.stop();
  if (!note_touched_ || note_of_ == 0) return;
  note_touched_ = false;
  const store::Run* run = history_->find(note_of_);
  if (run && q(run->note) != note_->toPlainText()) history_->set_note(note_of_, note_->toPlainText());
}

void RunDetails::keep_tags() {
  const store::Run* run = runs_.size() == 1 ? history_->find(runs_.front()) : nullptr;
  if (!run || !tags_->isModified()) return;
  tags_->setModified(false);
  const QStringList tags = split_tags(tags_->text());
  if (tags.join(u", "_s) != tags_text(*run)) history_->set_tags(runs_, tags);
}

QStringList RunDetails::common_tags() const {
  std::optional<QStringList> common;
  for (const store::RunId id : runs_) {
    const store::Run* run = history_->find(id);
    if (!run) continue;
    const QStringList tags = tags_of(*run);
    if (!common) common = tags;
    common->removeIf([&tags](const QString& tag) { return !tags.contains(tag); });
  }
  return common.value_or(QStringList());
}

// What is added or taken away here is in every one of them; tags that only some have stay theirs.
void RunDetails::keep_common_tags() {
  if (runs_.size() < 2 || !common_tags_->isModified()) return;
  common_tags_->setModified(false);
  const QStringList before = common_tags();
  const QStringList after = split_tags(common_tags_->text());
  std::map<QStringList, std::vector<store::RunId>> by_tags;
  for (const store::RunId id : runs_) {
    const store::Run* run = history_->find(id);
    if (!run) continue;
    QStringList tags = after;
    for (const QString& tag : tags_of(*run)) {
      if (!before.contains(tag) && !tags.contains(tag)) tags << tag;
    }
    if (tags != tags_of(*run)) by_tags[tags].push_back(id);
  }
  for (const auto& [tags, runs] : by_tags) history_->set_tags(runs, tags);
}

void RunDetails::keep_name() {
  const store::Run* run = runs_.size() == 1 ? history_->find(runs_.front()) : nullptr;
  if (!run || !name_->isModified()) return;
  name_->setModified(false);
  const QString name = name_->text().trimmed();
  if (name.isEmpty())
    name_->setText(q(run->name));
  else if (name != q(run->name))
    history_->rename(run->id, name);
}

void RunDetails::focus_tags() {
  QLineEdit* field = runs_.size() > 1 ? common_tags_ : tags_;
  field->setFocus(Qt::ShortcutFocusReason);
  field->end(false);
}
void RunDetails::focus_note() { note_->setFocus(Qt::ShortcutFocusReason); }
void RunDetails::focus_name() {
  name_->setFocus(Qt::ShortcutFocusReason);
  name_->selectAll();
}

void RunDetails::paintEvent(QPaintEvent*) {
  const widgets::Theme& theme = widgets::current_theme();
  QPainter painter(this);
  widgets::paint_card(painter, rect(), theme.color(widgets::Role::surface), theme.color(widgets::Role::border),
                      widgets::kRadius);
}

}  // namespace athanor::app
