// Which queued run begins next, and how.
#include "core/agent/needs.h"
#include "core/agent/packing.h"
#include "core/agent/supervisor.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <span>

namespace athanor::agent {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
namespace {

constexpr auto kAfterRefusal = 1s;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Whether it may begin without anybody doing anything.
bool comes_by_itself(Why why) {
  using enum Why;
  return why == starts || why == later || why == cores || why == gpus || why == slots || why == behind;
}

}  // namespace

Room Supervisor::all_room() const { return room_of(machine_, settings_); }

Offer Supervisor::offer() const {
  Offer offer{all_room(), {}, settings_.held, now_ns()};
  for (const auto& [run, watch] : watches_)
    if (is_going_on(watch)) offer.taken.push_back(watch.room);
  return offer;
}

// What the history knows of the share of a run that was going on before this agent was, or what its recipe asks for. Of
// one that was started by hand it is guessed that it took the first GPUs.
void Supervisor::take_share(const store::Job& job, Watch& watch) {
  watch.has_share = job.share.cores > 0;
  if (watch.has_share) {
    watch.room = {job.share.cores, static_cast<int>(job.share.devices.size()), 1};
    watch.gpus = job.share.devices;
    return;
  }
  const auto row = reader_.run(job.run);
  guess_share(row ? needs_of(row->recipe_toml) : job.needs, watch);
}

void Supervisor::guess_share(const store::Needs& needs, Watch& watch) const {
  watch.room = room_for(needs, all_room());
  watch.gpus.assign(machine_.gpus.begin(), machine_.gpus.begin() + watch.room.gpus);
}

store::Share Supervisor::share_for(const Room& room) const {
  store::Share share{room.cores, {}};
  for (const std::string& gpu : std::span(machine_.gpus).first(static_cast<std::size_t>(all_room().gpus))) {
    if (std::ssize(share.devices) == room.gpus) break;
    const bool is_taken = std::ranges::any_of(watches_, [&](const auto& entry) {
      return is_going_on(entry.second) && std::ranges::find(entry.second.gpus, gpu) != entry.second.gpus.end();
    });
    if (!is_taken) share.devices.push_back(gpu);
  }
  return share;
}

// The queue as it stands, with what follows for it from what has ended.
Result<std::vector<store::Job>> Supervisor::queued_jobs() {
  auto jobs = writer_.jobs();
  if (!jobs) return jobs;
  std::erase_if(*jobs, [](const store::Job& job) { return job.status != store::RunStatus::queued; });
  for (store::Job& job : *jobs) {
    if (job.needs.ranks == 0) {
      if (const auto row = reader_.run(job.run)) job.needs = needs_of(row->recipe_toml);
      if (auto noted = writer_.set_needs(job.run, job.needs); !noted) return tl::unexpected(noted.error());
    }
    if (job.hold != store::Hold::none || job.continue_on_error) continue;
    for (const store::Followed& followed : job.after) {
      if (!followed.has_ended || followed.status == store::RunStatus::finished) continue;
      job.hold = store::Hold::fault;
      job.hold_reason = fmt::format("run {}, which it follows, is {}", followed.run, store::to_string(followed.status));
      if (auto held = writer_.hold_for_fault(job.run, job.hold_reason); !held) return tl::unexpected(held.error());
      tell(Change::What::runs, job.run);
      break;
    }
  }
  return jobs;
}

void Supervisor::start_next() {
  queue_changed_ = false;
  const auto retry_soon = [this](const Error& error) {
    spdlog::error("{}", error.message());
    queue_changed_ = true;
    next_start_ = Clock::now() + kAfterRefusal;
  };
  if (const auto advanced = advance_sweeps(); !advanced) return retry_soon(advanced.error());
  const auto jobs = queued_jobs();
  if (!jobs) return retry_soon(jobs.error());
  const Offer offered = offer();
  const std::vector<Standing> standings = stand(*jobs, offered);
  expects_start_ = std::ranges::any_of(standings, [](const Standing& each) { return comes_by_itself(each.why); });
  next_due_.reset();
  for (std::size_t i = 0; i < standings.size(); ++i) {
    if (standings[i].why != Why::later) continue;
    const std::chrono::nanoseconds left((*jobs)[i].retry.not_before_ns - offered.now_ns);
    // A clock that was set back must not keep it waiting for longer than it was meant to.
    const auto due = Clock::now() + std::min<Clock::duration>(left, policy_.longest_retry_after);
    next_due_ = std::min(next_due_.value_or(due), due);
  }
  const auto next = std::ranges::find(standings, Why::starts, &Standing::why);
  if (next == standings.end()) return;
  begin((*jobs)[static_cast<std::size_t>(next - standings.begin())], next->room);
}

void Supervisor::begin(const store::Job& job, const Room& room) {
  const auto launched = launch(job, room);
  if (!launched) not_begun(job, launched.error());
  queue_changed_ = true;  // look once more: at what is left, or at the next when this one was refused
  tell(Change::What::runs, job.run);
}

void Supervisor::not_begun(const store::Job& job, const Error& error) {
  std::string cause = error.message();
  spdlog::error("Run {}: {}", job.run, cause);
  cause.pop_back();  // a cause is no sentence
  const bool may_pass = error.kind == ErrorKind::io || error.kind == ErrorKind::unavailable;
  const auto now = writer_.job(job.run);  // it may have left the queue before it was refused
  const bool tries_again = now && may_pass && job.retry.done < job.retry.limit;
  const auto noted = tries_again ? writer_.retry(job.run, job.launch, cause,
                                                 now_ns() + std::chrono::nanoseconds(retry_delay(job.retry)).count())
                                 : writer_.set_status(job.run, store::RunStatus::failed, cause);
  if (noted) return;
  spdlog::error("{}", noted.error().message());
  next_start_ = Clock::now() + kAfterRefusal;
}

// The child waits until the history knows its number: whenever this agent dies, the run is either still queued with no
// process, or going on with a known one.
Result<void> Supervisor::launch(const store::Job& job, const Room& room) {
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
  const store::Share share = share_for(room);
  Surroundings surroundings;
  if (settings_.cores && *settings_.cores < machine_.cores) surroundings.cores = *settings_.cores;
  if (!machine_.gpus.empty()) surroundings.devices = share.devices;
  auto waiting = prepare(*run, job, parent, run_program_, surroundings);
  if (!waiting) return tl::unexpected(waiting.error());
  if (auto noted = writer_.set_started(job.run, waiting->process(), share); !noted) return noted;
  Watch& watch = watch_of(job);
  watch_directory(job.directory);
  if (auto begun = waiting->go(); !begun) return begun;
  spdlog::info("Run {} started as process {}", job.run, waiting->process().pid);
  watch.live = true;
  watch.adopted = watch.ended = watch.asked_to_stop = watch.killed = false;
  watch.kill_at.reset();
  watch.room = room;
  watch.has_share = true;
  watch.gpus = share.devices;
  set_process(job.run, watch, waiting->process());
  if (!watch.end && !is_alive(watch.process)) process_ended(job.run, watch);
  return {};
}

}  // namespace athanor::agent
