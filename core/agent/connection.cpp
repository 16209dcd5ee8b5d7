#include "core/agent/connection.h"

#include "core/agent/protocol.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace athanor::agent {
namespace fs = std::filesystem;
using Json = nlohmann::json;
using namespace std::chrono_literals;
namespace {

constexpr auto kDeadline = 20s;  // for the first word
constexpr const char* kTalk = "talk to athanor-agent";

Error lost() { return {ErrorKind::communication, kTalk, "it has ended", "start it again: athanor-agent"}; }

// 0 when there is none.
std::int64_t number_in(const Json& json, const char* name) {
  const auto found = json.is_object() ? json.find(name) : json.end();
  return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

}  // namespace

Result<Line> Line::open(const fs::path& socket) {
  Refused ignored;
  return open(socket, ignored);
}

Result<Line> Line::open(const fs::path& socket, Refused& refused) {
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
    return fail(ErrorKind::unavailable, kTalk, "the one that runs is of another version", "end it: athanor-agent quit");
  }
  line.agent_ = identify(number_in(*hello, "pid"));
  return line;
}

Result<void> Line::send(const std::string& text) {
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

Result<Json> Line::receive(Clock::time_point deadline, int wake_fd) {
  while (true) {
    if (const std::size_t end = in_.find('\n'); end != std::string::npos) {
      Json json = Json::parse(in_.substr(0, end), nullptr, false);
      in_.erase(0, end + 1);
      if (json.is_discarded()) return fail(ErrorKind::communication, kTalk, "it said something that is not understood");
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

}  // namespace athanor::agent
