#include "core/agent/agent.h"

#include "core/agent/lock.h"
#include "core/agent/loop.h"
#include "core/agent/protocol.h"
#include "core/agent/server.h"
#include "core/agent/supervisor.h"
#include "core/base/guarded.h"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <sys/epoll.h>
#include <sys/signalfd.h>

namespace athanor::agent {
namespace {

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
  Supervisor supervisor(loop, places, *writer, *reader, settings.run_program, settings.policy,
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
    if (std::chrono::steady_clock::now() - needed > settings.policy.idle_for) break;
  }
  server.flush();
}

}  // namespace

Result<void> serve(const Settings& settings, const std::function<void()>& ready) {
  return guarded("serve", [&] {
    const Places places = places_of(settings.home);
    const Descriptor lock = take_lock(places, "start athanor-agent");
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

}  // namespace athanor::agent
