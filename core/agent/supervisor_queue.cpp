// What clients wish of runs and of the queue.
#include "core/agent/packing.h"
#include "core/agent/queueing.h"
#include "core/agent/supervisor.h"
#include "core/base/files.h"
#include "core/import/imported.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <sys/syscall.h>
#include <utility>

namespace athanor::agent {
namespace fs = std::filesystem;
namespace {

tl::unexpected<Error> refuse(store::RunId run, const char* what, std::string cause, std::string remedy) {
  return fail(ErrorKind::invalid_input, what + std::string(" run ") + std::to_string(run), std::move(cause),
              std::move(remedy));
}

}  // namespace

void Supervisor::look_at_queue() { queue_changed_ = expects_start_ = true; }

Result<void> Supervisor::changed(Result<void> done, const std::vector<store::RunId>& runs) {
  if (!done) return done;
  look_at_queue();
  for (const store::RunId run : runs) tell(Change::What::runs, run);
  return done;
}

Result<std::optional<store::Job>> Supervisor::parent_of(const Enqueue& request) {
  if (request.fork_of == 0) return std::nullopt;
  return writer_.job(request.fork_of).map([](store::Job job) { return std::optional(std::move(job)); });
}

Result<store::RunId> Supervisor::enqueue(const Enqueue& request) {
  const auto parent = parent_of(request);
  if (!parent) return tl::unexpected(parent.error());
  const auto run = new_run(request, *parent, places_.runs);
  if (!run) return tl::unexpected(run.error());
  const auto job = writer_.add_run(*run);
  if (!job) return tl::unexpected(job.error());
  look_at_queue();
  tell(Change::What::runs, job->run);
  return job->run;
}

Result<void> Supervisor::edit(store::RunId run, const Edit& edit) {
  const auto job = writer_.job(run);
  if (!job) return tl::unexpected(job.error());
  if (job->status != store::RunStatus::queued)
    return refuse(run, "change", std::string("it is ") + store::to_string(job->status),
                  "fork it, or queue its recipe as a new run");
  const auto row = reader_.run(run);
  if (!row) return tl::unexpected(row.error());
  const auto parent = parent_of({{}, job->launch == store::Launch::fork ? job->parent.value_or(0) : 0});
  if (!parent) return tl::unexpected(parent.error());
  const auto recipe = new_recipe(*row, *job, *parent, edit);
  if (!recipe) return tl::unexpected(recipe.error());
  return changed(writer_.set_recipe(run, *recipe), {run});
}

Result<void> Supervisor::move(const std::vector<store::RunId>& runs, store::Spot spot, store::RunId beside) {
  return changed(writer_.move(runs, spot, beside), runs);
}

Result<void> Supervisor::set_priority(const std::vector<store::RunId>& runs, int priority) {
  return changed(writer_.set_priority(runs, priority), runs);
}

Result<void> Supervisor::hold(const std::vector<store::RunId>& runs, bool held) {
  return changed(held ? writer_.hold(runs) : writer_.release(runs), runs);
}

Result<void> Supervisor::hold_queue(bool held) {
  store::QueueSettings settings = settings_;
  settings.held = held;
  return set_settings(settings);
}

Result<void> Supervisor::limit(const store::QueueSettings& limits) {
  for (const auto& [limit, least] : {std::pair(limits.cores, 1), {limits.slots, 1}, {limits.gpus, 0}}) {
    if (!limit || (*limit >= least && *limit < kAnySlots)) continue;
    return fail(ErrorKind::invalid_input, "limit what the agent uses", fmt::format("{} is no such limit", *limit),
                fmt::format("choose a number from {} on", least));
  }
  store::QueueSettings settings = limits;
  settings.held = settings_.held;
  return set_settings(settings);
}

Result<void> Supervisor::set_settings(const store::QueueSettings& settings) {
  const auto done = writer_.set_settings(settings);
  if (done) settings_ = settings;
  return changed(done, {0});
}

Result<QueueView> Supervisor::queue() {
  const auto jobs = queued_jobs();
  if (!jobs) return tl::unexpected(jobs.error());
  const auto all = writer_.jobs();
  if (!all) return tl::unexpected(all.error());
  const Offer offered = offer();
  QueueView view{{}, {}, settings_, offered.all, free_of(offered)};
  const auto standings = stand(*jobs, offered);
  for (std::size_t i = 0; i < jobs->size(); ++i) {
    const store::Job& job = (*jobs)[i];
    const Standing& standing = standings[i];
    view.queued.push_back({job, static_cast<int>(i) + 1, standing.room, standing.why, standing.waits_for,
                           in_words(standing, job, offered)});
  }
  for (const store::Job& job : *all) {
    const auto watch = watches_.find(job.run);
    if (job.status == store::RunStatus::queued || watch == watches_.end() || !is_going_on(watch->second)) continue;
    QueueEntry& entry = view.going_on.emplace_back();
    entry.job = job;
    entry.room = watch->second.room;
    entry.job.share = {entry.room.cores, watch->second.gpus};
  }
  return view;
}

Result<void> Supervisor::stop(store::RunId run) {
  const auto job = writer_.job(run);
  if (!job) return tl::unexpected(job.error());
  Result<void> done;
  if (job->status == store::RunStatus::queued) {
    done = writer_.set_status(run, store::RunStatus::stopped, "taken out of the queue");
    queue_changed_ = true;
  } else if (job->trial && job->trial->waits) {
    done = writer_.advance(job->trial->sweep, {}, 0, {{run, "taken out of its sweep"}});
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
  if (job->trial && job->trial->waits) {
    return refuse(run, "resume", fmt::format("it waits for the other trials of sweep {}", job->trial->sweep),
                  fmt::format("take it out of the sweep first: athanor-agent stop {}", run));
  }
  std::error_code ignored;
  if (fs::exists(job->directory / imports::kImportedFile, ignored))
    return refuse(run, "resume", "it was imported from another tracker", "go on with it where it was trained");
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
  const auto queued = writer_.enqueue(run, how_to_go_on(*job, began));
  if (!queued) return queued;
  look_at_queue();
  tell(Change::What::runs, run);
  return {};
}

}  // namespace athanor::agent
