#include "core/store/reader.h"

#include "core/journal/codec.h"
#include "core/store/curve.h"
#include "core/store/database.h"
#include "core/store/edits.h"
#include "core/store/facts.h"
#include "core/store/queue_rows.h"
#include "core/store/series.h"
#include "core/store/spans.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace athanor::store {
namespace {

constexpr const char* kRuns =
    "SELECT id, name, status, cause, directory, '', model, created_ns, started_ns, ended_ns, step, steps, parent, "
    "fork_step, "
    "tags, note, pinned, deleted_ns FROM run ORDER BY created_ns DESC, id DESC";
constexpr const char* kRunsWithRecipe =
    "SELECT id, name, status, cause, directory, recipe, model, created_ns, started_ns, ended_ns, step, steps, parent, "
    "fork_step, tags, note, pinned, deleted_ns FROM run ORDER BY created_ns DESC, id DESC";
constexpr const char* kRunById =
    "SELECT id, name, status, cause, directory, recipe, model, created_ns, started_ns, ended_ns, step, steps, parent, "
    "fork_step, tags, note, pinned, deleted_ns FROM run WHERE id = ?";

std::vector<std::string> tags_of(const std::string& text) {
  if (text == "[]") return {};
  std::vector<std::string> tags;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  for (const auto& tag : json) {
    if (tag.is_string()) tags.push_back(tag);
  }
  return tags;
}

Run run_of(const Connection& connection, SQLite::Statement& row) {
  Run run;
  run.id = row.getColumn(0).getInt64();
  run.name = text_of(row, 1);
  run.status = static_cast<RunStatus>(row.getColumn(2).getInt());
  run.cause = text_of(row, 3);
  run.directory = connection.whole_folder(text_of(row, 4));
  run.recipe_toml = text_of(row, 5);
  run.model = text_of(row, 6);
  run.created_ns = row.getColumn(7).getInt64();
  run.started_ns = row.getColumn(8).getInt64();
  run.ended_ns = row.getColumn(9).getInt64();
  run.step = row.getColumn(10).getInt64();
  run.steps = row.getColumn(11).getInt64();
  if (!row.getColumn(12).isNull()) run.parent = row.getColumn(12).getInt64();
  run.fork_step = row.getColumn(13).getInt64();
  run.tags = tags_of(text_of(row, 14));
  run.note = text_of(row, 15);
  run.pinned = row.getColumn(16).getInt() != 0;
  if (!row.getColumn(17).isNull()) run.deleted_ns = row.getColumn(17).getInt64();
  return run;
}

// Of a row that begins with the run.
JournalDamage damage_of(SQLite::Statement& row) {
  return {row.getColumn(1).getInt(), row.getColumn(2).getInt64(), row.getColumn(3).getInt64(),
          row.getColumn(4).getInt() != 0, text_of(row, 5)};
}

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

  void add_damage(std::vector<Run>& runs) {
    std::map<RunId, Run*> by_id;
    for (Run& run : runs) by_id[run.id] = &run;
    auto& query =
        connection.statement("SELECT run, rank, offset, bytes, tail, reason FROM damage ORDER BY run, rank, offset");
    while (query.executeStep()) {
      if (const auto found = by_id.find(query.getColumn(0).getInt64()); found != by_id.end())
        found->second->damage.push_back(damage_of(query));
    }
  }

  void add_last_values(std::vector<Run>& runs) {
    std::map<RunId, Run*> by_id;
    for (Run& run : runs) by_id[run.id] = &run;
    auto& query = connection.statement("SELECT run, name, last FROM metric WHERE samples > 0");
    Run* current = nullptr;
    while (query.executeStep()) {
      const RunId id = query.getColumn(0).getInt64();
      if (current == nullptr || current->id != id) {
        const auto found = by_id.find(id);
        current = found != by_id.end() ? found->second : nullptr;
      }
      if (current != nullptr) current->last.emplace(text_of(query, 1), number_of(query, 2));
    }
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
  return state_->snapshot("list the runs", [&] {
    std::vector<Run> runs;
    auto& query = state_->connection.statement(with_recipe ? kRunsWithRecipe : kRuns);
    while (query.executeStep()) runs.push_back(run_of(state_->connection, query));
    state_->add_last_values(runs);
    state_->add_damage(runs);
    return runs;
  });
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
  return state_->snapshot("read a run", [&] {
    auto& query = state_->connection.statement(kRunById);
    query.bind(1, id);
    if (!query.executeStep()) {
      throw Failure(ErrorKind::invalid_input, "read run " + std::to_string(id), "the history has no such run",
                    "see which there are: athanor-agent list");
    }
    Run run = run_of(state_->connection, query);
    auto& last = state_->connection.statement("SELECT name, last FROM metric WHERE run = ? AND samples > 0");
    last.bind(1, id);
    while (last.executeStep()) run.last.emplace(text_of(last, 0), number_of(last, 1));
    auto& damage = state_->connection.statement(
        "SELECT run, rank, offset, bytes, tail, reason FROM damage WHERE run = ? ORDER BY rank, offset");
    damage.bind(1, id);
    while (damage.executeStep()) run.damage.push_back(damage_of(damage));
    return run;
  });
}

Result<std::vector<std::string>> Reader::metric_names(RunId id) {
  return state_->snapshot("list the metrics of a run", [&] { return series_names(state_->connection, id); });
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
  return state_->snapshot("read the queue", [&] { return read_settings(state_->connection); });
}

Result<std::vector<Sweep>> Reader::sweeps() {
  return state_->snapshot("read the sweeps", [&] { return read_sweeps(state_->connection); });
}

Result<std::vector<TrialState>> Reader::trials(SweepId sweep, const std::string& metric) {
  return state_->snapshot("read a sweep", [&] { return read_trials(state_->connection, sweep, metric); });
}

Result<std::string> Reader::undo_text() {
  return state_->snapshot("read what can be undone", [&] { return store::undo_text(state_->connection); });
}

Result<std::string> Reader::redo_text() {
  return state_->snapshot("read what can be redone", [&] { return store::redo_text(state_->connection); });
}

}  // namespace athanor::store
