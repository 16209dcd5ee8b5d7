// Directories, files and processes; what follows for runs is in supervisor_runs.cpp.
#include "core/agent/supervisor.h"

#include "core/base/files.h"
#include "core/journal/reader.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <vector>

namespace athanor::agent {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
namespace {

constexpr auto kHealthEvery = 1s;

}  // namespace

Supervisor::Supervisor(Loop& loop, Places places, store::Writer& writer, store::Reader& reader, fs::path run_program,
                       const Policy& policy, Notify notify)
    : loop_(loop),
      places_(std::move(places)),
      writer_(writer),
      reader_(reader),
      run_program_(std::move(run_program)),
      policy_(policy),
      notify_(std::move(notify)),
      reserve_(places_.folder / "reserve"),
      inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (inotify_) {
    loop_.watch(inotify_.get(), EPOLLIN, [this](std::uint32_t) { on_file_event(); });
  } else {
    spdlog::warn("Files cannot be watched ({}); journals are looked at once a second instead", std::strerror(errno));
  }
}

Supervisor::~Supervisor() {
  if (inotify_) loop_.remove(inotify_.get());
  for (auto& [run, watch] : watches_) {
    if (watch.end) loop_.remove(watch.end.get());
  }
}

void Supervisor::start() {
  value_or_throw(make_folders(places_.runs));
  if (inotify_)
    runs_watch_ = ::inotify_add_watch(inotify_.get(), places_.runs.c_str(), IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
  machine_ = this_machine();
  settings_ = value_or_throw(writer_.settings());
  remove_leftovers();
  scan();
  for (const store::Job& job : value_or_throw(writer_.jobs())) {
    if (job.status != store::RunStatus::queued) take_up(job);
  }
  if (const auto stopped = stop_ended_sweeps(); !stopped) spdlog::error("{}", stopped.error().message());
}

void Supervisor::watch_directory(const fs::path& directory) {
  if (!inotify_) return;
  const int watch =
      ::inotify_add_watch(inotify_.get(), directory.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
  if (watch >= 0) directories_[watch] = directory;
}

// Every run directory: those of the history are read where they went on, others become part of it.
void Supervisor::scan() {
  std::error_code code;
  std::vector<store::NewRun> unknown;
  for (auto entry = fs::directory_iterator(places_.runs, code); !code && entry != fs::directory_iterator();
       entry.increment(code)) {
    std::error_code ignored;
    if (!entry->is_directory(ignored)) continue;
    const fs::path& directory = entry->path();
    watch_directory(directory);
    const auto known = writer_.run_in(directory);
    if (!known) {
      spdlog::error("{}", known.error().message());
    } else if (*known) {
      const store::RunId run = **known;
      Watch& watch = watches_.try_emplace(run, run, directory).first->second;
      run_in_[directory] = run;
      if (watch.follower.is_behind(writer_)) wake(run);
    } else if (auto run = recognise(directory)) {
      unknown.push_back(std::move(*run));
    }
  }
  sort_for_entry(unknown);
  for (const store::NewRun& run : unknown) (void)import(run);
}

Result<store::RunId> Supervisor::import(const store::NewRun& run) {
  const auto job = writer_.add_run(run);
  if (!job) {
    spdlog::error("{}", job.error().message());
    return tl::unexpected(job.error());
  }
  spdlog::info("Run {} was found in {}", job->run, run.directory.string());
  take_up(*job);
  tell(Change::What::runs, job->run);
  return job->run;
}

Supervisor::Watch& Supervisor::watch_of(const store::Job& job) {
  const auto [found, is_new] = watches_.try_emplace(job.run, job.run, job.directory);
  if (is_new) {
    run_in_[job.directory] = job.run;
    watch_directory(job.directory);
  }
  return found->second;
}

// A run that was going on before this agent was.
void Supervisor::take_up(const store::Job& job) {
  Watch& watch = watch_of(job);
  watch.live = watch.adopted = true;
  take_share(job, watch);
  if (works_on(job.process, job.directory)) {
    spdlog::info("Run {} goes on as process {}", job.run, job.process.pid);
    set_process(job.run, watch, job.process);
    if (job.status == store::RunStatus::stopping) await_stop(watch);
  } else if (!journal::has_writer(watch.follower.journal(0))) {
    watch.ended = true;
  }
  wake(job.run);
}

void Supervisor::on_file_event() {
  alignas(inotify_event) std::array<char, 64 << 10> buffer{};
  while (true) {
    const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (got <= 0) return;
    for (ssize_t at = 0; at < got;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* name = buffer.data() + at + sizeof event;
      at += static_cast<ssize_t>(sizeof event + event.len);
      if ((event.mask & IN_Q_OVERFLOW) != 0) {
        scan();
      } else if ((event.mask & IN_IGNORED) != 0) {
        directories_.erase(event.wd);
      } else {
        on_directory_event(event.wd, event.len > 0 ? name : "");
      }
    }
  }
}

void Supervisor::on_directory_event(int watch, const std::string& name) {
  if (watch == runs_watch_) {
    const fs::path directory = places_.runs / name;
    if (run_in_.contains(directory)) return;
    watch_directory(directory);
    if (const auto run_there = recognise(directory)) (void)import(*run_there);  // its journal may be there already
    return;
  }
  const auto found = directories_.find(watch);
  if (found == directories_.end() || !name.starts_with("journal-")) return;
  const fs::path directory = found->second;
  if (const auto run = run_in_.find(directory); run != run_in_.end()) {
    wake(run->second);
  } else if (const auto run_there = recognise(directory)) {
    (void)import(*run_there);
  }
}

void Supervisor::set_process(store::RunId run, Watch& watch, const store::Process& process) {
  if (watch.end) loop_.remove(watch.end.get());
  watch.process = process;
  watch.end = watch_end(process);
  if (!watch.end) return;  // the regular look at all processes notices
  loop_.watch(watch.end.get(), EPOLLIN, [this, run](std::uint32_t) {
    if (const auto found = watches_.find(run); found != watches_.end()) process_ended(run, found->second);
  });
}

void Supervisor::process_ended(store::RunId run, Watch& watch) {
  if (watch.end) {
    loop_.remove(watch.end.get());
    watch.end.reset();
  }
  if (const Ending ending = collect(watch.process.pid); ending.known) watch.ending = ending;
  watch.ended = true;
  wake(run);
}

// Once a second: what no event told.
void Supervisor::check_health() {
  reserve_.keep();
  for (auto& [run, watch] : watches_) {
    if (watch.ended || (!watch.live && watch.process.pid == 0)) continue;
    if (watch.kill_at && Clock::now() >= *watch.kill_at) end_by_force(run, watch);
    if (watch.process.pid != 0 ? !is_alive(watch.process) : !journal::has_writer(watch.follower.journal(0)))
      process_ended(run, watch);
    if (watch.follower.is_behind(writer_)) wake(run);
    if (watch.live && !watch.ended && !awake_.contains(run)) look_for_stall(run, watch);
  }
}

// Whether there was any.
bool Supervisor::read_due() {
  const auto now = Clock::now();
  bool any = false;
  const std::set<store::RunId> awake = awake_;
  for (const store::RunId run : awake) {
    Watch& watch = watches_.at(run);
    if (now < watch.read_again) continue;
    read(run, watch);
    any = true;
  }
  return any;
}

void Supervisor::catch_up(std::chrono::milliseconds within) {
  const auto until = Clock::now() + within;
  while (read_due() && Clock::now() < until) {
  }
}

std::chrono::milliseconds Supervisor::work() {
  auto now = Clock::now();
  if (now >= next_health_) {
    check_health();
    next_health_ = now + kHealthEvery;
  }
  read_due();
  const bool is_due = queue_changed_ || (next_due_ && now >= *next_due_);
  if (is_due && now >= next_start_) start_next();

  now = Clock::now();
  auto next = next_health_;
  for (const store::RunId run : awake_) next = std::min(next, watches_.at(run).read_again);
  if (next_due_) next = std::min(next, *next_due_);
  if (queue_changed_) next = std::min(next, next_start_);
  return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(next - now), 0ms, 1000ms);
}

bool Supervisor::has_settled(store::RunId run) const {
  const auto found = watches_.find(run);
  return found == watches_.end() || (!found->second.live && !found->second.ended && found->second.process.pid == 0);
}

bool Supervisor::is_idle() const {
  const bool any = std::ranges::any_of(watches_, [](const auto& entry) { return is_going_on(entry.second); });
  return !any && !expects_start_ && awake_.empty();
}

}  // namespace athanor::agent
