#include "core/store/ingest.h"

#include "core/journal/codec.h"
#include "core/store/database.h"
#include "core/store/spans.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace athanor::store {
namespace {

RunStatus status_of(journal::RunState state) {
  switch (state) {
    case journal::RunState::preparing: return RunStatus::starting;
    case journal::RunState::running: return RunStatus::running;
    case journal::RunState::stopping: return RunStatus::stopping;
    case journal::RunState::finished: return RunStatus::finished;
    case journal::RunState::stopped: return RunStatus::stopped;
    case journal::RunState::failed: return RunStatus::failed;
  }
  return RunStatus::running;
}

// Feeds the events of one stretch into the tables and keeps the run's own row in step.
class Ingest {
 public:
  Ingest(Connection& connection, SeriesCache& cache, const Stretch& stretch)
      : connection_(connection), cache_(cache), stretch_(stretch) {
    if (stretch.rank > 0) prefix_ = "rank-" + std::to_string(stretch.rank) + "/";
  }

  Touched run() {
    read_row();
    if (stretch_.clock) {
      const std::int64_t told_until = cache_.spans(connection_, stretch_.run, stretch_.rank).end_ns();
      note_session(connection_, stretch_.run, stretch_.rank, *stretch_.clock, told_until);
    }
    for (const journal::Event& event : stretch_.events) {
      take_rows(static_cast<std::size_t>(&event - stretch_.events.data()));
      time_ns_ = stretch_.anchor_wall_ns + event.time_ns;
      std::visit([this, &event](const auto& payload) { take(payload, event); }, event.payload);
    }
    take_rows(stretch_.events.size());
    cache_.flush(connection_, stretch_.run);
    keep_spans(connection_, stretch_.run, stretch_.rank, stretch_.anchor_wall_ns, spans_);
    if (touched_.runs && !is_live(status_)) cache_.pack(connection_, stretch_.run);
    write_row();
    for (const JournalDamage& damage : stretch_.damage) note_damage(connection_, stretch_.run, damage);
    touched_.runs |= !stretch_.damage.empty();
    return touched_;
  }

 private:
  void read_row() {
    auto& query = connection_.statement(
        "SELECT status, cause, model, started_ns, ended_ns, step, queue_order, pid FROM run WHERE id = ?");
    query.bind(1, stretch_.run);
    if (!query.executeStep())
      throw Failure(ErrorKind::internal, "record what a run says", "the history has no such run");
    status_ = static_cast<RunStatus>(query.getColumn(0).getInt());
    cause_ = text_of(query, 1);
    model_ = text_of(query, 2);
    started_ns_ = query.getColumn(3).getInt64();
    ended_ns_ = query.getColumn(4).getInt64();
    step_ = query.getColumn(5).getInt64();
    queued_ = !query.getColumn(6).isNull();
    const std::int64_t pid = query.getColumn(7).getInt64();
    resumed_ = stretch_.rank == 0 && stretch_.writer_pid != 0 && stretch_.writer_pid != pid;
  }

  void write_row() {
    auto& update = connection_.statement(
        "UPDATE run SET status = ?, cause = ?, model = ?, started_ns = ?, ended_ns = ?, step = ? WHERE id = ?");
    SQLite::bind(update, static_cast<int>(status_), cause_, model_, started_ns_, ended_ns_, step_, stretch_.run);
    update.exec();
    if (!touched_.runs || queued_) return;
    auto& begun = connection_.statement("UPDATE run SET launch = 0 WHERE id = ?");
    begun.bind(1, stretch_.run);
    begun.exec();
  }

  void sample(const std::string& name, double value) {
    cache_.at(connection_, stretch_.run, prefix_.empty() ? name : prefix_ + name).append({step_, time_ns_, value});
    touched_.metrics = true;
  }

  void occurrence(const journal::Payload& payload) {
    auto& insert = connection_.statement("INSERT INTO occurrence (run, time_ns, type, fields) VALUES (?, ?, ?, ?)");
    const std::string fields = journal::encode(payload);
    insert.bind(1, stretch_.run);
    insert.bind(2, time_ns_);
    insert.bind(3, static_cast<int>(journal::frame_type(payload)));
    insert.bind(4, fields.data(), static_cast<int>(fields.size()));
    insert.exec();
    touched_.occurrences = true;
  }

  void take(const journal::StateChanged& change, const journal::Event& event) {
    occurrence(event.payload);
    if (stretch_.rank != 0) return;  // rank 0 speaks for the run
    if (started_ns_ == 0) started_ns_ = time_ns_;
    if (queued_) return;  // what it said before it was queued again
    touched_.runs = true;
    const RunStatus said = status_of(change.state);
    // Written before the wish to stop arrived, unless another process has taken the run up since.
    if (status_ == RunStatus::stopping && is_live(said) && !resumed_) return;
    status_ = said;
    cause_ = change.cause;
    ended_ns_ = is_live(status_) ? 0 : time_ns_;
  }

  void take(const journal::MetricSamples& samples, const journal::Event&) {
    const std::int64_t run_step = step_;
    step_ = samples.step;
    for (const auto& [name, value] : samples.values) sample(name, value);
    step_ = std::max(run_step, samples.step);
  }

  // Those that come before this event.
  void take_rows(std::size_t event) {
    for (; next_rows_ < stretch_.rows.size() && stretch_.rows[next_rows_].before <= event; ++next_rows_)
      take(stretch_.rows[next_rows_]);
  }

  void take(const journal::MetricRows& rows) {
    const std::size_t columns = rows.names->size();
    for (std::size_t column = 0; column < columns; ++column) {
      Series& series = cache_.at(connection_, stretch_.run, prefix_ + (*rows.names)[column]);
      for (std::size_t row = 0; row < rows.steps.size(); ++row)
        series.append(
            {rows.steps[row], stretch_.anchor_wall_ns + rows.times_ns[row], rows.values[row * columns + column]});
    }
    for (const std::int64_t step : rows.steps) step_ = std::max(step_, step);
    touched_.metrics |= columns > 0;
  }

  void take(const journal::DeviceSample& device, const journal::Event&) {
    const std::string name = "device/" + device.device + "/";
    sample(name + "utilisation", device.utilisation);
    sample(name + "memory_bytes", static_cast<double>(device.memory_bytes));
    sample(name + "memory_total_bytes", static_cast<double>(device.memory_total_bytes));
    if (device.power_w >= 0) sample(name + "power_w", device.power_w);
    if (device.temperature_c >= 0) sample(name + "temperature_c", device.temperature_c);
  }

  void take(const journal::RetrievalSample& retrieval, const journal::Event& event) {
    auto& insert = connection_.statement("INSERT OR REPLACE INTO retrieval VALUES (?, ?, ?, ?, ?)");
    const std::string fields = journal::encode(event.payload);
    insert.bind(1, stretch_.run);
    insert.bind(2, retrieval.step);
    insert.bind(3, retrieval.text_to_image ? 1 : 0);
    insert.bind(4, retrieval.query_id);
    insert.bind(5, fields.data(), static_cast<int>(fields.size()));
    insert.exec();
    touched_.retrieval = true;
  }

  void take(const journal::LogLine& line, const journal::Event&) {
    auto& insert = connection_.statement("INSERT INTO log (run, time_ns, severity, text) VALUES (?, ?, ?, ?)");
    SQLite::bind(insert, stretch_.run, time_ns_, static_cast<int>(line.severity), line.text);
    insert.exec();
    touched_.log = true;
  }

  void take(const journal::Recovery& recovery, const journal::Event& event) {
    // A run that begins again is judged again before its first step.
    const std::int64_t last_kept = recovery.step == 0 ? -1 : recovery.step;
    spans_.erase(spans_.upper_bound(last_kept), spans_.end());
    drop_spans(connection_, stretch_.run, stretch_.rank, last_kept);
    cache_.spans(connection_, stretch_.run, stretch_.rank).cut(connection_, last_kept);
    touched_.spans = true;
    // Rank 0 speaks for the run: what it has told since must not go when another says the same later.
    if (stretch_.rank != 0) return;
    occurrence(event.payload);
    cache_.cut(connection_, stretch_.run, last_kept);
    auto& drop = connection_.statement("DELETE FROM retrieval WHERE run = ? AND step > ?");
    SQLite::bind(drop, stretch_.run, last_kept);
    drop.exec();
    drop_superseded(last_kept);
    step_ = recovery.step;
    touched_.metrics = touched_.retrieval = true;
  }

  // What belongs to steps that are taken again. Alerts and faults stay: they did happen.
  void drop_superseded(std::int64_t last_kept) {
    auto& query =
        connection_.statement("SELECT id, type, fields FROM occurrence WHERE run = ? AND type IN (20, 21, 22, 24)");
    static_assert(static_cast<int>(journal::FrameType::evaluation) == 20 &&
                  static_cast<int>(journal::FrameType::checkpoint_written) == 21 &&
                  static_cast<int>(journal::FrameType::precision_decision) == 22 &&
                  static_cast<int>(journal::FrameType::prediction_checked) == 24);
    query.bind(1, stretch_.run);
    std::vector<std::int64_t> superseded;
    while (query.executeStep()) {
      const auto payload =
          journal::decode(static_cast<journal::FrameType>(query.getColumn(1).getInt()), bytes_of(query, 2));
      if (payload && std::visit([](const auto& each) { return step_of(each); }, *payload) > last_kept)
        superseded.push_back(query.getColumn(0).getInt64());
    }
    for (const std::int64_t id : superseded) {
      auto& drop = connection_.statement("DELETE FROM occurrence WHERE id = ?");
      drop.bind(1, id);
      drop.exec();
    }
  }

  template <class T>
  static std::int64_t step_of(const T& payload) {
    if constexpr (requires { payload.step; }) {
      return payload.step;
    } else {
      return -1;
    }
  }

  void take(const journal::PredictionMade& prediction, const journal::Event& event) {
    occurrence(event.payload);
    const auto json = nlohmann::json::parse(prediction.json, nullptr, false);
    if (!json.is_object()) return;
    if (const auto model = json.find("model"); model != json.end() && model->is_string()) model_ = *model;
    touched_.runs = true;
  }

  void take(const journal::Span& span, const journal::Event&) {
    using enum journal::SpanKind;
    touched_.spans = true;
    if (!zero_ns_) zero_ns_ = session_zero(connection_, stretch_.run, stretch_.rank, stretch_.anchor_wall_ns);
    journal::Span placed = span;
    placed.begin_ns = on_axis(span.begin_ns);
    placed.end_ns = on_axis(span.end_ns);
    cache_.spans(connection_, stretch_.run, stretch_.rank).tell(connection_, placed, stretch_.anchor_wall_ns);
    if (span.kind != evaluate && span.kind != checkpoint) spans_[span.step].push_back(span);
  }

  // A journal may tell any time; one that is out of all bounds stays at their edge.
  [[nodiscard]] std::int64_t on_axis(std::int64_t of_session_ns) const {
    constexpr std::int64_t kFar = std::int64_t{1} << 60;  // a third of a century
    return std::clamp(*zero_ns_, -2 * kFar, 2 * kFar) + std::clamp(of_session_ns, -kFar, kFar);
  }

  template <class T>
  void take(const T&, const journal::Event& event) {
    occurrence(event.payload);
  }

  Connection& connection_;
  SeriesCache& cache_;
  const Stretch& stretch_;
  std::string prefix_;
  Touched touched_;
  SpansByStep spans_;
  std::optional<std::int64_t> zero_ns_;  // of the session on the run's axis
  std::int64_t time_ns_ = 0;
  std::size_t next_rows_ = 0;

  RunStatus status_ = RunStatus::running;
  std::string cause_, model_;
  bool queued_ = false;
  bool resumed_ = false;  // by another process than the one that the history knows
  std::int64_t started_ns_ = 0, ended_ns_ = 0, step_ = 0;
};

}  // namespace

Series& SeriesCache::at(Connection& connection, RunId run, const std::string& name) {
  auto& series = runs_[run];
  const auto known = series.find(name);
  return known != series.end() ? known->second
                               : series.emplace(name, Series::load(connection, run, name)).first->second;
}

RankSpans& SeriesCache::spans(Connection& connection, RunId run, int rank) {
  auto& ranks = spans_[run];
  const auto known = ranks.find(rank);
  return known != ranks.end() ? known->second : ranks.emplace(rank, RankSpans(connection, run, rank)).first->second;
}

void SeriesCache::load_all(Connection& connection, RunId run) {
  for (const std::string& name : series_names(connection, run)) at(connection, run, name);
}

void SeriesCache::flush(Connection& connection, RunId run) {
  for (auto& [name, series] : runs_[run]) series.flush(connection);
  for (auto& [rank, spans] : spans_[run]) spans.flush(connection);
}

void SeriesCache::cut(Connection& connection, RunId run, std::int64_t step) {
  load_all(connection, run);
  for (auto& [name, series] : runs_[run]) series.cut(connection, step);
}

void SeriesCache::pack(Connection& connection, RunId run) {
  load_all(connection, run);
  for (auto& [name, series] : runs_[run]) series.pack(connection);
  auto& ranks = connection.statement("SELECT DISTINCT rank FROM span_lane WHERE run = ?");
  ranks.bind(1, run);
  std::vector<int> told;
  while (ranks.executeStep()) told.push_back(ranks.getColumn(0).getInt());
  for (const int rank : told) spans(connection, run, rank).pack(connection);
  forget(run);
}

void note_damage(Connection& connection, RunId run, const JournalDamage& damage) {
  auto& insert = connection.statement(
      "INSERT OR REPLACE INTO damage (run, rank, offset, bytes, tail, reason) "
      "VALUES (?, ?, ?, ?, ?, ?)");
  SQLite::bind(insert, run, damage.rank, damage.offset, damage.bytes, damage.tail ? 1 : 0, damage.reason);
  insert.exec();
}

Touched ingest(Connection& connection, SeriesCache& cache, const Stretch& stretch) {
  return Ingest(connection, cache, stretch).run();
}

}  // namespace athanor::store
