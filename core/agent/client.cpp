#include "core/agent/client.h"

#include "core/agent/descriptor.h"
#include "core/agent/process.h"
#include "core/agent/protocol.h"
#include "core/agent/start.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

namespace athanor::agent {
namespace fs = std::filesystem;
using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;
namespace {

constexpr auto kDeadline = 20s;  // for an answer; the agent answers within milliseconds unless the disk is very busy
constexpr auto kStartDeadline = 10s;
constexpr auto kEmptyDeadline = 10min;  // for the folder of one run to be gone
constexpr const char* kTalk = "talk to athanor-agent";

Error lost() { return {ErrorKind::communication, kTalk, "it has ended", "start it again: athanor-agent"}; }

// Why there is no connection.
struct Refused {
  bool is_absent = false;         // nobody listens
  bool is_other_version = false;  // somebody does, whose words are not ours
  std::int64_t pid = 0;           // as it said; 0: it did not
};

// One connection: lines in and out.
class Line {
 public:
  static Result<Line> open(const fs::path& socket) {
    Refused ignored;
    return open(socket, ignored);
  }

  static Result<Line> open(const fs::path& socket, Refused& refused) {
    Line line;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket.native().size() >= sizeof address.sun_path)
      return fail(ErrorKind::unavailable, kTalk, "the path of its socket is too long");
    socket.native().copy(address.sun_path, sizeof address.sun_path - 1);
    line.fd_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!line.fd_ || ::connect(line.fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      refused.is_absent = errno == ENOENT || errno == ECONNREFUSED;
      if (refused.is_absent) return fail(ErrorKind::unavailable, kTalk, "none is running", "start one: athanor-agent");
      return fail(ErrorKind::unavailable, kTalk, socket.string() + ": " + std::strerror(errno),
                  "see that this folder is yours");
    }
    ::fcntl(line.fd_.get(), F_SETFL, O_NONBLOCK);
    auto hello = line.receive(Clock::now() + kDeadline, -1);
    if (!hello) return tl::unexpected(hello.error());
    if (!hello->is_object() || number_in(*hello, "athanor_agent") != kProtocol) {
      refused = {false, true, number_in(*hello, "pid")};
      return fail(ErrorKind::unavailable, kTalk, "the one that runs is of another version",
                  "end it: athanor-agent quit");
    }
    line.agent_ = identify(number_in(*hello, "pid"));
    return line;
  }

  [[nodiscard]] bool agent_lives() const { return agent_ && is_alive(*agent_); }

  Result<void> send(const std::string& text) {
    std::string_view rest = text;
    while (!rest.empty()) {
      const ssize_t sent = ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        rest.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno == EAGAIN) {
        pollfd ready{fd_.get(), POLLOUT, 0};
        if (::poll(&ready, 1, 5000) == 0) return fail(ErrorKind::communication, kTalk, "it takes nothing in");
      } else if (errno != EINTR) {
        return tl::unexpected(lost());
      }
    }
    return {};
  }

  // The next object. ErrorKind::cancelled when `wake_fd` becomes readable, communication when the deadline passes.
  Result<Json> receive(Clock::time_point deadline, int wake_fd) {
    while (true) {
      if (const std::size_t end = in_.find('\n'); end != std::string::npos) {
        Json json = Json::parse(in_.substr(0, end), nullptr, false);
        in_.erase(0, end + 1);
        if (json.is_discarded())
          return fail(ErrorKind::communication, kTalk, "it said something that is not understood");
        return json;
      }
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
      if (left <= 0) return fail(ErrorKind::communication, kTalk, "it did not answer in time", "try again");
      std::array<pollfd, 2> ready = {{{fd_.get(), POLLIN, 0}, {wake_fd, POLLIN, 0}}};
      ::poll(ready.data(), ready.size(), static_cast<int>(std::min<std::int64_t>(left, 60'000)));
      if (ready[1].revents != 0) return fail(ErrorKind::cancelled, kTalk, "asked to end");
      std::array<char, 64 << 10> buffer{};
      const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return tl::unexpected(lost());
      if (got > 0) in_.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }

 private:
  // 0 when there is none.
  static std::int64_t number_in(const Json& json, const char* name) {
    const auto found = json.is_object() ? json.find(name) : json.end();
    return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
  }

  Descriptor fd_;
  std::string in_;
  std::optional<store::Process> agent_;
};

}  // namespace

namespace {

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

struct Client::State {
  Places places;
  Line line;
  std::int64_t last_id = 0;

  Result<Json> ask(Json request, std::chrono::milliseconds deadline = kDeadline) {
    const std::int64_t id = ++last_id;
    request["id"] = id;
    if (auto sent = line.send(line_of(request)); !sent) return tl::unexpected(sent.error());
    const auto until = Clock::now() + deadline;
    while (true) {
      auto reply = line.receive(until, -1);
      if (!reply) return reply;
      if (!reply->is_object() || reply->value("id", std::int64_t{-1}) != id) continue;  // of a wait that was given up
      if (reply->contains("error")) return tl::unexpected(error_from(reply->at("error")));
      return reply;
    }
  }

  Result<void> tell(Json request) {
    const auto reply = ask(std::move(request));
    if (!reply) return tl::unexpected(reply.error());
    return {};
  }

  Result<std::string> text_of(Json request) {
    const auto reply = ask(std::move(request));
    if (!reply) return tl::unexpected(reply.error());
    return reply->value("text", "");
  }
};

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

Result<store::RunId> Client::enqueue(const Enqueue& request) {
  const auto reply = state_->ask({{"do", "enqueue"},
                                  {"recipe", request.recipe_toml},
                                  {"fork_of", request.fork_of},
                                  {"fork_step", request.fork_step}});
  if (!reply) return tl::unexpected(reply.error());
  return reply->value("run", store::RunId{0});
}

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
