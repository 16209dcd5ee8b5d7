#include "core/store/writer.h"

#include "core/store/alert_rows.h"
#include "core/store/edits.h"
#include "core/store/schema.h"
#include "core/store/settings.h"
#include "core/store/writer_state.h"

#include <nlohmann/json.hpp>

#include <chrono>

namespace athanor::store {
namespace {

// "starter-3", or "3 runs".
std::string subject(Connection& connection, const std::vector<RunId>& runs) {
  if (runs.size() != 1) return std::to_string(runs.size()) + " runs";
  auto& query = connection.statement("SELECT name FROM run WHERE id = ?");
  query.bind(1, runs.front());
  return query.executeStep() ? text_of(query, 0) : "run " + std::to_string(runs.front());
}

std::string text_of_tags(const std::vector<std::string>& tags) {
  return nlohmann::json(tags).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Of the attached older history.
void copy_queue(SQLite::Database& database, int version) {
  constexpr int kFirstWithQueue = 6;
  database.exec(version < kFirstWithQueue ? "INSERT INTO job (run) SELECT id FROM run" : R"sql(
    INSERT INTO job (run, priority, hold, hold_reason, ranks, threads, device, cores, devices, continue_on_error, retries,
                     attempts, retry_numeric, not_before_ns, fault, unanswered, until_step, changes, sweep, trial, trial_values,
                     waits, is_out)
      SELECT run, priority, hold, hold_reason, ranks, threads, device, cores, devices, continue_on_error, retries,
             attempts, retry_numeric, not_before_ns, fault, unanswered, until_step, changes, sweep, trial, trial_values,
             waits, is_out
      FROM older.job;
    INSERT INTO dependency (run, after) SELECT run, after FROM older.dependency;
    INSERT INTO sweep (id, name, created_ns, definition, recipe, held, ended)
      SELECT id, name, created_ns, definition, recipe, held, ended FROM older.sweep;
    INSERT INTO queue_setting (name, value) SELECT name, value FROM older.queue_setting;
  )sql");
  database.exec(R"sql(
    DELETE FROM sqlite_sequence;
    INSERT INTO sqlite_sequence (name, seq) SELECT name, seq FROM older.sqlite_sequence;
  )sql");
}

// Of the attached older history: the rules, and what they asked for; what they have seen comes from the journals.
void copy_alerts(SQLite::Database& database, int version) {
  constexpr int kFirstWithAlerts = 8;
  if (version < kFirstWithAlerts) return;
  database.exec(R"sql(
    INSERT INTO alert_rule (id, run, rule, added_ns, removed_ns)
      SELECT id, run, rule, added_ns, removed_ns FROM older.alert_rule;
    INSERT INTO alert_state (run, due) SELECT run, due FROM older.alert_state;
    DELETE FROM sqlite_sequence WHERE name = 'alert_rule';
    INSERT INTO sqlite_sequence (name, seq) SELECT name, seq FROM older.sqlite_sequence WHERE name = 'alert_rule';
  )sql");
}

}  // namespace

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::int64_t Writer::State::next_queue_order() {
  auto& query = connection.statement("SELECT coalesce(max(queue_order), 0) + 1 FROM run");
  query.executeStep();
  return query.getColumn(0).getInt64();
}

void Writer::State::forget(RunId run) {
  for (const char* sql :
       {"DELETE FROM piece WHERE metric IN (SELECT id FROM metric WHERE run = ?)",
        "DELETE FROM page WHERE metric IN (SELECT id FROM metric WHERE run = ?)", "DELETE FROM metric WHERE run = ?",
        "DELETE FROM log WHERE run = ?", "DELETE FROM occurrence WHERE run = ?", "DELETE FROM retrieval WHERE run = ?",
        "DELETE FROM span_page WHERE lane IN (SELECT id FROM span_lane WHERE run = ?)",
        "DELETE FROM span_piece WHERE lane IN (SELECT id FROM span_lane WHERE run = ?)",
        "DELETE FROM span_lane WHERE run = ?", "DELETE FROM journal WHERE run = ?", "DELETE FROM damage WHERE run = ?",
        "DELETE FROM span WHERE run = ?", "DELETE FROM session WHERE run = ?",
        "UPDATE alert_state SET state = '' WHERE run = ?", "UPDATE run SET step = 0, started_ns = 0 WHERE id = ?"}) {
    execute(sql, run);
  }
  cache.forget(run);
}

void Writer::State::remove(RunId run) {
  forget(run);
  forget_edits(connection, run);
  release_followers(run);
  for (const char* sql : {"DELETE FROM alert_rule WHERE run = ?", "DELETE FROM alert_state WHERE run = ?",
                          "DELETE FROM setting WHERE run = ?", "DELETE FROM dependency WHERE run = ?",
                          "DELETE FROM job WHERE run = ?", "DELETE FROM run WHERE id = ?"}) {
    execute(sql, run);
  }
  execute("DELETE FROM sweep WHERE id NOT IN (SELECT sweep FROM job WHERE sweep IS NOT NULL)");
}

void Writer::State::update_status(RunId run, RunStatus status, const std::string& cause, std::int64_t ended_ns) {
  execute("UPDATE run SET status = ?, cause = ?, ended_ns = ?, queue_order = NULL, launch = 0 WHERE id = ?",
          static_cast<int>(status), cause, ended_ns, run);
  if (!is_live(status)) execute("UPDATE job SET unanswered = 0, cores = 0, devices = '' WHERE run = ?", run);
}

RunId Writer::State::insert(const NewRun& run, std::optional<SweepId> sweep) {
  for (const RunId after : run.wish.after) (void)read_job(connection, after);  // none can follow itself
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
  if (run.launch != Launch::nothing) insert.bind(11, next_queue_order());
  insert.exec();
  id = connection.database().getLastInsertRowid();
  write_settings(connection, id, run.recipe_toml);
  if (run.id_in_directory) {
    const std::string& folder = run.folder.empty() ? run.name : run.folder;
    execute("UPDATE run SET directory = ? WHERE id = ?",
            connection.kept_folder(run.directory / (folder + "-" + std::to_string(id))), id);
  }
  if (!run.tags.empty() || !run.note.empty())
    execute("UPDATE run SET tags = ?, note = ? WHERE id = ?", text_of_tags(run.tags), run.note, id);
  insert_job(id, run, sweep);
  return id;
}

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
  return state_->durably("add a run to the history",
                         [&] { return read_job(state_->connection, state_->insert(run, std::nullopt)); });
}

Result<std::vector<Job>> Writer::jobs() {
  return state_->look("read the queue", [&] { return read_jobs(state_->connection); });
}

Result<Job> Writer::job(RunId run) {
  return state_->look("read the queue", [&] { return read_job(state_->connection, run); });
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
    const std::string folder = read_job(state_->connection, run).directory.filename().string();
    auto& update = state_->connection.statement(
        "UPDATE run SET recipe = ?1, steps = ?2, name = CASE WHEN name = ?3 THEN ?4 ELSE name END WHERE id = ?5");
    SQLite::bind(update, recipe_toml, steps, folder, name, run);
    update.exec();
    write_settings(state_->connection, run, recipe_toml);
  });
}

Result<void> Writer::set_parent(RunId run, RunId parent, std::int64_t fork_step) {
  return state_->transact("note where a run was forked", [&] {
    (void)read_job(state_->connection, run);
    auto& update = state_->connection.statement("UPDATE run SET parent = ?, fork_step = ? WHERE id = ?");
    SQLite::bind(update, parent, fork_step, run);
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
    write_alert_state(connection, stretch);
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
    edit(state_->connection, "Tag " + subject(state_->connection, runs), Field::tags, runs, text_of_tags(tags));
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
      if (!is_live(read_job(state_->connection, run).status)) continue;
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
    const int version = database.execAndGet("PRAGMA older.user_version").getInt();
    refuse_newer(version, kIntention);
    // Columns by name: an older version has them as well.
    database.exec(R"sql(
      INSERT INTO run (id, name, tags, note, pinned, deleted_ns, directory, status, cause, recipe, model, created_ns,
                       started_ns, ended_ns, step, steps, parent, fork_step, launch, queue_order, pid, pid_started, boot)
        SELECT id, name, tags, note, pinned, deleted_ns, directory, status, cause, recipe, model, created_ns,
               started_ns, ended_ns, step, steps, parent, fork_step, launch, queue_order, pid, pid_started, boot
        FROM older.run;
      INSERT INTO edit (id, text, changes, undone) SELECT id, text, changes, undone FROM older.edit;
    )sql");
    copy_queue(database, version);
    copy_alerts(database, version);
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
