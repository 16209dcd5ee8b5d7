// What follows from the end of a run's process.
#include "core/agent/supervisor.h"
#include "core/journal/writer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <csignal>

namespace athanor::agent {
namespace fs = std::filesystem;
namespace {

constexpr const char* kRetryRule = "retry";  // of the alerts that tell of attempts

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Of the session that ended last.
std::string last_fault(const std::vector<store::Occurrence>& occurrences) {
  std::string kind;
  for (const store::Occurrence& each : occurrences) {
    const auto* change = std::get_if<journal::StateChanged>(&each.payload);
    if (change != nullptr && change->state == journal::RunState::preparing) kind.clear();
    if (const auto* fault = std::get_if<journal::FaultSeen>(&each.payload)) kind = fault->kind;
  }
  return kind;
}

bool may_pass(const std::string& kind, bool also_numeric) {
  using enum ErrorKind;
  return std::ranges::any_of(std::array{io, unavailable, communication},
                             [&](ErrorKind each) { return kind == to_string(each); }) ||
         (also_numeric && kind == to_string(numeric));
}

bool has_told_of_next(const std::vector<store::Occurrence>& occurrences) {
  bool told = false;
  for (const store::Occurrence& each : occurrences) {
    const auto* change = std::get_if<journal::StateChanged>(&each.payload);
    if (change != nullptr && change->state == journal::RunState::preparing) told = false;
    const auto* alert = std::get_if<journal::Alert>(&each.payload);
    told |= alert != nullptr && alert->rule == kRetryRule;
  }
  return told;
}

}  // namespace

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
  if (job->status != store::RunStatus::queued) {
    const auto done = conclude(run, watch, *job);
    if (!done) return again(done.error());
    if (!*done) return wake(run);
  }
  rest(run, watch);
}

// False: something was written into the journal that is to be read first.
Result<bool> Supervisor::conclude(store::RunId run, Watch& watch, const store::Job& job) {
  const auto whether = [](Result<void> done) { return done.map([] { return true; }); };
  const bool goes_on = store::is_live(job.status);
  if (!goes_on && !job.is_unanswered) return true;
  if (goes_on && watch.adopted && job.launch != store::Launch::nothing && !watch.ending.known) {
    spdlog::info("Run {} never began; it goes back into the queue", run);
    return whether(writer_.requeue(run));
  }
  const auto row = reader_.run(run);
  if (!row) return tl::unexpected(row.error());
  const Verdict ended = goes_on ? judge_end(run, watch) : Verdict{job.status, row->cause};
  const bool was_stopped = watch.asked_to_stop || job.status == store::RunStatus::stopping;
  const auto followed = follow_alert(run, watch, job, ended);
  if (!followed) return tl::unexpected(followed.error());
  if (*followed) return **followed;
  if (!was_stopped && may_go_on(job, ended, watch.ending)) return try_again(run, watch, job, ended.cause);
  spdlog::info("Run {} is {}: {}", run, store::to_string(ended.status), ended.cause);
  if (goes_on) return whether(writer_.set_status(run, ended.status, ended.cause));
  const bool races = job.trial && !job.trial->is_out && !job.trial->sweep_ended;
  const bool has_reached = ended.status == store::RunStatus::stopped && job.until > 0 && row->step >= job.until;
  if (!races || !has_reached || was_stopped) return whether(writer_.answer(run));
  return whether(writer_.set_waiting(
      run, fmt::format("it waits after step {} for the other trials of sweep {}", job.until, job.trial->sweep)));
}

Verdict Supervisor::judge_end(store::RunId run, const Watch& watch) {
  Verdict ended = verdict(watch.directory, watch.ending);
  if (watch.ending.known && watch.ending.signal == 0 && watch.ending.status == 0)
    ended = last_word(run).value_or(ended);
  if (watch.asked_to_stop && watch.ending.known && watch.ending.signal == SIGTERM)
    ended = {store::RunStatus::stopped, "it was asked to stop before it had anything to save"};
  return ended;
}

// Whether an attempt is left and the fault may have passed by then.
bool Supervisor::may_go_on(const store::Job& job, const Verdict& ended, const Ending& ending) {
  if (!job.is_unanswered || job.retry.done >= job.retry.limit) return false;
  if (job.trial && job.trial->sweep_ended) return false;
  if (ended.status == store::RunStatus::broken) return true;
  if (ended.status != store::RunStatus::failed) return false;
  const auto occurrences = reader_.occurrences(job.run);
  if (!occurrences) return false;
  const std::string kind = last_fault(*occurrences);
  if (!kind.empty()) return may_pass(kind, job.retry.numeric);
  // It could not even write into its journal: all that its exit status excludes is wrong input and damage.
  const bool is_final = ending.known && (ending.status == exit_status(ErrorKind::invalid_input) ||
                                         ending.status == exit_status(ErrorKind::corrupt));
  return !is_final;
}

store::Launch Supervisor::how_to_go_on(const store::Job& job, bool has_journal) {
  if (has_journal) return store::Launch::resume;
  return job.parent ? store::Launch::fork : store::Launch::fresh;
}

std::chrono::milliseconds Supervisor::retry_delay(const store::Retrying& retry) const {
  std::chrono::milliseconds delay = policy_.retry_after;
  for (int i = 0; i < retry.done && delay < policy_.longest_retry_after; ++i) delay *= 3;
  return std::min(delay, policy_.longest_retry_after);
}

// Its journal tells of the attempt before the queue knows of it, and once, whichever agent takes it there.
Result<bool> Supervisor::try_again(store::RunId run, Watch& watch, const store::Job& job, const std::string& cause) {
  const std::chrono::milliseconds delay = retry_delay(job.retry);
  const std::string attempt = fmt::format("attempt {} of {}", job.retry.done + 2, job.retry.limit + 1);
  std::error_code code;
  const bool has_journal = fs::exists(watch.follower.journal(0), code);
  const auto occurrences = reader_.occurrences(run);
  if (!occurrences) return tl::unexpected(occurrences.error());
  if (has_journal && !watch.told_retry && !has_told_of_next(*occurrences)) {
    watch.told_retry = true;
    const auto row = reader_.run(run);
    const journal::Alert alert{
        journal::Severity::warning, row ? row->step : 0, kRetryRule,
        fmt::format("{} begins after {:.3g} s: {}", attempt, std::chrono::duration<double>(delay).count(), cause)};
    if (const auto said = tell_journal(watch, alert)) return false;
    spdlog::warn("Run {}: its journal cannot tell of {}", run, attempt);
  }
  spdlog::info("Run {} is tried again, {}, in {}: {}", run, attempt, delay, cause);
  const std::int64_t due = now_ns() + std::chrono::nanoseconds(delay).count();
  return writer_.retry(run, how_to_go_on(job, has_journal), cause, due).map([] { return true; });
}

Result<void> Supervisor::tell_journal(const Watch& watch, const journal::Payload& payload) {
  const auto journal = journal::Writer::open(watch.follower.journal(0));
  if (!journal) return tl::unexpected(journal.error());
  if (auto said = (*journal)->append(payload); !said) return said;
  return (*journal)->sync();
}

// Nothing goes on in the run any more.
void Supervisor::rest(store::RunId run, Watch& watch) {
  watch.ended = watch.live = watch.adopted = watch.asked_to_stop = watch.killed = watch.told_fault = false;
  watch.told_retry = watch.has_share = false;
  watch.kill_at.reset();
  watch.process = {};
  watch.ending = {};
  watch.gpus.clear();
  queue_changed_ = true;
  tell(Change::What::runs, run);
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

}  // namespace athanor::agent
