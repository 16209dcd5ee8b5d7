// A TCP connection that carries small frames, and how two ranks get one.
#pragma once

#include "core/comm/network_transport.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace athanor::comm {

class Socket {
 public:
  explicit Socket(int descriptor = -1) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();
  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

enum class FrameKind : std::uint32_t { status, beat, fault, farewell };

// Never waits. Used by one thread at a time.
class Link {
 public:
  // Nothing heard of a peer for `patience`, although it was asked, is an error of the connection.
  Link(Socket socket, std::chrono::milliseconds patience);

  void queue(FrameKind kind, std::string_view payload);
  // What waits to be sent, as far as it goes.
  void flush() noexcept;
  [[nodiscard]] bool has_unsent() const noexcept { return is_open() && !unsent_.empty(); }
  // Every whole frame that has come.
  void read(const std::function<void(FrameKind, std::string_view)>& take);
  // The peer reads what was sent, and then the end.
  void end_sending() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }
  // Why it is closed: 0 where the peer has closed it.
  [[nodiscard]] int reason() const noexcept { return reason_; }
  [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }

 private:
  void close(int reason) noexcept;

  Socket socket_;
  std::string unsent_, unread_;
  int reason_ = 0;
};

// Where others find this rank: "10.0.0.2 41231 <secret>". Throws Failure(invalid_input) for an interface or address
// that this host does not have, Failure(io) for what the system refuses.
class Door {
 public:
  Door(const Network& network, int backlog);

  [[nodiscard]] const std::string& words() const noexcept { return words_; }
  // Somebody who knows the secret, and who it is; a closed socket where nobody has come.
  [[nodiscard]] std::pair<Socket, int> accept();
  // To the door that `words` describe, as `rank`; a closed socket where that fails.
  [[nodiscard]] static Socket knock(const std::string& words, int rank);

 private:
  Socket listener_;
  std::string words_, secret_;
};

}  // namespace athanor::comm
