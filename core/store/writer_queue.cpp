// The queue and sweeps.
#include "core/store/settings.h"
#include "core/store/writer_state.h"

#include <algorithm>
#include <ranges>

namespace athanor::store {
namespace {

constexpr const char* kChange = "change the queue";

struct Standing {
  RunId run = 0;
  int priority = 0;
  std::int64_t order = 0;
};

std::vector<Standing> standings(Connection& connection) {
  std::vector<Standing> queue;
  auto& query = connection.statement(
      "SELECT run.id, job.priority, run.queue_order FROM run JOIN job ON job.run = run.id "
      "WHERE run.queue_order IS NOT NULL ORDER BY job.priority DESC, run.queue_order");
  while (query.executeStep())
    queue.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getInt(), query.getColumn(2).getInt64()});
  return queue;
}

[[noreturn]] void refuse_unqueued(RunId run) {
  throw Failure(ErrorKind::invalid_input, kChange, "run " + std::to_string(run) + " is not in it",
                "see which are: athanor-agent queue");
}

void require_queued(Connection& connection, RunId run) {
  auto& query = connection.statement("SELECT 1 FROM run WHERE id = ? AND queue_order IS NOT NULL");
  query.bind(1, run);
  if (!query.executeStep()) refuse_unqueued(run);
}

void require_sweep(Connection& connection, SweepId sweep) {
  auto& query = connection.statement("SELECT 1 FROM sweep WHERE id = ?");
  query.bind(1, sweep);
  if (query.executeStep()) return;
  throw Failure(ErrorKind::invalid_input, "find sweep " + std::to_string(sweep), "there is none",
                "see which there are: athanor-agent sweeps");
}

// The runs that are moved, in the order in which they were named.
std::vector<Standing> take_out(std::vector<Standing>& queue, const std::vector<RunId>& runs) {
  std::vector<Standing> taken;
  for (const RunId run : runs) {
    const auto found = std::ranges::find(queue, run, &Standing::run);
    if (found == queue.end()) refuse_unqueued(run);
    taken.push_back(*found);
    queue.erase(found);
  }
  return taken;
}

// Where they come to stand among the others, and with which priority.
std::pair<std::size_t, int> place_for(const std::vector<Standing>& moved, const std::vector<Standing>& others,
                                      Spot spot, RunId beside) {
  const auto [lowest, highest] = std::ranges::minmax(moved, {}, &Standing::priority);
  if (spot == Spot::front) {
    const int front = others.empty() ? highest.priority : others.front().priority;
    return {0, std::max(front, highest.priority)};
  }
  if (spot == Spot::end) {
    const int end = others.empty() ? lowest.priority : others.back().priority;
    return {others.size(), std::min(end, lowest.priority)};
  }
  const auto found = std::ranges::find(others, beside, &Standing::run);
  if (found == others.end()) refuse_unqueued(beside);
  return {static_cast<std::size_t>(found - others.begin()) + (spot == Spot::after ? 1 : 0), found->priority};
}

}  // namespace

void Writer::State::to_front(RunId run, Launch launch) {
  execute(
      "UPDATE run SET status = 0, cause = '', ended_ns = 0, pid = 0, launch = ?, "
      "queue_order = (SELECT coalesce(min(queue_order), 1) - 1 FROM run) WHERE id = ?",
      static_cast<int>(launch), run);
}

void Writer::State::insert_job(RunId id, const NewRun& run, std::optional<SweepId> sweep) {
  const Hold hold = run.wish.held ? Hold::asked : Hold::none;
  execute(
      "INSERT INTO job (run, priority, hold, ranks, threads, device, continue_on_error, retries, retry_numeric, "
      "until_step, trial, trial_values) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      id, run.wish.priority, static_cast<int>(hold), run.needs.ranks, run.needs.threads,
      static_cast<int>(run.needs.device), run.wish.continue_on_error ? 1 : 0, run.wish.retries,
      run.wish.retry_numeric ? 1 : 0, run.until, run.trial, run.trial_values);
  if (sweep) execute("UPDATE job SET sweep = ? WHERE run = ?", *sweep, id);
  for (const RunId after : run.wish.after)
    execute("INSERT OR IGNORE INTO dependency (run, after) VALUES (?, ?)", id, after);
}

// Those that follow a run that is taken away cannot learn any more how it ended.
void Writer::State::release_followers(RunId run) {
  execute(
      "UPDATE job SET hold = 2, hold_reason = 'run ' || ?1 || ', which it follows, has not finished and is gone' "
      "WHERE hold = 0 AND continue_on_error = 0 AND run IN (SELECT run FROM dependency WHERE after = ?1) "
      "AND run IN (SELECT id FROM run WHERE queue_order IS NOT NULL) "
      "AND NOT EXISTS (SELECT 1 FROM run WHERE id = ?1 AND status = 4)",
      run);
  static_assert(static_cast<int>(RunStatus::finished) == 4 && static_cast<int>(Hold::fault) == 2);
  execute("DELETE FROM dependency WHERE after = ?", run);
}

Result<void> Writer::enqueue(RunId run, Launch launch) {
  return state_->durably("put a run into the queue", [&] {
    (void)read_job(state_->connection, run);
    state_->execute(
        "UPDATE run SET status = 0, cause = '', ended_ns = 0, pid = 0, launch = ?, queue_order = ? WHERE id = ?",
        static_cast<int>(launch), state_->next_queue_order(), run);
    // A trial that the others have left behind goes to its end, and no further than that.
    state_->execute(
        "UPDATE job SET hold = 0, hold_reason = '', attempts = 0, not_before_ns = 0, fault = '', unanswered = 0, "
        "changes = '', until_step = CASE WHEN is_out THEN 0 ELSE until_step END WHERE run = ?",
        run);
    state_->execute("DELETE FROM dependency WHERE run = ?", run);
  });
}

Result<void> Writer::requeue(RunId run) {
  return state_->durably("put a run back into the queue", [&] {
    const Job job = read_job(state_->connection, run);
    state_->to_front(run, job.launch);
    state_->execute("UPDATE job SET unanswered = 0, cores = 0, devices = '' WHERE run = ?", run);
  });
}

Result<void> Writer::set_started(RunId run, const Process& process, const Share& share) {
  return state_->durably("start a run", [&] {
    state_->execute(
        "UPDATE run SET status = 1, cause = '', ended_ns = 0, queue_order = NULL, pid = ?, pid_started = ?, boot = ? "
        "WHERE id = ?",
        process.pid, process.started, process.boot, run);
    state_->execute(
        "UPDATE job SET hold = 0, hold_reason = '', not_before_ns = 0, unanswered = 1, cores = ?, devices = ? "
        "WHERE run = ?",
        share.cores, joined(share.devices, ','), run);
    state_->execute("DELETE FROM dependency WHERE run = ?", run);
    state_->execute("UPDATE alert_state SET due = '' WHERE run = ?", run);
  });
}

Result<void> Writer::answer(RunId run) {
  return state_->durably("note the end of a run", [&] {
    state_->execute("UPDATE job SET unanswered = 0, cores = 0, devices = '' WHERE run = ?", run);
  });
}

Result<void> Writer::set_waiting(RunId run, const std::string& cause) {
  return state_->durably("note that a run waits", [&] {
    state_->execute("UPDATE run SET cause = ? WHERE id = ?", cause, run);
    state_->execute("UPDATE job SET unanswered = 0, cores = 0, devices = '', waits = 1 WHERE run = ?", run);
  });
}

Result<void> Writer::retry(RunId run, Launch launch, const std::string& fault, std::int64_t not_before_ns) {
  return state_->durably("try a run again", [&] {
    state_->to_front(run, launch);
    state_->execute(
        "UPDATE job SET attempts = attempts + 1, fault = ?, not_before_ns = ?, unanswered = 0, cores = 0, "
        "devices = '' WHERE run = ?",
        fault, not_before_ns, run);
  });
}

Result<void> Writer::move(const std::vector<RunId>& runs, Spot spot, RunId beside) {
  return state_->durably(kChange, [&] {
    if (runs.empty()) return;
    std::vector<Standing> queue = standings(state_->connection);
    std::vector<Standing> moved = take_out(queue, runs);
    const auto [place, priority] = place_for(moved, queue, spot, beside);
    for (Standing& each : moved) {
      if (each.priority != priority) state_->execute("UPDATE job SET priority = ? WHERE run = ?", priority, each.run);
      each.priority = priority;
    }
    queue.insert(queue.begin() + static_cast<std::ptrdiff_t>(place), moved.begin(), moved.end());
    std::int64_t order = 0;
    for (const Standing& each : queue)
      if (++order != each.order) state_->execute("UPDATE run SET queue_order = ? WHERE id = ?", order, each.run);
  });
}

Result<void> Writer::set_priority(const std::vector<RunId>& runs, int priority) {
  return state_->durably(kChange, [&] {
    for (const RunId run : runs) {
      require_queued(state_->connection, run);
      state_->execute("UPDATE job SET priority = ? WHERE run = ?", priority, run);
    }
  });
}

Result<void> Writer::hold(const std::vector<RunId>& runs) {
  return state_->durably(kChange, [&] {
    for (const RunId run : runs) {
      require_queued(state_->connection, run);
      state_->execute("UPDATE job SET hold = 1, hold_reason = '' WHERE run = ?", run);
    }
  });
}

Result<void> Writer::release(const std::vector<RunId>& runs) {
  return state_->durably(kChange, [&] {
    for (const RunId run : runs) {
      require_queued(state_->connection, run);
      for (const Followed& followed : read_job(state_->connection, run).after) {
        if (followed.has_ended)
          state_->execute("DELETE FROM dependency WHERE run = ? AND after = ?", run, followed.run);
      }
      state_->execute("UPDATE job SET hold = 0, hold_reason = '' WHERE run = ?", run);
    }
  });
}

Result<void> Writer::hold_for_fault(RunId run, const std::string& reason) {
  return state_->durably(kChange, [&] {
    state_->execute("UPDATE job SET hold = 2, hold_reason = ? WHERE run = ? AND hold = 0", reason, run);
  });
}

Result<void> Writer::set_recipe(RunId run, const NewRecipe& recipe) {
  return state_->durably("change the recipe of a queued run", [&] {
    require_queued(state_->connection, run);
    state_->execute("UPDATE run SET recipe = ?, steps = ?, name = CASE WHEN name = ? THEN ? ELSE name END WHERE id = ?",
                    recipe.recipe_toml, recipe.steps, recipe.old_name, recipe.name, run);
    write_settings(state_->connection, run, recipe.recipe_toml);
    state_->execute("UPDATE job SET ranks = ?, threads = ?, device = ?, changes = ? WHERE run = ?", recipe.needs.ranks,
                    recipe.needs.threads, static_cast<int>(recipe.needs.device), joined(recipe.changes, '\n'), run);
  });
}

Result<void> Writer::set_needs(RunId run, const Needs& needs) {
  return state_->durably("note what a run needs", [&] {
    state_->execute("UPDATE job SET ranks = ?, threads = ?, device = ? WHERE run = ?", needs.ranks, needs.threads,
                    static_cast<int>(needs.device), run);
  });
}

Result<void> Writer::set_settings(const QueueSettings& settings) {
  return state_->durably(kChange, [&] { write_queue_settings(state_->connection, settings); });
}

Result<QueueSettings> Writer::settings() {
  return state_->look("read the queue", [&] { return read_queue_settings(state_->connection); });
}

Result<std::pair<SweepId, std::vector<RunId>>> Writer::add_sweep(const NewSweep& sweep,
                                                                 const std::vector<NewRun>& trials) {
  return state_->durably("add a sweep", [&] {
    state_->execute("INSERT INTO sweep (name, created_ns, definition, recipe) VALUES (?, ?, ?, ?)", sweep.name,
                    sweep.created_ns, sweep.definition, sweep.recipe_toml);
    std::pair<SweepId, std::vector<RunId>> added{state_->connection.database().getLastInsertRowid(), {}};
    for (const NewRun& trial : trials) added.second.push_back(state_->insert(trial, added.first));
    return added;
  });
}

Result<std::vector<Sweep>> Writer::waiting_sweeps() {
  return state_->look("read the sweeps",
                      [&] { return read_sweeps(state_->connection, WhichSweeps::with_waiting_trials); });
}

Result<std::vector<TrialState>> Writer::trials(SweepId sweep, const std::string& metric) {
  return state_->look("read a sweep", [&] { return read_trials(state_->connection, sweep, metric); });
}

Result<void> Writer::hold_sweep(SweepId sweep, bool held) {
  return state_->durably("hold a sweep", [&] {
    require_sweep(state_->connection, sweep);
    state_->execute("UPDATE sweep SET held = ? WHERE id = ?", held ? 1 : 0, sweep);
  });
}

Result<void> Writer::end_sweep(SweepId sweep) {
  return state_->durably("end a sweep", [&] {
    require_sweep(state_->connection, sweep);
    state_->execute("UPDATE sweep SET ended = 1 WHERE id = ?", sweep);
    constexpr const char* kCause = "its sweep was ended";
    for (const TrialState& each : read_trials(state_->connection, sweep, "")) {
      if (each.status == RunStatus::queued) state_->update_status(each.run, RunStatus::stopped, kCause, now_ns());
      if (each.trial.waits) state_->execute("UPDATE run SET cause = ? WHERE id = ?", kCause, each.run);
    }
    state_->execute("UPDATE job SET waits = 0, is_out = 1 WHERE sweep = ? AND waits = 1", sweep);
  });
}

Result<void> Writer::advance(SweepId sweep, const std::vector<RunId>& going_on, std::int64_t until,
                             const std::vector<LeftOut>& left_out) {
  return state_->durably("let a sweep go on", [&] {
    require_sweep(state_->connection, sweep);
    for (const RunId run : going_on | std::views::reverse) {  // each before those that are there
      state_->to_front(run, Launch::resume);
      state_->execute("UPDATE job SET waits = 0, until_step = ? WHERE run = ?", until, run);
    }
    for (const LeftOut& each : left_out) {
      state_->execute("UPDATE run SET cause = ? WHERE id = ?", each.cause, each.run);
      state_->execute("UPDATE job SET waits = 0, is_out = 1 WHERE run = ?", each.run);
    }
  });
}

}  // namespace athanor::store
