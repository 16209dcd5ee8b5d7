#include "app/controllers/live_controller.h"

#include "app/controllers/checkpoints.h"
#include "app/models/run_matrix.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

namespace athanor::app {
namespace {

using What = agent::Change::What;
constexpr int kPulseMs = 40;
constexpr int kLogPage = 5000;
constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

// What happened in a run, as far as it is not known yet.
struct Happened {
  std::vector<store::Occurrence> occurrences;
  bool anew = false;  // they take the place of all that were known
  std::vector<std::int64_t> checkpoint_steps;
};

bool went_back(const std::vector<store::Occurrence>& occurrences) {
  return std::ranges::any_of(occurrences, [](const store::Occurrence& occurrence) {
    return std::holds_alternative<journal::Recovery>(occurrence.payload);
  });
}

// A run that goes back takes from the history what happened after: what was known of that is read anew.
Result<Happened> read_happened(store::Reader& reader, store::RunId id, std::int64_t after, std::string folder,
                               std::vector<Checkpoint> checkpoints) {
  auto found = reader.occurrences(id, after);
  if (!found) return tl::unexpected<Error>(found.error());
  Happened out;
  out.anew = after > 0 && went_back(*found);
  if (out.anew) {
    found = reader.occurrences(id);
    if (!found) return tl::unexpected<Error>(found.error());
    checkpoints.clear();
  }
  out.occurrences = std::move(*found);
  add_checkpoints(checkpoints, out.occurrences);
  if (folder.empty() && !checkpoints.empty()) {
    auto run = reader.run(id);
    if (!run) return tl::unexpected<Error>(run.error());
    folder = run->directory;
  }
  out.checkpoint_steps = steps_held(folder, checkpoints);
  return out;
}

// The journals of ranks come one after the other, and each tells of the fault that it saw; until the run goes on, or
// ends, it is the same.
void put_in_order(std::vector<store::Occurrence>& occurrences) {
  std::ranges::stable_sort(occurrences, {}, &store::Occurrence::time_ns);
  std::set<std::pair<std::int64_t, std::string>> seen;
  std::erase_if(occurrences, [&seen](const store::Occurrence& occurrence) {
    if (const auto* fault = std::get_if<journal::FaultSeen>(&occurrence.payload))
      return !seen.emplace(fault->step, fault->cause).second;
    if (std::holds_alternative<journal::Recovery>(occurrence.payload) ||
        std::holds_alternative<journal::StateChanged>(occurrence.payload))
      seen.clear();
    return false;
  });
}

bool is_smoothed(const std::string& metric) { return metric.starts_with("train/") && metric != "train/learning_rate"; }

}  // namespace

LiveController::LiveController(HistoryReader* reader, AgentLink* link, RunStore* runs, QObject* parent)
    : QObject(parent), reader_(reader), link_(link), runs_(runs), timeline_(new TimelineController(reader, this)) {
  connect(timeline_, &TimelineController::answered, this, [this] { finished("windows"); });
  connect(timeline_, &TimelineController::notice, this, &LiveController::notice);
  pulse_.setSingleShot(true);
  pulse_.setInterval(kPulseMs);
  pulse_.setTimerType(Qt::PreciseTimer);
  connect(&pulse_, &QTimer::timeout, this, [this] { flush(); });
  connect(link_, &AgentLink::changed, this, [this](const std::vector<agent::Change>& changes) {
    for (const agent::Change& change : changes)
      if (change.run == run_) mark(change.what);
  });
  connect(reader_, &HistoryReader::committed, this, [this] { mark_all(); });
  connect(runs_, &RunStore::applied, this, &LiveController::state_changed);
}

const store::Run* LiveController::run() const { return runs_->find(run_); }

void LiveController::open(store::RunId run) {
  if (run == run_ && run != 0) {
    mark_all();
    return;
  }
  run_ = run;
  ++opening_;
  curves_.clear();
  occurrences_.clear();
  occurrence_id_ = 0;
  step_picture_.reset();
  checkpoint_steps_.clear();
  board_steps_.clear();
  board_shown_.clear();
  board_compared_.clear();
  shown_step_ = compared_step_ = -1;
  log_id_ = 0;
  in_flight_.clear();
  loaded_ = false;
  to_load_ = {"curves", "log", "occurrences", "board", "timeline", "windows"};
  timeline_->open(run_);
  Q_EMIT log_cleared();
  Q_EMIT run_changed();
  Q_EMIT curves_changed();
  Q_EMIT occurrences_changed();
  Q_EMIT step_picture_changed();
  Q_EMIT board_steps_changed();
  Q_EMIT board_changed();
  if (run_ != 0) mark_all();
}

void LiveController::read_anew() {
  if (const store::RunId run = std::exchange(run_, 0); run != 0) open(run);
}

void LiveController::set_visible(bool visible) {
  visible_ = visible;
  if (visible_ && !dirty_.empty()) flush();
}

void LiveController::set_smoothing(double weight) {
  smoothing_ = std::clamp(weight, 0.0, 0.999);
  mark(What::metrics);
}

void LiveController::set_board_steps(std::int64_t shown, std::int64_t compared) {
  shown_step_ = shown;
  compared_step_ = compared;
  read_board();
}

void LiveController::mark(What what) {
  if (run_ == 0) return;
  dirty_.insert(static_cast<int>(what));
  // The first change of a quiet time is taken at once; what follows waits for the pulse.
  if (visible_ && !pulse_.isActive()) {
    flush();
    pulse_.start();
  }
}

void LiveController::mark_all() {
  for (const What what : {What::log, What::retrieval, What::occurrences, What::spans})
    dirty_.insert(static_cast<int>(what));
  mark(What::metrics);
}

void LiveController::flush() {
  if (run_ == 0 || !visible_ || dirty_.empty()) return;
  const std::set<int> dirty = std::exchange(dirty_, {});
  const auto asked = [&](What what) { return dirty.contains(static_cast<int>(what)); };
  if (asked(What::metrics)) read_curves();
  if (asked(What::log)) read_log();
  if (asked(What::occurrences) || asked(What::runs)) read_occurrences();
  if (asked(What::spans) || asked(What::runs)) read_step_picture();
  if (asked(What::retrieval)) read_board_steps();
  if (!dirty_.empty() && !pulse_.isActive()) pulse_.start();
}

void LiveController::finished(const char* part) {
  in_flight_.erase(part);
  to_load_.erase(part);
  if (!dirty_.empty() && !pulse_.isActive()) pulse_.start();
  if (loaded_ || !to_load_.empty()) return;
  loaded_ = true;
  Q_EMIT first_loaded();
}

void LiveController::read_curves() {
  if (!in_flight_.insert("curves").second) {
    dirty_.insert(static_cast<int>(What::metrics));
    return;
  }
  const store::RunId id = run_;
  const store::Run* known = run();
  const std::int64_t began = known && known->started_ns > 0 ? known->started_ns : 0;
  reader_->ask<Curves>(
      this, QStringLiteral("live/curves"),
      [id, began, weight = smoothing_, columns = columns_](store::Reader& reader) -> Result<Curves> {
        auto names = reader.metric_names(id);
        if (!names) return tl::unexpected<Error>(names.error());
        Curves out;
        if (const auto fields = reader.settings(std::span(&id, 1)))
          out.samples_per_step = athanor::app::samples_per_step(fields->front());
        std::int64_t start = began;
        for (const std::string& name : *names) {
          if (weight > 0 && is_smoothed(name)) {
            auto points = reader.points(id, name, 0, kEnd);
            if (!points) return tl::unexpected<Error>(points.error());
            if (start == 0 && !points->empty()) start = points->front().time_ns;
            out.columns[name] = smoothed_columns(*points, weight, columns, start);
          } else {
            auto buckets = reader.curve(id, name, 0, kEnd, columns);
            if (!buckets) return tl::unexpected<Error>(buckets.error());
            if (start == 0 && !buckets->empty()) start = buckets->front().first_time_ns;
            out.columns[name] = columns_of(*buckets, start);
          }
        }
        return out;
      },
      [this, opening = opening_](Result<Curves> curves) {
        if (opening != opening_) return;
        if (curves) {
          curves_ = std::move(curves->columns);
          samples_per_step_ = curves->samples_per_step;
          Q_EMIT curves_changed();
        } else {
          Q_EMIT notice(notice_of(curves.error()));
        }
        finished("curves");
      });
}

void LiveController::read_log() {
  if (!in_flight_.insert("log").second) {
    dirty_.insert(static_cast<int>(What::log));
    return;
  }
  const store::RunId id = run_;
  reader_->ask<std::vector<store::LogEntry>>(
      this, QStringLiteral("live/log"),
      [id, after = log_id_](store::Reader& reader) {
        return after == 0 ? reader.log_tail(id, kLogPage) : reader.log(id, after, kLogPage);
      },
      [this, opening = opening_](Result<std::vector<store::LogEntry>> entries) {
        if (opening != opening_) return;
        if (entries && !entries->empty()) {
          log_id_ = entries->back().id;
          Q_EMIT log_arrived(*entries);
          if (static_cast<int>(entries->size()) == kLogPage) dirty_.insert(static_cast<int>(What::log));
        }
        finished("log");
      });
}

void LiveController::read_occurrences() {
  if (!in_flight_.insert("occurrences").second) {
    dirty_.insert(static_cast<int>(What::occurrences));
    return;
  }
  const store::RunId id = run_;
  const std::string folder = run() ? run()->directory : std::string();
  std::vector<Checkpoint> known;
  add_checkpoints(known, occurrences_);
  reader_->ask<Happened>(
      this, QStringLiteral("live/occurrences"),
      [id, after = occurrence_id_, folder, known = std::move(known)](store::Reader& reader) {
        return read_happened(reader, id, after, folder, known);
      },
      [this, opening = opening_](Result<Happened> found) {
        if (opening != opening_) return;
        if (found && (!found->occurrences.empty() || found->checkpoint_steps != checkpoint_steps_)) {
          if (found->anew) occurrences_.clear();
          if (!found->occurrences.empty()) occurrence_id_ = found->occurrences.back().id;
          occurrences_.insert(occurrences_.end(), std::make_move_iterator(found->occurrences.begin()),
                              std::make_move_iterator(found->occurrences.end()));
          put_in_order(occurrences_);
          checkpoint_steps_ = std::move(found->checkpoint_steps);
          Q_EMIT occurrences_changed();
        }
        finished("occurrences");
      });
}

// Costs and what is predicted are worked out on the reader's thread as well.
void LiveController::read_step_picture() {
  if (!in_flight_.insert("timeline").second) {
    dirty_.insert(static_cast<int>(What::spans));
    return;
  }
  const store::RunId id = run_;
  reader_->ask<std::optional<timeline::StepPicture>>(
      this, QStringLiteral("live/timeline"),
      [id](store::Reader& reader) -> Result<std::optional<timeline::StepPicture>> {
        auto steps = reader.spans(id);
        if (!steps) return tl::unexpected<Error>(steps.error());
        const auto row = reader.run(id);
        return timeline::picture_of(*steps, row && !store::is_live(row->status));
      },
      [this, opening = opening_](Result<std::optional<timeline::StepPicture>> picture) {
        if (opening != opening_) return;
        if (picture && (*picture || step_picture_)) {
          step_picture_ = std::move(*picture);
          Q_EMIT step_picture_changed();
        }
        std::optional<std::pair<std::int64_t, std::int64_t>> newest;
        if (step_picture_)
          newest = {step_picture_->begin_ns,
                    step_picture_->begin_ns + static_cast<std::int64_t>(step_picture_->seconds * 1e9)};
        timeline_->refresh(newest);
        finished("timeline");
      });
}

void LiveController::read_board_steps() {
  const store::RunId id = run_;
  reader_->ask<std::vector<std::int64_t>>(
      this, QStringLiteral("live/board_steps"), [id](store::Reader& reader) { return reader.retrieval_steps(id); },
      [this, opening = opening_](Result<std::vector<std::int64_t>> steps) {
        if (opening != opening_) return;
        const bool grown = steps && *steps != board_steps_;
        if (grown) {
          board_steps_ = std::move(*steps);
          Q_EMIT board_steps_changed();  // the board chooses, and asks for it
        }
        if (board_steps_.empty()) finished("board");
      });
}

void LiveController::read_board() {
  if (shown_step_ < 0) return;
  const store::RunId id = run_;
  using Boards = std::pair<std::vector<journal::RetrievalSample>, std::vector<journal::RetrievalSample>>;
  reader_->ask<Boards>(
      this, QStringLiteral("live/board"),
      [id, shown = shown_step_, compared = compared_step_](store::Reader& reader) -> Result<Boards> {
        auto now = reader.retrieval(id, shown);
        if (!now) return tl::unexpected<Error>(now.error());
        Boards boards{std::move(*now), {}};
        if (compared >= 0) {
          auto before = reader.retrieval(id, compared);
          if (before) boards.second = std::move(*before);
        }
        return boards;
      },
      [this, opening = opening_](Result<Boards> boards) {
        if (opening != opening_) return;
        if (boards) {
          board_shown_ = std::move(boards->first);
          board_compared_ = std::move(boards->second);
          Q_EMIT board_changed();
        }
        finished("board");
      });
}

}  // namespace athanor::app
