// What runs say, and how they are ended by force.
#include "core/agent/needs.h"
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

}  // namespace

void Supervisor::wake(store::RunId run) { awake_.insert(run); }

void Supervisor::read(store::RunId run, Watch& watch) {
  const auto progress = watch.follower.step(writer_, watch.live);
  if (!progress) return not_read(run, watch, progress.error());
  watch.unreadable_since.reset();
  for (const Error& error : progress->passed_over) spdlog::warn("Run {}: {}", run, error.message());
  const store::Touched& touched = progress->touched;
  watch.read_again = Clock::now() + (progress->more ? 0ms : kBetweenCommits);
  if (touched.runs) {
    queue_changed_ = true;
    const auto job = writer_.job(run);
    const bool is_queued = job && job->status == store::RunStatus::queued;
    if (!is_queued) look_at_recipe(run, watch);  // else the queue has a newer one than its folder
    if (job) watch.live = !is_queued && store::is_live(job->status);
  }
  if (progress->writer_pid != 0) hear_of(run, watch, progress->writer_pid);
  if (touched.runs) tell(Change::What::runs, run);
  if (touched.metrics) tell(Change::What::metrics, run);
  if (touched.log) tell(Change::What::log, run);
  if (touched.retrieval) tell(Change::What::retrieval, run);
  if (touched.occurrences) tell(Change::What::occurrences, run);
  if (touched.spans) tell(Change::What::spans, run);
  if (progress->is_alert_due) act_on_alert(run, watch);
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
  if (!watch.has_share) guess_share(needs_of(watch.recipe), watch);
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
  watch.ended = watch.has_share = false;
  watch.live = true;
  guess_share(needs_of(watch.recipe), watch);
  set_process(run, watch, process);
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

}  // namespace athanor::agent
