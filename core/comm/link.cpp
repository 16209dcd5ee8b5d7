#include "core/comm/link.h"

#include "kernels/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <random>
#include <sstream>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

namespace athanor::comm {
namespace {

constexpr std::size_t kSecret = 32;
constexpr std::size_t kLongestFrame = 64 << 10;  // a longer one is not ours
constexpr timeval kPatience{2, 0};               // with one that connects

struct FrameHead {
  FrameKind kind;
  std::uint32_t bytes;
};

struct Hello {
  std::array<char, kSecret> secret;
  std::int32_t rank;
};

struct Address {
  sockaddr_storage storage{};
  socklen_t bytes = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  static Address of(const sockaddr* from, socklen_t bytes) {
    Address address;
    address.bytes = bytes;
    std::memcpy(&address.storage, from, bytes);
    return address;
  }
};

[[noreturn]] void refuse_network(const Network& network, const std::string& cause) {
  throw Failure(
      ErrorKind::invalid_input,
      fmt::format("connect over the network by {}", network.interface.empty() ? network.address : network.interface),
      cause, "name an interface or address of this host: ip address shows them");
}

Address resolve(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, &::freeaddrinfo);
  return Address::of(found->ai_addr, found->ai_addrlen);
}

Address address_of_interface(const std::string& name) {
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) return {};
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> list(found, &::freeifaddrs);
  for (const int family : {AF_INET, AF_INET6}) {
    for (const ifaddrs* each = found; each != nullptr; each = each->ifa_next) {
      if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != family || name != each->ifa_name) continue;
      return Address::of(each->ifa_addr, family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    }
  }
  return {};
}

std::string make_secret() {
  std::random_device random;
  std::string secret;
  while (secret.size() < kSecret) secret += fmt::format("{:08x}", random());
  return secret;
}

template <class Value>
void set(int descriptor, int level, int option, const Value& value) {
  ::setsockopt(descriptor, level, option, &value, sizeof value);
}

}  // namespace

Socket::Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}
Socket::~Socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Link::Link(Socket socket, std::chrono::milliseconds patience) : socket_(std::move(socket)) {
  const int descriptor = socket_.get();
  const auto limit = static_cast<unsigned>(std::max<std::int64_t>(patience.count(), 1000));
  set(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, 1);
  set(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, 1);
  set(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, limit);
}

void Link::queue(FrameKind kind, std::string_view payload) {
  if (!is_open()) return;
  const FrameHead head{kind, static_cast<std::uint32_t>(payload.size())};
  unsent_.append(reinterpret_cast<const char*>(&head), sizeof head);
  unsent_.append(payload);
}

void Link::flush() noexcept {
  while (has_unsent()) {
    const ssize_t sent = ::send(descriptor(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    // What the peer said before is still to be read; that ends with the reason.
    if (sent < 0 && errno != EAGAIN) unsent_.clear();
    if (sent < 0) return;
    unsent_.erase(0, static_cast<std::size_t>(sent));
  }
}

void Link::read(const std::function<void(FrameKind, std::string_view)>& take) {
  std::array<char, 4096> chunk;
  bool is_at_end = false;
  while (is_open() && !is_at_end) {
    const ssize_t got = ::recv(descriptor(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got > 0) unread_.append(chunk.data(), static_cast<std::size_t>(got));
    if (got > 0) continue;
    reason_ = got < 0 ? errno : 0;
    is_at_end = true;
  }
  FrameHead head{};
  while (unread_.size() >= sizeof head) {
    std::memcpy(&head, unread_.data(), sizeof head);
    if (head.bytes > kLongestFrame) return close(EPROTO);
    if (unread_.size() < sizeof head + head.bytes) break;
    take(head.kind, std::string_view(unread_).substr(sizeof head, head.bytes));
    unread_.erase(0, sizeof head + head.bytes);
  }
  if (is_at_end) close(reason_);
}

void Link::end_sending() noexcept {
  if (is_open()) ::shutdown(descriptor(), SHUT_WR);
}

void Link::close(int reason) noexcept {
  reason_ = reason;
  socket_ = Socket();
}

Door::Door(const Network& network, int backlog) : secret_(make_secret()) {
  Address address = network.interface.empty() ? resolve(network.address, "0") : address_of_interface(network.interface);
  if (address.bytes == 0) refuse_network(network, "this host has no such address");
  listener_ = Socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener_.is_open() || ::bind(listener_.get(), address.get(), address.bytes) != 0 ||
      ::listen(listener_.get(), backlog) != 0 || ::getsockname(listener_.get(), address.get(), &address.bytes) != 0)
    refuse_network(network, std::strerror(errno));
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (::getnameinfo(address.get(), address.bytes, host.data(), host.size(), port.data(), port.size(),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    refuse_network(network, "its address cannot be written");
  words_ = fmt::format("{} {} {}", host.data(), port.data(), secret_);
}

std::pair<Socket, int> Door::accept() {
  Socket socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!socket.is_open()) return {Socket(), -1};
  set(socket.get(), SOL_SOCKET, SO_RCVTIMEO, kPatience);
  Hello hello{};
  const ssize_t got = ::recv(socket.get(), &hello, sizeof hello, MSG_WAITALL);
  if (got != sizeof hello || std::memcmp(hello.secret.data(), secret_.data(), kSecret) != 0) return {Socket(), -1};
  return {std::move(socket), hello.rank};
}

Socket Door::knock(const std::string& words, int rank) {
  std::istringstream in(words);
  std::string host, port, secret;
  in >> host >> port >> secret;
  const Address address = resolve(host, port);
  if (address.bytes == 0 || secret.size() != kSecret) return Socket();
  Socket socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  set(socket.get(), SOL_SOCKET, SO_SNDTIMEO, kPatience);
  Hello hello{{}, rank};
  std::memcpy(hello.secret.data(), secret.data(), kSecret);
  if (::connect(socket.get(), address.get(), address.bytes) != 0) return Socket();
  if (::send(socket.get(), &hello, sizeof hello, MSG_NOSIGNAL) != sizeof hello) return Socket();
  return socket;
}

}  // namespace athanor::comm
