#include "core/store/reader.h"

#include "core/journal/codec.h"
#include "core/store/alert_rows.h"
#include "core/store/curve.h"
#include "core/store/database.h"
#include "core/store/edits.h"
#include "core/store/facts.h"
#include "core/store/queue_rows.h"
#include "core/store/run_rows.h"
#include "core/store/series.h"
#include "core/store/settings.h"
#include "core/store/span_window.h"
#include "core/store/spans.h"
#include "core/store/text_search.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace athanor::store {
namespace {

std::vector<LogEntry> log_of(SQLite::Statement& query) {
  std::vector<LogEntry> entries;
  while (query.executeStep()) {
    entries.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getInt64(),
                       static_cast<journal::Severity>(query.getColumn(2).getInt()), text_of(query, 3)});
  }
  return entries;
}

}  // namespace

struct Reader::State {
  Connection connection;
  DamagedPages damaged = {};

  // All reads of one call see the same commit.
  template <class F>
  auto snapshot(const char* intention, F&& work) -> Result<decltype(work())> {
    auto result = guarded(intention, [&] {
      SQLite::Transaction transaction(connection.database());
      auto value = work();
      connection.reset();
      return value;
    });
    if (!result) connection.reset();
    return result;
  }
};

Result<std::unique_ptr<Reader>> Reader::open(const std::filesystem::path& file) {
  return guarded("open the history", [&] {
    return std::unique_ptr<Reader>(new Reader(std::make_unique<State>(State{Connection::open_for_reading(file)})));
  });
}

Reader::Reader(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reader::~Reader() = default;

std::int64_t Reader::data_version() {
  const auto version = guarded("look for changes", [&] {
    auto& query = state_->connection.statement("PRAGMA data_version");
    const std::int64_t value = query.executeStep() ? query.getColumn(0).getInt64() : 0;
    state_->connection.reset();
    return value;
  });
  return version.value_or(0);
}

Result<std::vector<Run>> Reader::runs(bool with_recipe) {
  return state_->snapshot(
      "list the runs", [&] { return read_runs(state_->connection, with_recipe ? Recipes::read : Recipes::leave_out); });
}

Result<RunChanges> Reader::changes(const std::string& history, std::int64_t known,
                                   std::span<const std::string> metrics) {
  return state_->snapshot("list the runs that changed",
                          [&] { return read_changes(state_->connection, history, known, metrics); });
}

Result<void> Reader::check() {
  const auto done = state_->snapshot("check the history", [&] {
    auto& query = state_->connection.statement("PRAGMA quick_check(1)");
    std::string said = query.executeStep() ? text_of(query, 0) : "";
    if (said == "ok") return true;
    std::ranges::replace(said, '\n', ' ');
    throw Failure(ErrorKind::corrupt, "check the history", "it is damaged: " + said,
                  "build it again from the run directories: athanor-agent rebuild");
  });
  if (!done) return tl::unexpected(done.error());
  return {};
}

Result<Run> Reader::run(RunId id) {
  return state_->snapshot("read a run", [&] { return read_run(state_->connection, id); });
}

Result<std::vector<std::pair<RunId, SettingValue>>> Reader::setting_of_runs(const std::string& path) {
  return state_->snapshot("read a field of all recipes", [&] { return read_settings(state_->connection, path); });
}

Result<std::vector<std::map<std::string, SettingValue>>> Reader::settings(std::span<const RunId> runs) {
  return state_->snapshot("read what recipes set", [&] {
    std::vector<std::map<std::string, SettingValue>> all;
    all.reserve(runs.size());
    for (const RunId run : runs) all.push_back(read_settings(state_->connection, run));
    return all;
  });
}

Result<std::vector<std::pair<std::string, bool>>> Reader::imported_settings() {
  return state_->snapshot("list what imported runs were set up with",
                          [&] { return read_imported_settings(state_->connection); });
}

Result<std::vector<std::string>> Reader::metric_names(RunId id) {
  return state_->snapshot("list the metrics of a run", [&] { return series_names(state_->connection, id); });
}

Result<std::vector<std::string>> Reader::all_metric_names() {
  return state_->snapshot("list the metrics", [&] {
    // From name to name through the index, not row by row.
    auto& query = state_->connection.statement(
        "WITH RECURSIVE next (name) AS (SELECT min(name) FROM metric UNION ALL "
        "SELECT (SELECT min(name) FROM metric WHERE name > next.name) FROM next WHERE next.name IS NOT NULL) "
        "SELECT name FROM next WHERE name IS NOT NULL");
    std::vector<std::string> names;
    while (query.executeStep()) names.push_back(text_of(query, 0));
    return names;
  });
}

Result<std::map<std::string, MetricFacts>> Reader::metrics(RunId id) {
  return state_->snapshot("read the metrics of a run", [&] {
    auto& query =
        state_->connection.statement("SELECT name, " ATH_FACT_COLUMNS " FROM metric WHERE run = ? AND samples > 0");
    query.bind(1, id);
    std::map<std::string, MetricFacts> metrics;
    while (query.executeStep()) metrics.emplace(text_of(query, 0), facts_of(query, 1));
    return metrics;
  });
}

Result<std::vector<std::pair<RunId, MetricFacts>>> Reader::metric_of_runs(const std::string& metric) {
  return state_->snapshot("read a metric of all runs", [&] {
    auto& query =
        state_->connection.statement("SELECT run, " ATH_FACT_COLUMNS
                                     " FROM metric INDEXED BY metric_runs WHERE name = ? AND samples > 0 ORDER BY run");
    query.bind(1, metric);
    std::vector<std::pair<RunId, MetricFacts>> all;
    while (query.executeStep()) all.emplace_back(query.getColumn(0).getInt64(), facts_of(query, 1));
    return all;
  });
}

Result<std::vector<Bucket>> Reader::curve(RunId id, std::string_view metric, std::int64_t first_step,
                                          std::int64_t last_step, int buckets) {
  return state_->snapshot("read a curve", [&] {
    const SeriesPlace place = find_series(state_->connection, id, metric);
    return read_curve(state_->connection, place, {.first_step = first_step, .last_step = last_step, .columns = buckets},
                      state_->damaged);
  });
}

Result<std::vector<std::vector<Bucket>>> Reader::curves(std::span<const CurveKey> keys, const CurveRange& range) {
  return state_->snapshot("read curves", [&] {
    std::vector<std::vector<Bucket>> curves;
    curves.reserve(keys.size());
    for (const CurveKey& key : keys)
      curves.push_back(
          read_curve(state_->connection, find_series(state_->connection, key.run, key.metric), range, state_->damaged));
    return curves;
  });
}

Result<std::vector<std::vector<Bucket>>> Reader::curves(std::span<const CurveKey> keys,
                                                        std::span<const CurveRange> ranges) {
  return state_->snapshot("read curves", [&] {
    std::vector<std::vector<Bucket>> curves;
    curves.reserve(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i)
      curves.push_back(read_curve(state_->connection, find_series(state_->connection, keys[i].run, keys[i].metric),
                                  ranges[i], state_->damaged));
    return curves;
  });
}

Result<std::vector<Point>> Reader::points(RunId id, std::string_view metric, std::int64_t first_step,
                                          std::int64_t last_step) {
  return state_->snapshot("read samples", [&] {
    return read_points(state_->connection, find_series(state_->connection, id, metric), first_step, last_step,
                       state_->damaged);
  });
}

std::vector<DamagedSamples> Reader::take_damage() {
  const DamagedPages pages = std::exchange(state_->damaged, {});
  if (pages.empty()) return {};
  auto named = state_->snapshot("name damaged samples", [&] {
    std::vector<DamagedSamples> all;
    for (const DamagedPage& page : pages) {
      auto& query = state_->connection.statement("SELECT run, name FROM metric WHERE id = ?");
      query.bind(1, page.metric);
      if (query.executeStep())
        all.push_back(
            {query.getColumn(0).getInt64(), text_of(query, 1), page.first_step, page.last_step, page.level == 0});
    }
    return all;
  });
  return named.value_or(std::vector<DamagedSamples>());
}

Result<std::vector<LogEntry>> Reader::log(RunId id, std::int64_t after, int limit) {
  return state_->snapshot("read the log", [&] {
    auto& query = state_->connection.statement(
        "SELECT id, time_ns, severity, text FROM log WHERE run = ? AND id > ? ORDER BY id LIMIT ?");
    SQLite::bind(query, id, after, limit);
    return log_of(query);
  });
}

Result<std::vector<LogEntry>> Reader::log_tail(RunId id, int limit) {
  return state_->snapshot("read the log", [&] {
    auto& query = state_->connection.statement(
        "SELECT id, time_ns, severity, text FROM log WHERE run = ? ORDER BY id DESC LIMIT ?");
    SQLite::bind(query, id, limit);
    auto entries = log_of(query);
    std::ranges::reverse(entries);
    return entries;
  });
}

Result<std::vector<Found>> Reader::find(std::string_view words, int limit) {
  return state_->snapshot("search the history", [&] { return find_words(state_->connection, words, limit); });
}

Result<std::vector<Occurrence>> Reader::occurrences(RunId id, std::int64_t after) {
  return state_->snapshot("read what happened in a run", [&] {
    auto& query = state_->connection.statement(
        "SELECT id, time_ns, type, fields FROM occurrence WHERE run = ? AND id > ? ORDER BY id");
    SQLite::bind(query, id, after);
    std::vector<Occurrence> occurrences;
    while (query.executeStep()) {
      auto payload = journal::decode(static_cast<journal::FrameType>(query.getColumn(2).getInt()), bytes_of(query, 3));
      if (payload)
        occurrences.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getInt64(), std::move(*payload)});
    }
    return occurrences;
  });
}

Result<std::vector<RankStep>> Reader::spans(RunId id) {
  return state_->snapshot("read what ranks did", [&] { return read_spans(state_->connection, id); });
}

Result<TimelineWindow> Reader::timeline(RunId id, std::int64_t begin_ns, std::int64_t end_ns, int columns) {
  return state_->snapshot("read the timeline of a run",
                          [&] { return read_window(state_->connection, id, begin_ns, end_ns, columns); });
}

Result<TimelineExtent> Reader::timeline_extent(RunId id) {
  return state_->snapshot("read the timeline of a run", [&] { return read_extent(state_->connection, id); });
}

Result<std::vector<std::int64_t>> Reader::retrieval_steps(RunId id) {
  return state_->snapshot("read the retrieval board", [&] {
    auto& query = state_->connection.statement("SELECT DISTINCT step FROM retrieval WHERE run = ? ORDER BY step");
    query.bind(1, id);
    std::vector<std::int64_t> steps;
    while (query.executeStep()) steps.push_back(query.getColumn(0).getInt64());
    return steps;
  });
}

Result<std::vector<journal::RetrievalSample>> Reader::retrieval(RunId id, std::int64_t step) {
  return state_->snapshot("read the retrieval board", [&] {
    auto& query = state_->connection.statement(
        "SELECT fields FROM retrieval WHERE run = ? AND step = ? ORDER BY text_to_image DESC, query");
    SQLite::bind(query, id, step);
    std::vector<journal::RetrievalSample> samples;
    while (query.executeStep()) {
      auto payload = journal::decode(journal::FrameType::retrieval_sample, bytes_of(query, 0));
      if (payload) samples.push_back(std::get<journal::RetrievalSample>(std::move(*payload)));
    }
    return samples;
  });
}

Result<std::vector<Job>> Reader::jobs() {
  return state_->snapshot("read the queue", [&] { return read_jobs(state_->connection); });
}

Result<Job> Reader::job(RunId id) {
  return state_->snapshot("read the queue", [&] { return read_job(state_->connection, id); });
}

Result<QueueSettings> Reader::queue_settings() {
  return state_->snapshot("read the queue", [&] { return read_queue_settings(state_->connection); });
}

Result<std::vector<Sweep>> Reader::sweeps() {
  return state_->snapshot("read the sweeps", [&] { return read_sweeps(state_->connection); });
}

Result<std::vector<TrialState>> Reader::trials(SweepId sweep, const std::string& metric) {
  return state_->snapshot("read a sweep", [&] { return read_trials(state_->connection, sweep, metric); });
}

Result<std::vector<AlertRule>> Reader::alert_rules() {
  return state_->snapshot("read the alert rules", [&] { return read_alert_rules(state_->connection); });
}

Result<std::string> Reader::undo_text() {
  return state_->snapshot("read what can be undone", [&] { return store::undo_text(state_->connection); });
}

Result<std::string> Reader::redo_text() {
  return state_->snapshot("read what can be redone", [&] { return store::redo_text(state_->connection); });
}

}  // namespace athanor::store
