#include "core/agent/client.h"

#include "core/agent/client_state.h"
#include "core/agent/start.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <thread>

namespace athanor::agent {
namespace fs = std::filesystem;
using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;
namespace {

constexpr auto kDeadline = 20s;  // for its end
constexpr auto kStartDeadline = 10s;
constexpr auto kEmptyDeadline = 10min;  // for the folder of one run to be gone

// The process that serves this home as its lock tells; `said` is what it calls itself.
std::optional<store::Process> holder_of(const fs::path& file, std::int64_t said) {
  const Descriptor lock(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  if (!lock) return std::nullopt;
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return std::nullopt;
  std::int64_t noted = 0;
  std::ifstream(file) >> noted;
  for (const std::int64_t pid : {said, noted}) {
    if (pid > 1 && pid != ::getpid() && has_open(pid, file)) return identify(pid);
  }
  return std::nullopt;
}

Result<void> end_process(const store::Process& process) {
  constexpr const char* kEnd = "end athanor-agent";
  if (::kill(static_cast<pid_t>(process.pid), SIGTERM) != 0 && errno != ESRCH)
    return fail(ErrorKind::io, kEnd, std::strerror(errno));
  const auto until = Clock::now() + kDeadline;
  while (is_alive(process) && Clock::now() < until) std::this_thread::sleep_for(5ms);
  if (!is_alive(process)) return {};
  return fail(ErrorKind::communication, kEnd, "it has not ended in time", "try again");
}

}  // namespace

Result<std::unique_ptr<Client>> Client::connect(const fs::path& home, bool start_if_absent) {
  const Places places = places_of(fs::absolute(home).lexically_normal());
  auto line = Line::open(places.socket);
  if (!line && start_if_absent) {
    const auto started = start_agent(places.home);
    // Even when it was refused: another program may have started one at the same moment.
    const auto until = Clock::now() + (started ? kStartDeadline : 1s);
    while (!(line = Line::open(places.socket)) && Clock::now() < until) std::this_thread::sleep_for(10ms);
    if (!line && !started) return tl::unexpected(started.error());
  }
  if (!line) return tl::unexpected(line.error());
  return std::unique_ptr<Client>(new Client(std::make_unique<State>(State{places, std::move(*line)})));
}

Result<bool> Client::quit_agent(const fs::path& home) {
  const Places places = places_of(fs::absolute(home).lexically_normal());
  Refused refused;
  auto line = Line::open(places.socket, refused);
  if (line) {
    Client client(std::make_unique<State>(State{places, std::move(*line)}));
    if (auto ended = client.shut_down_agent(); !ended) return tl::unexpected(ended.error());
    return true;
  }
  if (refused.is_absent) return false;
  if (!refused.is_other_version) return tl::unexpected(line.error());
  const auto process = holder_of(places.lock, refused.pid);
  if (!process) {
    return fail(ErrorKind::unavailable, "end athanor-agent",
                "the one that runs is of another version, and which process it is cannot be told",
                "end it with the version that started it");
  }
  if (auto ended = end_process(*process); !ended) return tl::unexpected(ended.error());
  return true;
}

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::~Client() = default;

Result<void> Client::stop(store::RunId run) { return state_->tell({{"do", "stop"}, {"run", run}}); }
Result<void> Client::resume(store::RunId run) { return state_->tell({{"do", "resume"}, {"run", run}}); }

Result<void> Client::inject(store::RunId run, const std::string& faults) {
  return state_->tell({{"do", "inject"}, {"run", run}, {"faults", faults}});
}

Result<store::Run> Client::wait(store::RunId run, std::chrono::milliseconds deadline) {
  const auto reply = state_->ask({{"do", "wait"}, {"run", run}}, deadline);
  if (!reply) return tl::unexpected(reply.error());
  return run_from(reply->at("run"));
}

Result<store::Run> Client::run(store::RunId run) {
  const auto reply = state_->ask({{"do", "run"}, {"run", run}});
  if (!reply) return tl::unexpected(reply.error());
  return run_from(reply->at("run"));
}

Result<std::vector<store::Run>> Client::list() {
  const auto reply = state_->ask({{"do", "list"}});
  if (!reply) return tl::unexpected(reply.error());
  std::vector<store::Run> runs;
  for (const Json& run : reply->at("runs")) runs.push_back(run_from(run));
  return runs;
}

Result<void> Client::rename(store::RunId run, const std::string& name) {
  return state_->tell({{"do", "rename"}, {"run", run}, {"name", name}});
}
Result<void> Client::set_tags(const std::vector<store::RunId>& runs, const std::vector<std::string>& tags) {
  return state_->tell({{"do", "set_tags"}, {"runs", runs}, {"tags", tags}});
}
Result<void> Client::set_note(store::RunId run, const std::string& note) {
  return state_->tell({{"do", "set_note"}, {"run", run}, {"note", note}});
}
Result<void> Client::set_pinned(const std::vector<store::RunId>& runs, bool pinned) {
  return state_->tell({{"do", "set_pinned"}, {"runs", runs}, {"pinned", pinned}});
}
Result<void> Client::erase(const std::vector<store::RunId>& runs) {
  return state_->tell({{"do", "erase"}, {"runs", runs}});
}
Result<void> Client::restore(const std::vector<store::RunId>& runs) {
  return state_->tell({{"do", "restore"}, {"runs", runs}});
}
Result<std::int64_t> Client::empty(const std::vector<store::RunId>& runs) {
  std::int64_t bytes = 0;
  for (const store::RunId run : runs) {
    const auto reply = state_->ask({{"do", "empty"}, {"run", run}}, kEmptyDeadline);
    if (!reply) return tl::unexpected(reply.error());
    bytes += reply->value("bytes", std::int64_t{0});
  }
  return bytes;
}
Result<std::string> Client::undo() { return state_->text_of({{"do", "undo"}}); }
Result<std::string> Client::redo() { return state_->text_of({{"do", "redo"}}); }
Result<void> Client::shut_down_agent() {
  const auto told = state_->tell({{"do", "quit"}});
  if (!told && told.error().kind != ErrorKind::communication) return told;
  const auto until = Clock::now() + kDeadline;
  while (state_->line.agent_lives() && Clock::now() < until) std::this_thread::sleep_for(5ms);
  if (!state_->line.agent_lives()) return {};
  return told ? fail(ErrorKind::communication, "end athanor-agent", "it has not ended in time", "try again") : told;
}

Result<void> Client::follow(const std::function<void(const Change&)>& on_change, std::stop_token stop) {
  auto line = Line::open(state_->places.socket);  // of its own: notices do not mix with answers
  if (!line) return tl::unexpected(line.error());
  if (auto sent = line->send(line_of({{"id", 0}, {"do", "follow"}})); !sent) return sent;
  const Descriptor wake(::eventfd(0, EFD_CLOEXEC));
  const std::stop_callback stopped(stop, [&wake] { ::eventfd_write(wake.get(), 1); });
  while (true) {
    const auto json = line->receive(Clock::now() + 24h, wake.get());
    if (!json) {
      if (json.error().kind == ErrorKind::cancelled) return {};
      return tl::unexpected(json.error());
    }
    if (json->is_object() && json->contains("change")) on_change(change_from(*json));
  }
}

}  // namespace athanor::agent
