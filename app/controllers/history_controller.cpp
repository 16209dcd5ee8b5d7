#include "app/controllers/history_controller.h"

#include "app/models/run_words.h"
#include "app/stores/curves.h"
#include "core/base/files.h"

#include <algorithm>
#include <limits>

namespace athanor::app {
namespace {
constexpr int kListPauseMs = 250;
constexpr int kCurvePauseMs = 60;
constexpr int kFigurePauseMs = 1000;
constexpr int kCurveColumns = 48;
constexpr std::size_t kCurvesAtOnce = 64;
constexpr std::int64_t kPaceSteps = 50;  // the newest, whose pace is told

// The loss in a few values, and how the newest steps went.
Result<CurveStore::Entry> read_curve(store::Reader& reader, store::RunId id, std::int64_t step) {
  constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
  const auto losses = reader.curve(id, "train/loss", 0, kEnd, kCurveColumns);
  if (!losses) return tl::unexpected<Error>(losses.error());
  CurveStore::Entry out{step, {}};
  for (const store::Bucket& bucket : *losses) out.values << bucket.last;
  const auto steps = reader.curve(id, "train/step_ms", step - kPaceSteps + 1, kEnd, kPaceSteps);
  if (!steps) return tl::unexpected<Error>(steps.error());
  std::vector<double> step_ms;
  for (const store::Bucket& bucket : *steps) step_ms.push_back(bucket.last);
  out.pace = typical_pace(step_ms);
  return out;
}

struct Undoable {
  QString undo, redo;
};

std::vector<std::string> plain(const QStringList& texts) {
  std::vector<std::string> out;
  for (const QString& text : texts) out.push_back(s(text));
  return out;
}

}  // namespace

HistoryController::HistoryController(HistoryReader* reader, AgentLink* link, RunStore* runs, RunStore* deleted,
                                     CurveStore* curves, FigureStore* figures, QueueStore* queue, QObject* parent)
    : QObject(parent),
      reader_(reader),
      link_(link),
      runs_(runs),
      deleted_(deleted),
      curves_(curves),
      figures_(figures),
      queue_(queue),
      alerts_(new AlertFollower(reader, link, this)),
      files_(new RunFiles(reader->file(), this)) {
  connect(files_, &RunFiles::notice, this, &HistoryController::notice);
  pause_.setSingleShot(true);
  pause_.setInterval(kListPauseMs);
  connect(&pause_, &QTimer::timeout, this, [this] { read_now(); });
  curve_pause_.setSingleShot(true);
  curve_pause_.setInterval(kCurvePauseMs);
  connect(&curve_pause_, &QTimer::timeout, this, [this] { read_curves(); });
  figure_pause_.setSingleShot(true);
  figure_pause_.setInterval(kFigurePauseMs);
  connect(&figure_pause_, &QTimer::timeout, this, [this] {
    read_metric_names();
    figures_->age();
  });
  connect(
      figures_, &FigureStore::wanted, this, [this] { read_figures(); }, Qt::QueuedConnection);
  connect(reader_, &HistoryReader::committed, this, [this] { refresh(); });
  connect(link_, &AgentLink::changed, this, [this] { refresh(); });
  connect(link_, &AgentLink::state_changed, this,
          [this] { reader_->set_watching(link_->state() != AgentLink::State::connected); });
  connect(link_, &AgentLink::state_changed, this, [this] { read_queue(); });
}

void HistoryController::start() {
  reader_->set_watching(true);
  read_now();
}

void HistoryController::refresh() {
  if (!pause_.isActive()) pause_.start();
}

void HistoryController::try_again() {
  reader_->reopen();
  read_now();
}

void HistoryController::read_now() {
  if (reading_) {
    again_ = true;
    return;
  }
  reading_ = true;
  reader_->ask<store::RunChanges>(
      this, QStringLiteral("runs"),
      [history = known_history_, known = known_](store::Reader& reader) {
        return reader.changes(history, known, listed_metrics());
      },
      [this](Result<store::RunChanges> changes) { taken(std::move(changes)); });
  reader_->ask<Undoable>(
      this, QStringLiteral("undo"),
      [](store::Reader& reader) -> Result<Undoable> {
        return Undoable{q(reader.undo_text().value_or(std::string())), q(reader.redo_text().value_or(std::string()))};
      },
      [this](Result<Undoable> texts) {
        if (!texts || (texts->undo == undo_text_ && texts->redo == redo_text_)) return;
        undo_text_ = texts->undo;
        redo_text_ = texts->redo;
        Q_EMIT undo_changed();
      });
}

void HistoryController::taken(Result<store::RunChanges> changes) {
  reading_ = false;
  if (changes) {
    set_trouble({});
    known_history_ = changes->history;
    known_ = changes->newest;
    if (changes->anew) read_metric_names();
    if (changes->anew) alerts_->begin_anew();
    if (!changes->anew && !changes->changed.empty() && !figure_pause_.isActive()) figure_pause_.start();
    const bool some_left = changes->anew || !changes->gone.empty();
    const bool is_queue_other = concern_queue(*changes);
    deleted_->apply(*changes);
    runs_->apply(std::move(*changes));
    if (is_queue_other) read_queue();
    if (some_left) curves_->keep_only(runs_->runs(), deleted_->runs());
    // Runs that wait or go on need an agent; otherwise it is started by the first wish.
    if (agent_allowed_ && runs_->has_live_runs() && link_->state() == AgentLink::State::idle) {
      agent_allowed_ = false;  // once
      link_->follow(true);
    }
  } else {
    refused(changes.error());
  }
  if (!std::exchange(read_, true)) Q_EMIT first_read();
  if (std::exchange(again_, false)) refresh();
  if ((!wanted_.empty() || opened_ != 0 || all_wanted_) && !curve_pause_.isActive()) curve_pause_.start();
}

// Where runs came to the queue or left it, or began or ended and so give and take room.
bool HistoryController::concern_queue(const store::RunChanges& changes) const {
  if (changes.anew || !changes.gone.empty()) return true;
  return std::ranges::any_of(changes.changed, [this](const store::Run& run) {
    const store::Run* before = runs_->find(run.id);
    return run.status == store::RunStatus::queued || before == nullptr || before->status != run.status;
  });
}

void HistoryController::read_queue() {
  if (link_->state() != AgentLink::State::connected) return;
  if (std::exchange(reading_queue_, true)) {
    queue_again_ = true;
    return;
  }
  link_->ask<agent::QueueView>(
      this, [](agent::Client& client) { return client.queue(); },
      [this](Result<agent::QueueView> view) {
        reading_queue_ = false;
        if (view) queue_->set(std::move(*view));
        if (std::exchange(queue_again_, false)) read_queue();
      });
}

void HistoryController::refused(const Error& error) {
  std::error_code code;
  if (!std::filesystem::exists(reader_->file(), code)) {
    set_trouble({});
    known_ = 0;
    deleted_->apply(std::vector<store::Run>());
    runs_->apply(std::vector<store::Run>());
    return;
  }
  set_trouble(notice_of(error));
  // A history of an older version is brought up to date by the agent.
  if (!agent_allowed_ || error.kind != ErrorKind::unavailable) return;
  agent_allowed_ = false;  // once
  link_->follow(true);
}

// Said once, and shown by the pages for as long as it lasts.
void HistoryController::set_trouble(const Notice& trouble) {
  if (trouble.intention == trouble_.intention && trouble.cause == trouble_.cause) return;
  trouble_ = trouble;
  trouble_.everywhere = true;
  if (!trouble_.intention.isEmpty()) Q_EMIT notice(trouble_);
  Q_EMIT trouble_changed();
}

void HistoryController::want_curves(const std::vector<store::RunId>& runs) {
  wanted_ = runs;
  if (!curve_pause_.isActive()) curve_pause_.start();
}

void HistoryController::want_all_curves(bool all) {
  all_wanted_ = all;
  if (all && !curve_pause_.isActive()) curve_pause_.start();
}

void HistoryController::set_opened(store::RunId run) {
  opened_ = run;
  if (!curve_pause_.isActive()) curve_pause_.start();
}

// The opened one and those on the screen before all others; a few at a time, since what else is asked of the history
// waits for them.
std::vector<std::pair<store::RunId, std::int64_t>> HistoryController::curves_to_read() {
  std::vector<std::pair<store::RunId, std::int64_t>> wanted;
  std::set<store::RunId> seen;
  const auto add = [&](const store::Run* run) {
    if (!run || run->step <= 0 || !seen.insert(run->id).second) return;
    const CurveStore::Entry* known = curves_->find(run->id);
    const auto refused = refused_at_.find(run->id);
    if (known && known->step == run->step) return;
    if (refused == refused_at_.end() || refused->second != run->step) wanted.emplace_back(run->id, run->step);
  };
  add(find(opened_));
  for (const store::RunId id : wanted_) add(find(id));
  if (!all_wanted_) return wanted;
  for (const store::Run& run : runs_->runs()) {
    if (wanted.size() >= kCurvesAtOnce) break;
    add(&run);
  }
  return wanted;
}

void HistoryController::read_curves() {
  if (reading_curves_) return;
  auto wanted = curves_to_read();
  if (wanted.empty()) return;
  reading_curves_ = true;
  const bool more = all_wanted_ && wanted.size() >= kCurvesAtOnce;
  using Read = std::vector<std::pair<store::RunId, Result<CurveStore::Entry>>>;
  reader_->ask<Read>(
      this, QStringLiteral("curves"),
      [wanted](store::Reader& reader) -> Result<Read> {
        Read read;
        for (const auto& [id, step] : wanted) read.emplace_back(id, read_curve(reader, id, step));
        return read;
      },
      [this, wanted, more](Result<Read> read) {
        reading_curves_ = false;
        std::vector<std::pair<store::RunId, CurveStore::Entry>> entries;
        for (const auto& [id, step] : wanted) refused_at_[id] = step;
        for (auto& [id, entry] : read ? *read : Read()) {
          if (!entry) continue;
          refused_at_.erase(id);
          entries.emplace_back(id, std::move(*entry));
        }
        curves_->set(std::move(entries));
        if (more) read_curves();
      });
}

void HistoryController::read_metric_names() {
  reader_->ask<std::vector<std::string>>(
      this, QStringLiteral("metric names"), [](store::Reader& reader) { return reader.all_metric_names(); },
      [this](Result<std::vector<std::string>> names) {
        if (names) figures_->set_metric_names(std::move(*names));
      });
  reader_->ask<FigureStore::ImportedSettings>(
      this, QStringLiteral("imported settings"), [](store::Reader& reader) { return reader.imported_settings(); },
      [this](Result<FigureStore::ImportedSettings> settings) {
        if (settings) figures_->set_imported_settings(std::move(*settings));
      });
}

// What queries and columns ask for.
void HistoryController::read_figures() {
  const FigureStore::Wanted wanted = figures_->take_wanted();
  using Metric = std::vector<std::pair<store::RunId, store::MetricFacts>>;
  for (const std::string& name : wanted.metrics) {
    reader_->ask<Metric>(
        this, QStringLiteral("metric/") + q(name),
        [name](store::Reader& reader) { return reader.metric_of_runs(name); },
        [this, name](Result<Metric> values) {
          if (values) figures_->set_metric(name, std::move(*values));
        });
  }
  using Setting = std::vector<std::pair<store::RunId, store::SettingValue>>;
  for (const std::string& path : wanted.settings) {
    reader_->ask<Setting>(
        this, QStringLiteral("setting/") + q(path),
        [path](store::Reader& reader) { return reader.setting_of_runs(path); },
        [this, path](Result<Setting> values) {
          if (values) figures_->set_setting(path, std::move(*values));
        });
  }
}

void HistoryController::wish(const std::function<Result<void>(agent::Client&)>& job, const QString& done) {
  link_->wish<void>(this, job, [this, done](Result<void> result) {
    if (!result) {
      Q_EMIT notice(notice_of(result.error()));
    } else if (!done.isEmpty()) {
      Q_EMIT notice({NoticeKind::good, done, {}, {}, {}});
    }
    read_now();
  });
}

void HistoryController::find(const QString& words, int most,
                             std::function<void(const std::vector<store::Found>&)> done) {
  using Places = std::vector<store::Found>;
  reader_->ask<Places>(
      this, QStringLiteral("find"), [text = s(words), most](store::Reader& reader) { return reader.find(text, most); },
      [this, done = std::move(done)](Result<Places> found) {
        if (!found) Q_EMIT notice(notice_of(found.error()));
        done(found ? *found : Places());
      });
}

void HistoryController::rename(store::RunId run, const QString& name) {
  wish([run, text = s(name)](agent::Client& client) { return client.rename(run, text); });
}

void HistoryController::set_tags(const std::vector<store::RunId>& runs, const QStringList& tags) {
  wish([runs, texts = plain(tags)](agent::Client& client) { return client.set_tags(runs, texts); });
}

void HistoryController::set_note(store::RunId run, const QString& note) {
  wish([run, text = s(note)](agent::Client& client) { return client.set_note(run, text); });
}

void HistoryController::set_pinned(const std::vector<store::RunId>& runs, bool pinned) {
  wish([runs, pinned](agent::Client& client) { return client.set_pinned(runs, pinned); });
}

const store::Run* HistoryController::find(store::RunId run) const {
  const store::Run* found = runs_->find(run);
  return found ? found : deleted_->find(run);
}

QString HistoryController::name_of(const std::vector<store::RunId>& runs) const {
  const store::Run* run = runs.size() == 1 ? find(runs.front()) : nullptr;
  return run ? q(run->name) : QString();
}

void HistoryController::restore(const std::vector<store::RunId>& runs) {
  const QString name = name_of(runs);
  wish([runs](agent::Client& client) { return client.restore(runs); },
       name.isEmpty() ? tr("Restored %n run(s)", nullptr, static_cast<int>(runs.size()))
                      : tr("Restored “%1”").arg(name));
}

void HistoryController::measure(const std::vector<store::RunId>& runs, std::function<void(std::int64_t bytes)> done) {
  std::vector<std::string> folders;
  for (const store::RunId id : runs)
    if (const store::Run* run = find(id)) folders.push_back(run->directory);
  reader_->ask<std::int64_t>(
      this, QStringLiteral("measure"),
      [folders](store::Reader&) -> Result<std::int64_t> {
        std::int64_t bytes = 0;
        for (const std::string& folder : folders) bytes += folder_bytes(folder);
        return bytes;
      },
      [done = std::move(done)](Result<std::int64_t> bytes) { done(bytes.value_or(0)); });
}

void HistoryController::empty(const std::vector<store::RunId>& runs) {
  const QString name = name_of(runs);
  const QString what = name.isEmpty() ? tr("Deleted %n run(s) for ever", nullptr, static_cast<int>(runs.size()))
                                      : tr("Deleted “%1” for ever").arg(name);
  link_->wish<std::int64_t>(
      this, [runs](agent::Client& client) { return client.empty(runs); },
      [this, what](Result<std::int64_t> bytes) {
        if (bytes)
          Q_EMIT notice({NoticeKind::good, what, freed_words(*bytes), {}, {}});
        else
          Q_EMIT notice(notice_of(bytes.error()));
        read_now();
      });
}

void HistoryController::erase(const std::vector<store::RunId>& runs) {
  const QString name = name_of(runs);
  const QString what =
      name.isEmpty() ? tr("Deleted %n run(s)", nullptr, static_cast<int>(runs.size())) : tr("Deleted “%1”").arg(name);
  link_->wish<void>(
      this, [runs](agent::Client& client) { return client.erase(runs); },
      [this, what](Result<void> result) {
        if (result)
          Q_EMIT notice({NoticeKind::info, what, {}, {}, QStringLiteral("edit.undo")});
        else
          Q_EMIT notice(notice_of(result.error()));
        read_now();
      });
}

void HistoryController::undo() {
  link_->wish<std::string>(
      this, [](agent::Client& client) { return client.undo(); },
      [this](Result<std::string> text) {
        Q_EMIT notice(text ? Notice{NoticeKind::info, tr("Undone: %1").arg(q(*text)), {}, {}, {}}
                           : notice_of(text.error()));
        read_now();
      });
}

void HistoryController::redo() {
  link_->wish<std::string>(
      this, [](agent::Client& client) { return client.redo(); },
      [this](Result<std::string> text) {
        Q_EMIT notice(text ? Notice{NoticeKind::info, tr("Done again: %1").arg(q(*text)), {}, {}, {}}
                           : notice_of(text.error()));
        read_now();
      });
}

void HistoryController::stop(store::RunId run) {
  wish([run](agent::Client& client) { return client.stop(run); });
}

void HistoryController::hold(const std::vector<store::RunId>& runs, bool held) {
  wish([runs, held](agent::Client& client) { return held ? client.hold(runs) : client.release(runs); });
}

void HistoryController::hold_queue(bool held) {
  wish([held](agent::Client& client) { return client.hold_queue(held); });
  read_queue();
}

void HistoryController::move_to_front(const std::vector<store::RunId>& runs) {
  wish([runs](agent::Client& client) { return client.move(runs, store::Spot::front); });
}

void HistoryController::move_beside(store::RunId run, store::RunId other, bool before) {
  wish([run, other, spot = before ? store::Spot::before : store::Spot::after](agent::Client& client) {
    return client.move({run}, spot, other);
  });
}

void HistoryController::set_priority(const std::vector<store::RunId>& runs, int priority) {
  wish([runs, priority](agent::Client& client) { return client.set_priority(runs, priority); });
}

void HistoryController::inject(store::RunId run, const QString& faults) {
  wish([run, text = s(faults)](agent::Client& client) { return client.inject(run, text); },
       tr("Asked run %1 to suffer “%2”").arg(run).arg(faults));
}

void HistoryController::resume(store::RunId run) {
  wish([run](agent::Client& client) { return client.resume(run); });
}

}  // namespace athanor::app
