#include "core/agent/agent.h"

#include "core/agent/follower.h"
#include "core/agent/launch.h"
#include "core/agent/loop.h"
#include "core/agent/protocol.h"
#include "core/agent/server.h"
#include "core/agent/supervisor.h"
#include "core/base/files.h"
#include "core/journal/reader.h"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <thread>

namespace athanor::agent {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
namespace {

constexpr auto kIdleFor = 30min;

[[noreturn]] void refuse_home(const Places& places, int reason) {
  throw Failure(ErrorKind::io, "use " + places.home.string() + " for Athanor's data", std::strerror(reason),
                reason == ENOSPC ? "free some disk space"
                                 : "give yourself the right to write there, or set ATHANOR_HOME to another folder");
}

[[noreturn]] void refuse_second(const Places& places) {
  std::string pid;
  std::getline(std::ifstream(places.lock), pid);
  throw Failure(ErrorKind::unavailable, "start athanor-agent for " + places.home.string(),
                "one is running already (process " + pid + ")", "use that one, or end it first: athanor-agent quit");
}

// Held as long as the process lives, however it ends.
Descriptor take_lock(const Places& places) {
  std::error_code code;
  fs::create_directories(places.home, code);
  if (code) refuse_home(places, code.value());
  if (::mkdir(places.folder.c_str(), 0700) != 0 && errno != EEXIST) refuse_home(places, errno);
  Descriptor lock(::open(places.lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) refuse_home(places, errno);
  // One that was just killed may take a moment to be gone.
  constexpr int kTries = 10;
  for (int tries = 1; ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0; ++tries) {
    if (errno != EWOULDBLOCK) refuse_home(places, errno);
    if (tries == kTries) refuse_second(places);
    std::this_thread::sleep_for(20ms);
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock.get(), 0) != 0 ||
      ::pwrite(lock.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    refuse_home(places, errno);
  }
  return lock;
}

void begin_log(const Places& places) {
  constexpr std::size_t kBytes = 1 << 20;
  constexpr std::size_t kFiles = 3;
  try {
    auto logger = spdlog::rotating_logger_st("agent", places.log.string(), kBytes, kFiles);
    logger->flush_on(spdlog::level::info);
    spdlog::set_default_logger(logger);
  } catch (const spdlog::spdlog_ex& exception) {
    throw Failure(ErrorKind::io, "write " + places.log.string(), exception.what(),
                  "set ATHANOR_HOME to a folder that may be written");
  }
}

// SIGTERM and SIGINT as events.
Descriptor take_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a file-size limit is then a refused write
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return Descriptor(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

void serve_until_quit(const Settings& settings, const Places& places, const std::function<void()>& ready) {
  const Descriptor signals = take_signals();
  Loop loop;
  bool asked = false;
  loop.watch(signals.get(), EPOLLIN, [&](std::uint32_t) {
    signalfd_siginfo info{};
    while (::read(signals.get(), &info, sizeof info) == sizeof info) asked |= info.ssi_signo != SIGCHLD;
  });
  const auto writer = value_or_throw(store::Writer::open(places.history));
  const auto reader = value_or_throw(store::Reader::open(places.history));
  Server server(loop, *writer, *reader);
  Supervisor supervisor(loop, places, *writer, *reader, settings.run_program,
                        [&server](const Change& change) { server.notify(change); });
  server.serve(supervisor);
  server.listen(places);
  if (ready) ready();
  supervisor.start();
  auto needed = std::chrono::steady_clock::now();
  while (!asked && !server.asked_to_quit()) {
    const auto wait = supervisor.work();
    server.flush();
    loop.run_once(wait);
    if (!supervisor.is_idle() || server.connections() > 0) needed = std::chrono::steady_clock::now();
    if (std::chrono::steady_clock::now() - needed > kIdleFor) break;
  }
  server.flush();
}

template <class F>
auto caught(const char* intention, F&& work) -> Result<decltype(work())> {
  try {
    if constexpr (std::is_void_v<decltype(work())>) {
      work();
      return {};
    } else {
      return work();
    }
  } catch (const Failure& failure) {
    return tl::unexpected(failure.error());
  } catch (const std::exception& exception) {
    return fail(ErrorKind::internal, intention, exception.what(), "please report this");
  }
}

void remove_store(const fs::path& file) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::error_code ignored;
    fs::remove(file.string() + suffix, ignored);
  }
}

std::vector<std::pair<store::NewRun, fs::path>> runs_found(const fs::path& folder) {
  std::vector<std::pair<store::NewRun, fs::path>> found;
  std::error_code code;
  for (auto entry = fs::directory_iterator(folder, code); !code && entry != fs::directory_iterator();
       entry.increment(code)) {
    if (auto run = recognise(entry->path())) found.emplace_back(std::move(*run), entry->path());
  }
  // Those with a number of their own first, so that no other takes it.
  std::ranges::sort(found, {},
                    [](const auto& each) { return std::pair(each.first.wanted_id == 0, each.first.created_ns); });
  return found;
}

void take_in(store::Writer& writer, const store::NewRun& run, const fs::path& directory) {
  const store::Job job = value_or_throw(writer.add_run(run));
  Follower follower(job.run, directory);
  while (value_or_throw(follower.step(writer)).more) {
  }
  const store::Job now = value_or_throw(writer.job(job.run));
  if (!store::is_live(now.status) || journal::has_writer(follower.journal(0))) return;
  const Verdict ended = verdict(directory, {});
  value_or_throw(writer.set_status(job.run, ended.status, ended.cause));
}

}  // namespace

Result<void> serve(const Settings& settings, const std::function<void()>& ready) {
  return caught("serve", [&] {
    const Places places = places_of(settings.home);
    const Descriptor lock = take_lock(places);
    begin_log(places);
    spdlog::info("Serving {} as process {}", places.home.string(), ::getpid());
    try {
      serve_until_quit(settings, places, ready);
      spdlog::info("Ended as asked; runs go on");
    } catch (const std::exception& exception) {
      spdlog::critical("{}", exception.what());
      throw;
    }
  });
}

Result<int> rebuild(const Settings& settings) {
  return caught("rebuild the history", [&] {
    const Places places = places_of(settings.home);
    const Descriptor lock = take_lock(places);
    const fs::path fresh = places.history.string() + ".rebuilt";
    remove_store(fresh);
    auto writer = value_or_throw(store::Writer::open(fresh));
    int runs = 0;
    for (const auto& [run, directory] : runs_found(places.runs)) {
      take_in(*writer, run, directory);
      ++runs;
    }
    // An old history that cannot be read has nothing to give.
    if (store::Reader::open(places.history)) (void)writer->copy_metadata(places.history);
    writer.reset();
    std::error_code code;
    for (const char* suffix : {"-wal", "-shm"}) fs::remove(places.history.string() + suffix, code);
    fs::rename(fresh, places.history, code);
    if (code) refuse_home(places, code.value());
    value_or_throw(flush_folder(places.home));
    return runs;
  });
}

}  // namespace athanor::agent
