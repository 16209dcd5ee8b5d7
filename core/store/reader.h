// Read-only view of history.db on its own connection. One thread at a time; open one per thread. Never blocks the
// writer and is never blocked by it (WAL).
#pragma once

#include "core/base/result.h"
#include "core/store/alerts.h"
#include "core/store/found.h"
#include "core/store/queue.h"
#include "core/store/setting_value.h"
#include "core/store/timeline.h"
#include "core/store/types.h"

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace athanor::store {

class Reader {
 public:
  // ErrorKind::unavailable when a newer version wrote the store, or its folder may not be written as its log demands.
  // A store that does not exist yet reads as an empty one once it is created by the agent; until then this is `io`.
  [[nodiscard]] static Result<std::unique_ptr<Reader>> open(const std::filesystem::path& file);
  ~Reader();

  // Changes whenever anything committed since; cheap, for polling.
  [[nodiscard]] std::int64_t data_version();

  // Newest first, without recipe_toml unless asked for; includes deleted runs (deleted_ns set).
  [[nodiscard]] Result<std::vector<Run>> runs(bool with_recipe = false);
  // What changed behind number `known` of this history; all of it where that is another one, or 0.
  [[nodiscard]] Result<RunChanges> changes(const std::string& history, std::int64_t known,
                                           std::span<const std::string> metrics);
  [[nodiscard]] Result<Run> run(RunId id);

  // What recipes set one field to, by run; runs that leave it as it is by default are not among them.
  [[nodiscard]] Result<std::vector<std::pair<RunId, SettingValue>>> setting_of_runs(const std::string& path);
  // What the recipes of these runs set, by path of the field, in the order asked for.
  [[nodiscard]] Result<std::vector<std::map<std::string, SettingValue>>> settings(std::span<const RunId> runs);

  // What any imported run was set up with, by path: "imported.lr"; and whether it is a text for any of them.
  [[nodiscard]] Result<std::vector<std::pair<std::string, bool>>> imported_settings();

  [[nodiscard]] Result<std::vector<std::string>> metric_names(RunId id);
  [[nodiscard]] Result<std::vector<std::string>> all_metric_names();  // of any run
  [[nodiscard]] Result<std::map<std::string, MetricFacts>> metrics(RunId id);
  // One metric of every run that has it, by run.
  [[nodiscard]] Result<std::vector<std::pair<RunId, MetricFacts>>> metric_of_runs(const std::string& metric);
  // The curve of one metric over steps [first, last] in at most `buckets` columns, exact minimum, maximum and last in
  // each; single samples when they fit. Reads time proportional to buckets, not to samples.
  [[nodiscard]] Result<std::vector<Bucket>> curve(RunId id, std::string_view metric, std::int64_t first_step,
                                                  std::int64_t last_step, int buckets);
  // Several curves out of one commit, in the order asked for; empty ones where there is no such metric.
  [[nodiscard]] Result<std::vector<std::vector<Bucket>>> curves(std::span<const CurveKey> keys,
                                                                const CurveRange& range);
  // Each over a range of its own.
  [[nodiscard]] Result<std::vector<std::vector<Bucket>>> curves(std::span<const CurveKey> keys,
                                                                std::span<const CurveRange> ranges);
  [[nodiscard]] Result<std::vector<Point>> points(RunId id, std::string_view metric, std::int64_t first_step,
                                                  std::int64_t last_step);

  // What reading curves and samples came upon since this was asked last.
  [[nodiscard]] std::vector<DamagedSamples> take_damage();

  // After entry id `after`, at most `limit`, oldest first. For the newest page use log_tail.
  [[nodiscard]] Result<std::vector<LogEntry>> log(RunId id, std::int64_t after, int limit);
  [[nodiscard]] Result<std::vector<LogEntry>> log_tail(RunId id, int limit);
  // Where all these words stand in names, tags, notes, models, causes, recipes and logs; the last may be the beginning
  // of one. At most `limit` places of each kind.
  [[nodiscard]] Result<std::vector<Found>> find(std::string_view words, int limit);
  [[nodiscard]] Result<std::vector<Occurrence>> occurrences(RunId id, std::int64_t after = 0);
  // Device metrics are metrics named "device/<device>/utilisation", "…/memory_bytes", "…/power_w", "…/temperature_c".

  // Of the newest few steps of each rank that were told in full, by step and rank.
  [[nodiscard]] Result<std::vector<RankStep>> spans(RunId id);

  // All spans that were told, in a window of the run's time: of each lane single ones or at most `columns` exact
  // columns. Reads time proportional to columns, not to spans. What it came upon that is damaged is named in the
  // window.
  [[nodiscard]] Result<TimelineWindow> timeline(RunId id, std::int64_t begin_ns, std::int64_t end_ns, int columns);
  [[nodiscard]] Result<TimelineExtent> timeline_extent(RunId id);

  [[nodiscard]] Result<std::vector<std::int64_t>> retrieval_steps(RunId id);
  [[nodiscard]] Result<std::vector<journal::RetrievalSample>> retrieval(RunId id, std::int64_t step);

  // The queue, as the agent's last word has it: all that are queued, in order, then all that go on.
  [[nodiscard]] Result<std::vector<Job>> jobs();
  [[nodiscard]] Result<Job> job(RunId id);
  [[nodiscard]] Result<QueueSettings> queue_settings();
  [[nodiscard]] Result<std::vector<Sweep>> sweeps();
  // By number, each with its last value of the metric.
  [[nodiscard]] Result<std::vector<TrialState>> trials(SweepId sweep, const std::string& metric);

  // Those that hold now, of all runs and of each.
  [[nodiscard]] Result<std::vector<AlertRule>> alert_rules();

  // What undo and redo would do now, newest first: "Delete run starter-3".
  [[nodiscard]] Result<std::string> undo_text();
  [[nodiscard]] Result<std::string> redo_text();

  // SQLite's quick look at all pages and rows. Errors: corrupt, with the first of what is wrong.
  [[nodiscard]] Result<void> check();

 private:
  struct State;
  explicit Reader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace athanor::store
