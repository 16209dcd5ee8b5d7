#include "core/store/writer.h"

#include "core/store/database.h"
#include "core/store/edits.h"
#include "core/store/ingest.h"
#include "core/store/schema.h"
#include "core/store/settings.h"

#include <nlohmann/json.hpp>

#include <chrono>

namespace athanor::store {
namespace {

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

constexpr const char* kJobById =
    "SELECT id, status, launch, directory, parent, fork_step, pid, pid_started, boot FROM run WHERE id = ?";
constexpr const char* kQueuedJobs =
    "SELECT id, status, launch, directory, parent, fork_step, pid, pid_started, boot FROM run WHERE queue_order IS NOT "
    "NULL "
    "ORDER BY queue_order";
constexpr const char* kLiveJobs =
    "SELECT id, status, launch, directory, parent, fork_step, pid, pid_started, boot FROM run "
    "WHERE status <= 3 AND queue_order IS NULL ORDER BY id";

Job job_of(const Connection& connection, SQLite::Statement& row) {
  Job job;
  job.run = row.getColumn(0).getInt64();
  job.status = static_cast<RunStatus>(row.getColumn(1).getInt());
  job.launch = static_cast<Launch>(row.getColumn(2).getInt());
  job.directory = connection.whole_folder(text_of(row, 3));
  if (!row.getColumn(4).isNull()) job.parent = row.getColumn(4).getInt64();
  job.fork_step = row.getColumn(5).getInt64();
  job.process = {row.getColumn(6).getInt64(), row.getColumn(7).getInt64(), text_of(row, 8)};
  return job;
}

// "starter-3", or "3 runs".
std::string subject(Connection& connection, const std::vector<RunId>& runs) {
  if (runs.size() != 1) return std::to_string(runs.size()) + " runs";
  auto& query = connection.statement("SELECT name FROM run WHERE id = ?");
  query.bind(1, runs.front());
  return query.executeStep() ? text_of(query, 0) : "run " + std::to_string(runs.front());
}

}  // namespace

struct Writer::State {
  Connection connection;
  SeriesCache cache;
  bool is_together = false;  // within the transaction of several calls

  // One transaction. After a failure the cache may say more than the store, so it is dropped.
  template <class F>
  auto transact(const char* intention, F&& work) -> Result<decltype(work())> {
    if (is_together) return guarded(intention, std::forward<F>(work));
    auto result = guarded(intention, [&]() -> decltype(work()) {
      SQLite::Transaction transaction(connection.database(), SQLite::TransactionBehavior::IMMEDIATE);
      if constexpr (std::is_void_v<decltype(work())>) {
        work();
        finish(transaction);
      } else {
        auto value = work();
        finish(transaction);
        return value;
      }
    });
    if (!result) {
      connection.reset();
      cache.clear();
    }
    return result;
  }

  void finish(SQLite::Transaction& transaction) {
    connection.reset();
    transaction.commit();
  }

  // The same, flushed to the disk before it returns.
  template <class F>
  auto durably(const char* intention, F&& work) -> Result<decltype(work())> {
    if (is_together) return guarded(intention, std::forward<F>(work));
    auto on = guarded(intention, [&] { connection.database().exec("PRAGMA synchronous = FULL"); });
    if (!on) return tl::unexpected(on.error());
    auto result = transact(intention, std::forward<F>(work));
    guarded(intention, [&] { connection.database().exec("PRAGMA synchronous = NORMAL"); });
    return result;
  }

  Job find_job(RunId run) {
    auto& query = connection.statement(kJobById);
    query.bind(1, run);
    if (!query.executeStep()) {
      throw Failure(ErrorKind::invalid_input, "find run " + std::to_string(run), "the history has no such run",
                    "see which there are: athanor-agent list");
    }
    return job_of(connection, query);
  }

  std::int64_t next_queue_order() {
    auto& query = connection.statement("SELECT coalesce(max(queue_order), 0) + 1 FROM run");
    query.executeStep();
    return query.getColumn(0).getInt64();
  }

  void forget(RunId run) {
    for (const char* sql :
         {"DELETE FROM piece WHERE metric IN (SELECT id FROM metric WHERE run = ?)",
          "DELETE FROM page WHERE metric IN (SELECT id FROM metric WHERE run = ?)", "DELETE FROM metric WHERE run = ?",
          "DELETE FROM log WHERE run = ?", "DELETE FROM occurrence WHERE run = ?",
          "DELETE FROM retrieval WHERE run = ?", "DELETE FROM journal WHERE run = ?",
          "DELETE FROM span_page WHERE lane IN (SELECT id FROM span_lane WHERE run = ?)",
          "DELETE FROM span_piece WHERE lane IN (SELECT id FROM span_lane WHERE run = ?)",
          "DELETE FROM span_lane WHERE run = ?", "DELETE FROM damage WHERE run = ?", "DELETE FROM span WHERE run = ?",
          "DELETE FROM session WHERE run = ?", "UPDATE run SET step = 0, started_ns = 0 WHERE id = ?"}) {
      auto& statement = connection.statement(sql);
      statement.bind(1, run);
      statement.exec();
    }
    cache.forget(run);
  }

  void remove(RunId run) {
    forget(run);
    forget_edits(connection, run);
    auto& unset = connection.statement("DELETE FROM setting WHERE run = ?");
    unset.bind(1, run);
    unset.exec();
    auto& drop = connection.statement("DELETE FROM run WHERE id = ?");
    drop.bind(1, run);
    drop.exec();
  }

  void update_status(RunId run, RunStatus status, const std::string& cause, std::int64_t ended_ns) {
    auto& update = connection.statement(
        "UPDATE run SET status = ?1, cause = ?2, ended_ns = ?3, queue_order = NULL, launch = 0 WHERE id = ?4");
    SQLite::bind(update, static_cast<int>(status), cause, ended_ns, run);
    update.exec();
  }
};

Result<std::unique_ptr<Writer>> Writer::open(const std::filesystem::path& file) {
  return guarded("open the history", [&] {
    return std::unique_ptr<Writer>(new Writer(std::make_unique<State>(State{Connection::open_for_writing(file), {}})));
  });
}

Writer::Writer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Writer::~Writer() = default;

Result<void> Writer::together(const std::function<Result<void>()>& work) {
  return state_->durably("change the history", [&] {
    state_->is_together = true;
    const std::shared_ptr<void> apart(nullptr, [this](void*) { state_->is_together = false; });
    if (auto done = work(); !done) throw Failure(done.error());
  });
}

Result<Job> Writer::add_run(const NewRun& run) {
  return state_->durably("add a run to the history", [&] {
    auto& connection = state_->connection;
    RunId id = 0;
    if (run.wanted_id > 0) {
      auto& taken = connection.statement("SELECT 1 FROM run WHERE id = ?");
      taken.bind(1, run.wanted_id);
      if (!taken.executeStep()) id = run.wanted_id;
    }
    auto& insert = connection.statement(
        "INSERT INTO run (id, name, directory, status, recipe, created_ns, steps, parent, fork_step, launch, "
        "queue_order) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    if (id > 0) insert.bind(1, id);
    insert.bind(2, run.name);
    // A folder that no other run can have, until the number is known.
    insert.bind(3, connection.kept_folder(run.id_in_directory ? run.directory / "new" : run.directory));
    insert.bind(4, static_cast<int>(run.status));
    insert.bind(5, run.recipe_toml);
    insert.bind(6, run.created_ns);
    insert.bind(7, run.steps);
    if (run.parent) insert.bind(8, *run.parent);
    insert.bind(9, run.fork_step);
    insert.bind(10, static_cast<int>(run.launch));
    if (run.launch != Launch::nothing) insert.bind(11, state_->next_queue_order());
    insert.exec();
    id = connection.database().getLastInsertRowid();
    write_settings(connection, id, run.recipe_toml);
    if (run.id_in_directory) {
      auto& update = connection.statement("UPDATE run SET directory = ? WHERE id = ?");
      const std::string& folder = run.folder.empty() ? run.name : run.folder;
      SQLite::bind(update, connection.kept_folder(run.directory / (folder + "-" + std::to_string(id))), id);
      update.exec();
    }
    return state_->find_job(id);
  });
}

Result<std::vector<Job>> Writer::jobs() {
  return guarded("read the queue", [&] {
    std::vector<Job> jobs;
    for (const char* sql : {kQueuedJobs, kLiveJobs}) {
      auto& query = state_->connection.statement(sql);
      while (query.executeStep()) jobs.push_back(job_of(state_->connection, query));
    }
    state_->connection.reset();
    return jobs;
  });
}

Result<Job> Writer::job(RunId run) {
  return guarded("read the queue", [&] {
    Job job = state_->find_job(run);
    state_->connection.reset();
    return job;
  });
}

Result<std::optional<RunId>> Writer::run_in(const std::filesystem::path& directory) {
  return guarded("find a run by its folder", [&] {
    auto& query = state_->connection.statement("SELECT id FROM run WHERE directory = ?");
    query.bind(1, state_->connection.kept_folder(directory));
    std::optional<RunId> run;
    if (query.executeStep()) run = query.getColumn(0).getInt64();
    state_->connection.reset();
    return run;
  });
}

Result<void> Writer::describe(RunId run, const std::string& recipe_toml, std::int64_t steps, const std::string& name) {
  return state_->transact("note the recipe of a run", [&] {
    const std::string folder = state_->find_job(run).directory.filename().string();
    auto& update = state_->connection.statement(
        "UPDATE run SET recipe = ?1, steps = ?2, name = CASE WHEN name = ?3 THEN ?4 ELSE name END WHERE id = ?5");
    SQLite::bind(update, recipe_toml, steps, folder, name, run);
    update.exec();
    write_settings(state_->connection, run, recipe_toml);
  });
}

Result<void> Writer::set_parent(RunId run, RunId parent, std::int64_t fork_step) {
  return state_->transact("note where a run was forked", [&] {
    state_->find_job(run);
    auto& update = state_->connection.statement("UPDATE run SET parent = ?, fork_step = ? WHERE id = ?");
    SQLite::bind(update, parent, fork_step, run);
    update.exec();
  });
}

Result<void> Writer::enqueue(RunId run, Launch launch) {
  return state_->durably("put a run into the queue", [&] {
    state_->find_job(run);
    auto& update = state_->connection.statement(
        "UPDATE run SET status = 0, cause = '', ended_ns = 0, pid = 0, launch = ?, queue_order = ? WHERE id = ?");
    SQLite::bind(update, static_cast<int>(launch), state_->next_queue_order(), run);
    update.exec();
  });
}

Result<void> Writer::requeue(RunId run) {
  return state_->durably("put a run back into the queue", [&] {
    auto& update = state_->connection.statement(
        "UPDATE run SET status = 0, cause = '', ended_ns = 0, pid = 0, "
        "queue_order = (SELECT coalesce(min(queue_order), 1) - 1 FROM run) WHERE id = ?");
    update.bind(1, run);
    update.exec();
  });
}

Result<void> Writer::set_started(RunId run, const Process& process) {
  return state_->durably("start a run", [&] {
    auto& update = state_->connection.statement(
        "UPDATE run SET status = 1, cause = '', ended_ns = 0, queue_order = NULL, pid = ?, pid_started = ?, boot = ? "
        "WHERE id = ?");
    SQLite::bind(update, process.pid, process.started, process.boot, run);
    update.exec();
  });
}

Result<void> Writer::set_process(RunId run, const Process& process) {
  return state_->durably("note the process of a run", [&] {
    auto& update = state_->connection.statement("UPDATE run SET pid = ?, pid_started = ?, boot = ? WHERE id = ?");
    SQLite::bind(update, process.pid, process.started, process.boot, run);
    update.exec();
  });
}

Result<void> Writer::set_status(RunId run, RunStatus status, const std::string& cause, std::int64_t ended_ns) {
  return state_->durably("note the state of a run", [&] {
    if (ended_ns == 0) ended_ns = now_ns();
    state_->update_status(run, status, cause, is_live(status) ? 0 : ended_ns);
    if (!is_live(status)) state_->cache.pack(state_->connection, run);
  });
}

Result<std::int64_t> Writer::offset(RunId run, int rank) {
  return guarded("read how far a journal was taken in", [&] {
    auto& query = state_->connection.statement("SELECT next_offset FROM journal WHERE run = ? AND rank = ?");
    SQLite::bind(query, run, rank);
    const std::int64_t offset = query.executeStep() ? query.getColumn(0).getInt64() : 0;
    state_->connection.reset();
    return offset;
  });
}

Result<Touched> Writer::ingest(const Stretch& stretch) {
  return state_->transact("record what a run says", [&] {
    auto& connection = state_->connection;
    auto& query = connection.statement("SELECT next_offset FROM journal WHERE run = ? AND rank = ?");
    SQLite::bind(query, stretch.run, stretch.rank);
    const std::int64_t stands_at = query.executeStep() ? query.getColumn(0).getInt64() : 0;
    if (stands_at != stretch.from_offset) {
      throw Failure(ErrorKind::internal, "record what a run says",
                    "the history stands at byte " + std::to_string(stands_at) + " of the journal, not " +
                        std::to_string(stretch.from_offset));
    }
    const Touched touched = store::ingest(connection, state_->cache, stretch);
    auto& update = connection.statement("INSERT OR REPLACE INTO journal (run, rank, next_offset) VALUES (?, ?, ?)");
    SQLite::bind(update, stretch.run, stretch.rank, stretch.next_offset);
    update.exec();
    return touched;
  });
}

Result<void> Writer::note_damage(RunId run, const JournalDamage& damage) {
  return state_->transact("note the damage of a journal", [&] { store::note_damage(state_->connection, run, damage); });
}

Result<void> Writer::forget(RunId run) {
  return state_->transact("forget what a run said", [&] { state_->forget(run); });
}

Result<void> Writer::rename(RunId run, const std::string& name) {
  return state_->durably("rename a run", [&] {
    if (name.empty())
      throw Failure(ErrorKind::invalid_input, "rename a run", "the new name is empty", "give it at least one letter");
    edit(state_->connection, "Rename " + subject(state_->connection, {run}) + " to " + name, Field::name, {run}, name);
  });
}

Result<void> Writer::set_tags(const std::vector<RunId>& runs, const std::vector<std::string>& tags) {
  return state_->durably("tag runs", [&] {
    const std::string text = nlohmann::json(tags).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    edit(state_->connection, "Tag " + subject(state_->connection, runs), Field::tags, runs, text);
  });
}

Result<void> Writer::set_note(RunId run, const std::string& note) {
  return state_->durably("write a note", [&] {
    edit(state_->connection, "Edit the note of " + subject(state_->connection, {run}), Field::note, {run}, note);
  });
}

Result<void> Writer::set_pinned(const std::vector<RunId>& runs, bool pinned) {
  return state_->durably("pin runs", [&] {
    const std::string verb = pinned ? "Pin " : "Unpin ";
    edit(state_->connection, verb + subject(state_->connection, runs), Field::pinned, runs, pinned ? 1 : 0);
  });
}

Result<void> Writer::restore(const std::vector<RunId>& runs) {
  return state_->durably("restore runs", [&] {
    const std::string text =
        "Restore " + std::string(runs.size() == 1 ? "run " : "") + subject(state_->connection, runs);
    edit(state_->connection, text, Field::deleted_ns, runs, nullptr);
  });
}

Result<void> Writer::erase(const std::vector<RunId>& runs, std::int64_t when_ns) {
  return state_->durably("delete runs", [&] {
    for (const RunId run : runs) {
      if (!is_live(state_->find_job(run).status)) continue;
      throw Failure(ErrorKind::invalid_input, "delete " + subject(state_->connection, {run}), "it is still going",
                    "stop it first");
    }
    const std::string text =
        "Delete " + std::string(runs.size() == 1 ? "run " : "") + subject(state_->connection, runs);
    edit(state_->connection, text, Field::deleted_ns, runs, when_ns);
  });
}

Result<std::string> Writer::undo() {
  return state_->durably("undo", [&] { return store::undo(state_->connection); });
}

Result<std::string> Writer::redo() {
  return state_->durably("redo", [&] { return store::redo(state_->connection); });
}

Result<std::map<RunId, std::int64_t>> Writer::copy_runs(const std::filesystem::path& older) {
  constexpr const char* kIntention = "read the older history";
  auto attached = guarded(kIntention, [&] {
    auto& attach = state_->connection.statement("ATTACH ? AS older");
    attach.bind(1, older.string());
    attach.exec();
  });
  if (!attached) return tl::unexpected(attached.error());
  auto copied = state_->durably("take over the runs of the older history", [&] {
    auto& database = state_->connection.database();
    refuse_newer(database.execAndGet("PRAGMA older.user_version").getInt(), kIntention);
    // Columns by name: an older version has them as well.
    database.exec(R"sql(
      INSERT INTO run (id, name, tags, note, pinned, deleted_ns, directory, status, cause, recipe, model, created_ns,
                       started_ns, ended_ns, step, steps, parent, fork_step, launch, queue_order, pid, pid_started, boot)
        SELECT id, name, tags, note, pinned, deleted_ns, directory, status, cause, recipe, model, created_ns,
               started_ns, ended_ns, step, steps, parent, fork_step, launch, queue_order, pid, pid_started, boot
        FROM older.run;
      INSERT INTO edit (id, text, changes, undone) SELECT id, text, changes, undone FROM older.edit;
      DELETE FROM sqlite_sequence;
      INSERT INTO sqlite_sequence (name, seq) SELECT name, seq FROM older.sqlite_sequence;
    )sql");
    name_folders_from_home(database);
    write_all_settings(state_->connection);
    std::map<RunId, std::int64_t> offsets;
    SQLite::Statement query(database, "SELECT run, next_offset FROM older.journal WHERE rank = 0");
    while (query.executeStep()) offsets.emplace(query.getColumn(0).getInt64(), query.getColumn(1).getInt64());
    return offsets;
  });
  state_->connection.reset();
  const auto detached = guarded(kIntention, [&] { state_->connection.database().exec("DETACH older"); });
  if (copied && !detached) return tl::unexpected(detached.error());
  return copied;
}

Result<void> Writer::remove(RunId run) {
  return state_->durably("take a run out of the history", [&] { state_->remove(run); });
}

}  // namespace athanor::store
