// What becomes of runs: queued, started, read, ended.
#include "core/agent/supervisor.h"
#include "core/base/files.h"
#include "core/journal/writer.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <sys/syscall.h>

namespace athanor::agent {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
namespace {

constexpr auto kBetweenCommits = 10ms;  // bursts become few commits; the first event of one is taken in at once
constexpr auto kAfterRefusal = 1s;

tl::unexpected<Error> refuse(store::RunId run, const char* what, std::string cause, std::string remedy) {
  return fail(ErrorKind::invalid_input, what + std::string(" run ") + std::to_string(run), std::move(cause),
              std::move(remedy));
}

}  // namespace

void Supervisor::wake(store::RunId run) { awake_.insert(run); }

void Supervisor::read(store::RunId run, Watch& watch) {
  const auto progress = watch.follower.step(writer_);
  if (!progress) return not_read(run, watch, progress.error());
  watch.unreadable_since.reset();
  for (const Error& error : progress->passed_over) spdlog::warn("Run {}: {}", run, error.message());
  const store::Touched& touched = progress->touched;
  watch.read_again = Clock::now() + (progress->more ? 0ms : kBetweenCommits);
  if (touched.runs) {
    queue_changed_ = true;
    look_at_recipe(run, watch);
    if (const auto job = writer_.job(run))
      watch.live = job->status != store::RunStatus::queued && store::is_live(job->status);
  }
  if (progress->writer_pid != 0) hear_of(run, watch, progress->writer_pid);
  if (touched.runs) tell(Change::What::runs, run);
  if (touched.metrics) tell(Change::What::metrics, run);
  if (touched.log) tell(Change::What::log, run);
  if (touched.retrieval) tell(Change::What::retrieval, run);
  if (touched.occurrences) tell(Change::What::occurrences, run);
  if (touched.spans) tell(Change::What::spans, run);
  if (progress->more) return;
  awake_.erase(run);
  if (watch.ended) settle(run, watch);
}

// A full disk may have room again and a disk may come back: nothing is lost meanwhile.
void Supervisor::try_later(store::RunId run, Watch& watch, const Error& error) {
  spdlog::error("Run {}: {}", run, error.message());
  const bool has_more_room = watch.ended && error.kind == ErrorKind::io && reserve_.release();
  watch.read_again = Clock::now() + (has_more_room ? 0s : kAfterRefusal);
  wake(run);
}

// A journal that no trying makes readable is the end of what can be known of its run.
void Supervisor::not_read(store::RunId run, Watch& watch, const Error& error) {
  try_later(run, watch, error);
  if (!watch.follower.journal_is_unreadable()) return;
  const auto now = Clock::now();
  if (!watch.unreadable_since) watch.unreadable_since = now;
  const bool is_over = watch.ended || watch.process.pid == 0;
  const bool tried = is_over && now - *watch.unreadable_since >= policy_.read_within;
  if (error.kind != ErrorKind::unavailable && !tried) return;
  const auto job = writer_.job(run);
  if (!job) return;
  if (store::is_live(job->status) && job->status != store::RunStatus::queued) {
    const auto noted = writer_.set_status(run, store::RunStatus::broken, "its journal cannot be read: " + error.cause);
    if (!noted) return spdlog::error("{}", noted.error().message());
  }
  awake_.erase(run);
  watch.live = false;
  if (is_over) return rest(run, watch);
  tell(Change::What::runs, run);
}

// A run writes its resolved recipe after its journal has begun.
void Supervisor::look_at_recipe(store::RunId run, Watch& watch) {
  const auto described = describe(watch.directory);
  if (!described || described->recipe_toml == watch.recipe) return;
  const auto noted = writer_.describe(run, described->recipe_toml, described->steps, described->name);
  if (!noted) return spdlog::error("{}", noted.error().message());
  // Where it comes from is written before the resolved recipe.
  if (const auto told = note_parent(writer_, run, watch.directory); !told)
    return spdlog::error("{}", told.error().message());
  watch.recipe = described->recipe_toml;
}

// Somebody started or resumed the run without us. Of several ranks the first one writes; the run is that of the process
// that started them, and goes on where one of them is replaced.
void Supervisor::hear_of(store::RunId run, Watch& watch, std::uint32_t writer_pid) {
  if (watch.process.pid == writer_pid || !has_open(writer_pid, watch.follower.journal(0))) return;
  const auto writer = identify(writer_pid);
  if (!writer) return;
  const store::Process process = starter_of(*writer);
  if (watch.process == process) return;
  if (auto noted = writer_.set_process(run, process); !noted) spdlog::error("{}", noted.error().message());
  // A wish to stop was for the earlier process.
  if (const auto job = writer_.job(run); job && job->status == store::RunStatus::stopping) {
    if (auto noted = writer_.set_status(run, store::RunStatus::starting, ""); !noted)
      spdlog::error("{}", noted.error().message());
  }
  watch.asked_to_stop = watch.killed = watch.told_fault = false;
  watch.kill_at.reset();
  watch.ended = false;
  watch.live = true;
  set_process(run, watch, process);
}

// The process is gone and its journal is read: the run must have a final state now.
void Supervisor::settle(store::RunId run, Watch& watch) {
  const auto again = [&](const Error& error) { try_later(run, watch, error); };
  const auto job = writer_.job(run);
  if (!job) return again(job.error());
  // A run that has said how it ended and hung only after that keeps its word.
  if (watch.killed && store::is_live(job->status)) {
    // Those it started may hold the journal for a moment longer than it does.
    if (const auto said = say_killed(run, watch); !said) return again(said.error());
    watch.killed = false;
    return wake(run);  // what was written now is read first
  }
  if (const auto noted = watch.follower.note_tails(writer_); !noted) return again(noted.error());
  if (store::is_live(job->status) && job->status != store::RunStatus::queued) {
    const bool said_nothing = job->launch != store::Launch::nothing;
    Result<void> done;
    if (watch.adopted && said_nothing && !watch.ending.known) {
      spdlog::info("Run {} never began; it goes back into the queue", run);
      done = writer_.requeue(run);
    } else {
      Verdict ended = verdict(watch.directory, watch.ending);
      if (watch.ending.known && watch.ending.signal == 0 && watch.ending.status == 0)
        ended = last_word(run).value_or(ended);
      if (watch.asked_to_stop && watch.ending.known && watch.ending.signal == SIGTERM) {
        ended = {store::RunStatus::stopped, "it was asked to stop before it had anything to save"};
      }
      spdlog::info("Run {} is {}: {}", run, store::to_string(ended.status), ended.cause);
      done = writer_.set_status(run, ended.status, ended.cause);
    }
    if (!done) return again(done.error());
  }
  rest(run, watch);
}

// Nothing goes on in the run any more.
void Supervisor::rest(store::RunId run, Watch& watch) {
  watch.ended = watch.live = watch.adopted = watch.asked_to_stop = watch.killed = watch.told_fault = false;
  watch.kill_at.reset();
  watch.process = {};
  watch.ending = {};
  queue_changed_ = true;
  tell(Change::What::runs, run);
}

void Supervisor::await_stop(Watch& watch) {
  watch.asked_to_stop = true;
  watch.said_stopping = false;
  watch.kill_at = Clock::now() + policy_.stop_within;
}

// With everything it has started, where it leads a group of its own: one started in a script shares that script's.
// Ranks lead groups of their own; without the process that started them none is replaced.
void Supervisor::end_by_force(store::RunId run, Watch& watch) {
  watch.kill_at.reset();
  if (watch.process.pid == 0 || !is_alive(watch.process)) return;
  if (const auto last = last_state(run); !watch.said_stopping && last && last->state == journal::RunState::stopping) {
    watch.said_stopping = true;
    watch.kill_at = Clock::now() + policy_.save_within - policy_.stop_within;
    return;
  }
  const auto pid = static_cast<pid_t>(watch.process.pid);
  spdlog::warn("Run {} has not stopped in time; process {} is killed", run, pid);
  const auto end = [](pid_t process) { return ::kill(::getpgid(process) == process ? -process : process, SIGKILL); };
  const std::vector<std::int64_t> started = started_by(pid);
  const int refused = end(pid);
  for (const std::int64_t rank : started) (void)end(static_cast<pid_t>(rank));
  if (refused == 0) {
    watch.killed = true;
    watch.say_until = Clock::now() + policy_.read_within;
  } else if (errno != ESRCH) {
    spdlog::error("Run {}: process {} could not be killed: {}", run, pid, std::strerror(errno));
  }
}

// In its journal, since the run cannot say it any more; else in the history alone.
Result<void> Supervisor::say_killed(store::RunId run, Watch& watch) {
  const auto within = watch.said_stopping ? policy_.save_within : policy_.stop_within;
  const std::string cause = fmt::format("it did not end within {:.3g} s of being asked to stop and was killed",
                                        std::chrono::duration<double>(within).count());
  if (Clock::now() >= watch.say_until) return writer_.set_status(run, store::RunStatus::failed, cause);
  const auto row = reader_.run(run);
  if (!row) return tl::unexpected(row.error());
  const auto opened = journal::Writer::open(watch.follower.journal(0));
  if (!opened) return tl::unexpected(opened.error());
  journal::Writer& journal = **opened;
  const journal::FaultSeen fault{row->step, to_string(ErrorKind::cancelled), "stop", cause,
                                 "resume it from its last checkpoint"};
  if (!watch.told_fault) {
    if (auto said = journal.append(fault); !said) return said;
    watch.told_fault = true;
  }
  if (auto said = journal.append(journal::StateChanged{journal::RunState::failed, cause}); !said) return said;
  return journal.sync();
}

std::optional<journal::StateChanged> Supervisor::last_state(store::RunId run) {
  const auto occurrences = reader_.occurrences(run);
  if (!occurrences) return std::nullopt;
  for (auto it = occurrences->rbegin(); it != occurrences->rend(); ++it) {
    if (const auto* change = std::get_if<journal::StateChanged>(&it->payload)) return *change;
  }
  return std::nullopt;
}

// The final state that an earlier session of the run left: a process that found nothing to do says nothing.
std::optional<Verdict> Supervisor::last_word(store::RunId run) {
  const auto last = last_state(run);
  if (!last) return std::nullopt;
  switch (last->state) {
    case journal::RunState::finished: return Verdict{store::RunStatus::finished, last->cause};
    case journal::RunState::stopped: return Verdict{store::RunStatus::stopped, last->cause};
    case journal::RunState::failed: return Verdict{store::RunStatus::failed, last->cause};
    default: return std::nullopt;
  }
}

void Supervisor::start_next() {
  queue_changed_ = false;
  const auto jobs = writer_.jobs();
  if (!jobs) {
    spdlog::error("{}", jobs.error().message());
    queue_changed_ = true;
    next_start_ = Clock::now() + kAfterRefusal;
    return;
  }
  has_queued_ = !jobs->empty() && jobs->front().status == store::RunStatus::queued;
  if (is_busy() || !has_queued_) return;
  const store::Job& job = jobs->front();
  const auto launched = launch(job);
  if (!launched) {
    std::string cause = launched.error().message();
    spdlog::error("Run {}: {}", job.run, cause);
    cause.pop_back();  // a cause is no sentence
    if (auto noted = writer_.set_status(job.run, store::RunStatus::failed, cause); !noted) {
      spdlog::error("{}", noted.error().message());
      next_start_ = Clock::now() + kAfterRefusal;
    }
  }
  queue_changed_ = true;  // look once more: at what is left, or at the next when this one was refused
  tell(Change::What::runs, job.run);
}

// The child waits until the history knows its number: whenever this agent dies, the run is either still queued with no
// process, or going on with a known one.
Result<void> Supervisor::launch(const store::Job& job) {
  const auto run = reader_.run(job.run);
  if (!run) return tl::unexpected(run.error());
  std::optional<store::Job> parent;
  if (job.launch == store::Launch::fork) {
    const auto found = writer_.job(job.parent.value_or(0));
    if (!found) {
      return fail(found.error().kind, fmt::format("fork run {} at step {}", job.parent.value_or(0), job.fork_step),
                  found.error().cause, "fork a run that is there");
    }
    parent = *found;
  }
  auto waiting = prepare(*run, job, parent, run_program_);
  if (!waiting) return tl::unexpected(waiting.error());
  if (auto noted = writer_.set_started(job.run, waiting->process()); !noted) return noted;
  Watch& watch = watch_of(job);
  watch_directory(job.directory);
  if (auto begun = waiting->go(); !begun) return begun;
  spdlog::info("Run {} started as process {}", job.run, waiting->process().pid);
  watch.live = true;
  watch.adopted = watch.ended = watch.asked_to_stop = watch.killed = false;
  watch.kill_at.reset();
  set_process(job.run, watch, waiting->process());
  if (!watch.end && !is_alive(watch.process)) process_ended(job.run, watch);
  return {};
}

Result<store::RunId> Supervisor::enqueue(const Enqueue& request) {
  std::optional<store::Job> parent;
  if (request.fork_of != 0) {
    auto found = writer_.job(request.fork_of);
    if (!found) return tl::unexpected(found.error());
    parent = *found;
  }
  const auto run = new_run(request, parent, places_.runs);
  if (!run) return tl::unexpected(run.error());
  const auto job = writer_.add_run(*run);
  if (!job) return tl::unexpected(job.error());
  queue_changed_ = has_queued_ = true;
  tell(Change::What::runs, job->run);
  return job->run;
}

Result<void> Supervisor::stop(store::RunId run) {
  const auto job = writer_.job(run);
  if (!job) return tl::unexpected(job.error());
  Result<void> done;
  if (job->status == store::RunStatus::queued) {
    done = writer_.set_status(run, store::RunStatus::stopped, "taken out of the queue");
    queue_changed_ = true;
  } else {
    if (!store::is_live(job->status))
      return refuse(
          run, "stop", std::string("it has ended already: ") + store::to_string(job->status),
          job->status == store::RunStatus::finished ? "fork it, to let it go on" : "resume it, to let it go on");
    const auto found = watches_.find(run);
    if (found == watches_.end() || found->second.process.pid == 0) {
      return refuse(run, "stop", "its process is not known here", "stop it where it was started");
    }
    Watch& watch = found->second;
    // A second signal would end the run at once, without its checkpoint.
    if (watch.asked_to_stop && job->status == store::RunStatus::stopping) return {};
    await_stop(watch);
    const long sent = watch.end ? ::syscall(SYS_pidfd_send_signal, watch.end.get(), SIGTERM, nullptr, 0)
                                : ::kill(static_cast<pid_t>(watch.process.pid), SIGTERM);
    if (sent != 0 && errno != ESRCH)
      return fail(ErrorKind::io, "stop run " + std::to_string(run), std::strerror(errno));
    done = writer_.set_status(run, store::RunStatus::stopping, "");
  }
  tell(Change::What::runs, run);
  return done;
}

Result<void> Supervisor::inject(store::RunId run, const std::string& faults) {
  const auto job = writer_.job(run);
  if (!job) return tl::unexpected(job.error());
  if (!store::is_live(job->status))
    return refuse(run, "disturb", std::string("it does not go on: ") + store::to_string(job->status),
                  "resume it first");
  return write_file_atomically(job->directory / "inject", faults);
}

Result<void> Supervisor::resume(store::RunId run) {
  const auto job = writer_.job(run);
  if (!job) return tl::unexpected(job.error());
  if (store::is_live(job->status))
    return refuse(run, "resume", std::string("it is ") + store::to_string(job->status),
                  fmt::format("wait until it has ended: athanor-agent wait {}", run));
  if (job->status == store::RunStatus::finished) {
    return refuse(run, "resume", "it has finished", "fork it, with more steps in the recipe");
  }
  Watch& watch = watch_of(*job);
  if (watch.process.pid != 0)
    return refuse(run, "resume", "its process has not quite ended yet", "try again in a moment");
  std::error_code code;
  const bool began = fs::exists(watch.follower.journal(0), code);
  if (code) {
    return fail(ErrorKind::io, fmt::format("resume run {}", run),
                fmt::format("cannot look for {}: {}", watch.follower.journal(0).string(), code.message()),
                "make its folder readable again: its disk may not be mounted");
  }
  const auto row = reader_.run(run);
  if (!row) return tl::unexpected(row.error());
  if (!began && row->started_ns != 0) {
    return refuse(run, "resume", "its journal is gone: " + watch.follower.journal(0).string(),
                  "restore its folder from a copy, or queue its recipe as a new run");
  }
  const auto from_nothing = job->parent ? store::Launch::fork : store::Launch::fresh;
  const auto queued = writer_.enqueue(run, began ? store::Launch::resume : from_nothing);
  if (!queued) return queued;
  queue_changed_ = has_queued_ = true;
  tell(Change::What::runs, run);
  return {};
}

}  // namespace athanor::agent
