#include "core/store/queue_rows.h"

#include "core/store/database.h"

#include <array>
#include <map>
#include <sstream>
#include <utility>

namespace athanor::store {
namespace {

#define ATH_SELECT_JOBS                                                                                              \
  "SELECT run.id, run.name, run.status, run.launch, run.directory, run.parent, run.fork_step, run.pid, "             \
  "run.pid_started, run.boot, job.priority, job.hold, job.hold_reason, job.ranks, job.threads, job.device, "         \
  "job.cores, job.devices, job.continue_on_error, job.retries, job.attempts, job.retry_numeric, job.not_before_ns, " \
  "job.fault, job.unanswered, job.until_step, job.changes, job.sweep, job.trial, job.trial_values, job.waits, "      \
  "job.is_out, "                                                                                                     \
  "sweep.held, sweep.ended FROM run JOIN job ON job.run = run.id LEFT JOIN sweep ON sweep.id = job.sweep "

constexpr const char* kQueued =
    ATH_SELECT_JOBS "WHERE run.queue_order IS NOT NULL ORDER BY job.priority DESC, run.queue_order";
constexpr const char* kGoing = ATH_SELECT_JOBS
    "WHERE run.id IN (SELECT id FROM run WHERE status <= 3 AND queue_order IS NULL UNION "
    "SELECT run FROM job WHERE unanswered = 1) AND run.queue_order IS NULL ORDER BY run.id";
constexpr const char* kById = ATH_SELECT_JOBS "WHERE run.id = ?";

#define ATH_SELECT_FOLLOWED                                                                                       \
  "SELECT dependency.run, dependency.after, run.status, job.unanswered, job.waits FROM dependency LEFT JOIN run " \
  "ON run.id = dependency.after LEFT JOIN job ON job.run = dependency.after "
constexpr const char* kFollowed = ATH_SELECT_FOLLOWED "ORDER BY dependency.run, dependency.after";
constexpr const char* kFollowedByOne = ATH_SELECT_FOLLOWED "WHERE dependency.run = ? ORDER BY dependency.after";

#define ATH_SELECT_SWEEPS "SELECT id, name, created_ns, definition, recipe, held, ended FROM sweep "
constexpr const char* kSweeps = ATH_SELECT_SWEEPS "ORDER BY id";
constexpr const char* kWaitingSweeps =
    ATH_SELECT_SWEEPS "WHERE id IN (SELECT sweep FROM job WHERE waits = 1) ORDER BY id";

// Takes the columns of a row one after the other.
class Columns {
 public:
  explicit Columns(SQLite::Statement& row) : row_(row) {}
  std::int64_t whole() { return row_.getColumn(at_++).getInt64(); }
  int number() { return row_.getColumn(at_++).getInt(); }
  bool flag() { return number() != 0; }
  std::string text() { return text_of(row_, at_++); }
  std::optional<std::int64_t> optional() {
    const auto column = row_.getColumn(at_++);
    return column.isNull() ? std::nullopt : std::optional(column.getInt64());
  }

 private:
  SQLite::Statement& row_;
  int at_ = 0;
};

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, at);) parts.push_back(word);
  return parts;
}

Job job_of(const Connection& connection, SQLite::Statement& row) {
  Columns next(row);
  Job job;
  job.run = next.whole();
  job.name = next.text();
  job.status = static_cast<RunStatus>(next.number());
  job.launch = static_cast<Launch>(next.number());
  job.directory = connection.whole_folder(next.text());
  job.parent = next.optional();
  job.fork_step = next.whole();
  job.process = {.pid = next.whole(), .started = next.whole(), .boot = next.text()};
  job.priority = next.number();
  job.hold = static_cast<Hold>(next.number());
  job.hold_reason = next.text();
  job.needs = {.ranks = next.number(), .threads = next.number(), .device = static_cast<DeviceWish>(next.number())};
  job.share = {.cores = next.number(), .devices = split(next.text(), ',')};
  job.continue_on_error = next.flag();
  job.retry = {.limit = next.number(),
               .done = next.number(),
               .numeric = next.flag(),
               .not_before_ns = next.whole(),
               .fault = next.text()};
  job.is_unanswered = next.flag();
  job.until = next.whole();
  job.changes = split(next.text(), '\n');
  const auto sweep = next.optional();
  if (!sweep) return job;
  job.trial = {.sweep = *sweep,
               .number = next.number(),
               .values = next.text(),
               .waits = next.flag(),
               .is_out = next.flag(),
               .sweep_held = next.flag(),
               .sweep_ended = next.flag()};
  return job;
}

Followed followed_of(SQLite::Statement& row) {
  Followed followed;
  followed.run = row.getColumn(1).getInt64();
  followed.has_ended = true;
  if (row.getColumn(2).isNull()) return followed;  // it is gone, and how it ended with it
  followed.status = static_cast<RunStatus>(row.getColumn(2).getInt());
  followed.has_ended = !is_live(followed.status) && row.getColumn(3).getInt() == 0 && row.getColumn(4).getInt() == 0;
  return followed;
}

using Setting = std::optional<int> QueueSettings::*;
constexpr std::array<std::pair<const char*, Setting>, 3> kSettings = {
    {{"cores", &QueueSettings::cores}, {"gpus", &QueueSettings::gpus}, {"slots", &QueueSettings::slots}}};

}  // namespace

std::vector<Job> read_jobs(Connection& connection) {
  std::vector<Job> jobs;
  for (const char* sql : {kQueued, kGoing}) {
    auto& query = connection.statement(sql);
    while (query.executeStep()) jobs.push_back(job_of(connection, query));
  }
  std::map<RunId, std::vector<Followed>> followed;
  auto& query = connection.statement(kFollowed);
  while (query.executeStep()) followed[query.getColumn(0).getInt64()].push_back(followed_of(query));
  if (followed.empty()) return jobs;
  for (Job& job : jobs)
    if (const auto found = followed.find(job.run); found != followed.end()) job.after = std::move(found->second);
  return jobs;
}

Job read_job(Connection& connection, RunId run) {
  auto& query = connection.statement(kById);
  query.bind(1, run);
  if (!query.executeStep()) {
    throw Failure(ErrorKind::invalid_input, "find run " + std::to_string(run), "the history has no such run",
                  "see which there are: athanor-agent list");
  }
  Job job = job_of(connection, query);
  auto& after = connection.statement(kFollowedByOne);
  after.bind(1, run);
  while (after.executeStep()) job.after.push_back(followed_of(after));
  return job;
}

QueueSettings read_queue_settings(Connection& connection) {
  QueueSettings settings;
  auto& query = connection.statement("SELECT name, value FROM queue_setting");
  while (query.executeStep()) {
    const std::string name = text_of(query, 0);
    const int value = query.getColumn(1).getInt();
    if (name == "held") settings.held = value != 0;
    for (const auto& [known, setting] : kSettings)
      if (name == known) settings.*setting = value;
  }
  return settings;
}

void write_queue_settings(Connection& connection, const QueueSettings& settings) {
  connection.statement("DELETE FROM queue_setting").exec();
  const auto write = [&](const char* name, int value) {
    auto& insert = connection.statement("INSERT INTO queue_setting (name, value) VALUES (?, ?)");
    SQLite::bind(insert, name, value);
    insert.exec();
  };
  if (settings.held) write("held", 1);
  for (const auto& [name, setting] : kSettings)
    if (settings.*setting) write(name, *(settings.*setting));
}

std::vector<Sweep> read_sweeps(Connection& connection, WhichSweeps which) {
  std::vector<Sweep> sweeps;
  auto& query = connection.statement(which == WhichSweeps::all ? kSweeps : kWaitingSweeps);
  while (query.executeStep()) {
    Columns next(query);
    sweeps.push_back({.id = next.whole(),
                      .name = next.text(),
                      .created_ns = next.whole(),
                      .definition = next.text(),
                      .recipe_toml = next.text(),
                      .held = next.flag(),
                      .ended = next.flag()});
  }
  return sweeps;
}

std::vector<TrialState> read_trials(Connection& connection, SweepId sweep, const std::string& metric) {
  std::vector<TrialState> trials;
  auto& query = connection.statement(
      "SELECT run.id, job.sweep, job.trial, job.trial_values, job.waits, job.is_out, sweep.held, sweep.ended, "
      "run.status, run.cause, run.step, run.steps, job.until_step, job.unanswered, run.deleted_ns IS NOT NULL, "
      "metric.last "
      "FROM job JOIN run ON run.id = job.run JOIN sweep ON sweep.id = job.sweep "
      "LEFT JOIN metric ON metric.run = job.run AND metric.name = ?2 WHERE job.sweep = ?1 ORDER BY job.trial");
  SQLite::bind(query, sweep, metric);
  while (query.executeStep()) {
    Columns next(query);
    TrialState state;
    state.run = next.whole();
    state.trial = {.sweep = next.whole(),
                   .number = next.number(),
                   .values = next.text(),
                   .waits = next.flag(),
                   .is_out = next.flag(),
                   .sweep_held = next.flag(),
                   .sweep_ended = next.flag()};
    state.status = static_cast<RunStatus>(next.number());
    state.cause = next.text();
    state.step = next.whole();
    state.steps = next.whole();
    state.until = next.whole();
    state.is_unanswered = next.flag();
    state.is_deleted = next.flag();
    state.last = number_of(query, 15);
    trials.push_back(std::move(state));
  }
  return trials;
}

std::string joined(const std::vector<std::string>& parts, char with) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += with;
    text += part;
  }
  return text;
}

}  // namespace athanor::store
