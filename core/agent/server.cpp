#include "core/agent/server.h"

#include "core/base/files.h"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace athanor::agent {
namespace fs = std::filesystem;
using Json = nlohmann::json;
namespace {

constexpr std::size_t kMaxUnsent = 64U << 20;  // a client that reads nothing for so long is let go
constexpr std::size_t kMaxConnections = 256;
constexpr auto kAcceptPause = std::chrono::seconds(1);
constexpr auto kCatchUp = std::chrono::seconds(1);

[[noreturn]] void refuse(const Places& places, int reason) {
  throw Failure(write_refusal("listen at " + places.socket.string(), reason));
}

void check(const Result<void>& done) {
  if (!done) throw Failure(done.error());
}

}  // namespace

Server::~Server() {
  while (!connections_.empty()) drop(connections_.begin()->first);
  if (!listener_) return;
  loop_.remove(listener_.get());
  std::error_code ignored;
  fs::remove(socket_path_, ignored);
}

void Server::listen(const Places& places) {
  const fs::path folder = places.socket.parent_path();
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) refuse(places, errno);
  struct stat info {};
  if (::lstat(folder.c_str(), &info) != 0) refuse(places, errno);
  if (info.st_uid != ::geteuid() || !S_ISDIR(info.st_mode)) refuse(places, EPERM);  // somebody else's, below /tmp
  if (::chmod(folder.c_str(), 0700) != 0) refuse(places, errno);

  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (places.socket.native().size() >= sizeof address.sun_path) refuse(places, ENAMETOOLONG);
  places.socket.native().copy(address.sun_path, sizeof address.sun_path - 1);
  listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener_) refuse(places, errno);
  ::unlink(places.socket.c_str());  // of an agent that died; the lock says that none lives
  const mode_t old_mask = ::umask(0177);
  const int bound = ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int reason = errno;
  ::umask(old_mask);
  if (bound != 0) refuse(places, reason);
  if (::listen(listener_.get(), SOMAXCONN) != 0) refuse(places, errno);
  socket_path_ = places.socket;
  loop_.watch(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept(); });
}

void Server::accept() {
  while (true) {
    Descriptor fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd && errno == ECONNABORTED) continue;
    if (!fd) return errno == EAGAIN || errno == EINTR ? void() : pause_accepting(errno);
    ucred peer{};
    socklen_t size = sizeof peer;
    const bool known = ::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    if (!known || (peer.uid != ::geteuid() && peer.uid != 0) || connections_.size() >= kMaxConnections) continue;
    const int number = fd.get();
    Connection& connection = connections_[number];
    connection.fd = std::move(fd);
    connection.out = line_of({{"athanor_agent", kProtocol}, {"pid", ::getpid()}});
    loop_.watch(number, EPOLLIN, [this, number](std::uint32_t events) { on_event(number, events); });
    if (!send(number, connection)) drop(number);
  }
}

// Who waits to be let in would wake the loop again at once and for ever.
void Server::pause_accepting(int reason) {
  spdlog::warn("No client can be let in for a moment: {}", std::strerror(reason));
  loop_.change(listener_.get(), 0);
  accept_again_ = std::chrono::steady_clock::now() + kAcceptPause;
}

void Server::drop(int fd) {
  loop_.remove(fd);
  connections_.erase(fd);
}

void Server::on_event(int fd, std::uint32_t events) {
  const auto found = connections_.find(fd);
  if (found == connections_.end()) return;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0 && (events & EPOLLIN) == 0) return drop(fd);
  if ((events & EPOLLOUT) != 0 && !send(fd, found->second)) return drop(fd);
  if ((events & EPOLLIN) != 0) on_readable(fd, found->second);
}

void Server::on_readable(int fd, Connection& connection) {
  std::array<char, 64 << 10> buffer{};
  const ssize_t got = ::read(fd, buffer.data(), buffer.size());
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return drop(fd);
  if (got < 0) return;
  const std::size_t old_size = connection.in.size();
  connection.in.append(buffer.data(), static_cast<std::size_t>(got));
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = connection.in.find('\n', std::max(begin, old_size))) != std::string::npos;
       begin = end + 1) {
    on_line(connection, connection.in.substr(begin, end - begin));
  }
  connection.in.erase(0, begin);
  if (connection.in.size() > kMaxLine) {
    spdlog::warn("A client sent a line of more than {} bytes and was let go", kMaxLine);
    return drop(fd);
  }
  if (!send(fd, connection)) drop(fd);
}

void Server::on_line(Connection& connection, const std::string& line) {
  if (line.find_first_not_of(" \t\r") == std::string::npos) return;
  std::int64_t id = 0;
  Json reply;
  try {
    const Json request = Json::parse(line);
    if (!request.is_object()) throw Failure(ErrorKind::invalid_input, "understand a request", "it is not an object");
    id = request.value("id", std::int64_t{0});
    auto answered = answer(connection, request);
    if (!answered) return;
    reply = std::move(*answered);
  } catch (const Failure& failure) {
    reply = {{"error", to_json(failure.error())}};
  } catch (const Json::exception& exception) {
    reply = {{"error", to_json(Error{ErrorKind::invalid_input, "understand a request", exception.what(), ""})}};
  }
  reply["id"] = id;
  connection.out += line_of(reply);
}

std::optional<Json> Server::answer(Connection& connection, const Json& request) {
  const auto what = request.at("do").get<std::string>();
  const auto run = [&] { return request.at("run").get<store::RunId>(); };
  if (what == "stop") {
    check(supervisor_->stop(run()));
  } else if (what == "resume") {
    check(supervisor_->resume(run()));
  } else if (what == "inject") {
    check(supervisor_->inject(run(), request.at("faults").get<std::string>()));
  } else if (what == "wait") {
    if (auto already = ended(run())) return already;
    connection.waits.push_back({request.value("id", std::int64_t{0}), run()});
    return std::nullopt;
  } else if (what == "run") {
    supervisor_->catch_up(kCatchUp);
    return Json{{"run", to_json(value_or_throw(reader_.run(run())))}};
  } else if (what == "list") {
    supervisor_->catch_up(kCatchUp);
    Json runs = Json::array();
    for (const store::Run& each : value_or_throw(reader_.runs())) runs.push_back(to_json(each));
    return Json{{"runs", std::move(runs)}};
  } else if (what == "follow") {
    connection.follows = true;
    connection.changes.emplace(static_cast<int>(Change::What::runs), 0);  // what changed before is to be read now
  } else if (what == "quit") {
    quit_ = true;
  } else {
    auto answered = answer_queue(what, request);
    return answered ? std::move(answered) : edit(what, request);
  }
  return Json::object();
}

Json Server::edit(const std::string& what, const Json& request) {
  const auto run = [&] { return request.at("run").get<store::RunId>(); };
  const auto runs = [&] { return request.at("runs").get<std::vector<store::RunId>>(); };
  Json reply = Json::object();
  if (what == "rename") {
    check(writer_.rename(run(), request.at("name").get<std::string>()));
  } else if (what == "set_tags") {
    check(writer_.set_tags(runs(), request.at("tags").get<std::vector<std::string>>()));
  } else if (what == "set_note") {
    check(writer_.set_note(run(), request.at("note").get<std::string>()));
  } else if (what == "set_pinned") {
    check(writer_.set_pinned(runs(), request.at("pinned").get<bool>()));
  } else if (what == "erase") {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    check(writer_.erase(runs(), std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()));
  } else if (what == "restore") {
    check(writer_.restore(runs()));
  } else if (what == "empty") {
    reply["bytes"] = value_or_throw(supervisor_->empty(run()));
  } else if (what == "undo" || what == "redo") {
    reply["text"] = value_or_throw(what == "undo" ? writer_.undo() : writer_.redo());
  } else {
    throw Failure(ErrorKind::invalid_input, "understand a request", "there is nothing called " + what);
  }
  notify({Change::What::metadata, 0});
  return reply;
}

std::optional<Json> Server::ended(store::RunId run) {
  const store::Run now = value_or_throw(reader_.run(run));
  if (store::is_live(now.status) || !supervisor_->has_settled(run)) return std::nullopt;
  const auto trial = value_or_throw(reader_.job(run)).trial;
  if (trial && trial->waits) return std::nullopt;  // it may go on yet
  return Json{{"run", to_json(now)}};
}

void Server::notify(const Change& change) {
  if (change.what == Change::What::runs) changed_runs_.insert(change.run);
  for (auto& [fd, connection] : connections_) {
    if (connection.follows) connection.changes.emplace(static_cast<int>(change.what), change.run);
  }
}

void Server::flush() {
  if (accept_again_ && std::chrono::steady_clock::now() >= *accept_again_) {
    accept_again_.reset();
    loop_.change(listener_.get(), EPOLLIN);
  }
  std::vector<int> gone;
  for (auto& [fd, connection] : connections_) {
    std::erase_if(connection.waits, [&, this](const Waiting& wait) {
      if (!changed_runs_.contains(wait.run)) return false;
      Json reply;
      try {
        auto answered = ended(wait.run);
        if (!answered) return false;
        reply = std::move(*answered);
      } catch (const Failure& failure) {
        reply = {{"error", to_json(failure.error())}};
      }
      reply["id"] = wait.id;
      connection.out += line_of(reply);
      return true;
    });
    // Changes wait as a set while the follower is slow: many of them become one.
    if (connection.out.empty()) {
      for (const auto& [what, run] : connection.changes)
        connection.out += line_of(to_json(Change{static_cast<Change::What>(what), run}));
      connection.changes.clear();
    }
    if (!connection.out.empty() && !send(fd, connection)) gone.push_back(fd);
  }
  changed_runs_.clear();
  for (const int fd : gone) drop(fd);
}

bool Server::send(int fd, Connection& connection) {
  while (!connection.out.empty()) {
    const ssize_t sent = ::send(fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) break;
    if (sent <= 0) return false;
    connection.out.erase(0, static_cast<std::size_t>(sent));
  }
  loop_.change(fd, connection.out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
  return connection.out.size() <= kMaxUnsent;
}

}  // namespace athanor::agent
