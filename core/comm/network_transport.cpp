#include "core/comm/network_transport.h"

#include "core/comm/control_plane.h"
#include "core/comm/folder_keys.h"
#include "core/comm/meeting.h"
#include "core/comm/memory_transport.h"
#include "kernels/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <deque>
#include <exception>
#include <gloo/transport/context.h>
#include <gloo/transport/tcp/device.h>
#include <gloo/transport/unbound_buffer.h>
#include <mutex>
#include <optional>
#include <sched.h>
#include <thread>
#include <utility>

namespace athanor::comm {
namespace fs = std::filesystem;
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int kGlooFrame = 48;  // bytes that Gloo puts before each message
constexpr auto kGrace = 2s;     // for the control plane to say why a connection is lost

using Mesh = std::shared_ptr<gloo::transport::Context>;

// At once, and what the peer has not read is lost. Its peers are told why by the control plane.
void close_hard(gloo::transport::Context& mesh) noexcept {
  for (int peer = 0; peer < mesh.size; ++peer) {
    try {
      if (mesh.getPair(peer)) mesh.getPair(peer)->close();
    } catch (const std::exception&) {
      continue;  // it is closed
    }
  }
}

// Where a connection to one of `ranks` is lost, the control plane hears why, sooner or later: the fault, or else who
// has left.
std::optional<std::string> cause_of_loss(const Board& board, const std::vector<int>& ranks) {
  for (const auto until = Clock::now() + kGrace; Clock::now() < until; std::this_thread::sleep_for(1ms)) {
    if (board.has_fault()) return board.fault();
    const auto gone = std::ranges::find_if(ranks, [&](int rank) { return board.has_left(rank); });
    if (gone != ranks.end()) return board.fault().value_or(fmt::format("rank {} has left", *gone));
  }
  return std::nullopt;
}

std::uint64_t hash_of(const Stamp& stamp) {  // FNV-1a
  std::uint64_t hash = 14695981039346656037U;
  for (const std::byte each : std::as_bytes(std::span(&stamp, 1)))
    hash = (hash ^ static_cast<std::uint64_t>(each)) * 1099511628211U;
  return hash;
}

class NetworkTransport final : public Transport {
 public:
  NetworkTransport(Mesh mesh, std::shared_ptr<Board> board, std::string name, std::vector<int> members)
      : mesh_(std::move(mesh)),
        board_(std::move(board)),
        name_(std::move(name)),
        members_(std::move(members)),
        sent_(members_.size()),
        received_(members_.size()),
        waker_(*board_, [this] { wake(); }) {}

  void exchange(const Stamp& stamp, std::span<const Outgoing> out, std::span<const Incoming> in,
                Deadline deadline) override {
    begin(stamp, out, in);
    finish(stamp, deadline);
  }

  // All messages are on their way.
  void begin(const Stamp& stamp, std::span<const Outgoing> out, std::span<const Incoming> in) {
    for (const Incoming& message : in) {
      guard(stamp, message.from, Deadline::max(), [&] {
        post(message.from, stamp, message.bytes, received_, &gloo::transport::UnboundBuffer::recv);
        return true;
      });
    }
    for (const Outgoing& message : out) {
      const std::span bytes(const_cast<std::byte*>(message.bytes.data()), message.bytes.size());
      guard(stamp, message.to, Deadline::max(), [&] {
        post(message.to, stamp, bytes, sent_, &gloo::transport::UnboundBuffer::send);
        return true;
      });
      payload_ += static_cast<std::int64_t>(bytes.size());
      overhead_ += static_cast<std::int64_t>(sizeof(Stamp)) + kGlooFrame * (bytes.empty() ? 1 : 2);
      ++messages_;
    }
  }

  void finish(const Stamp& stamp, Deadline deadline) {
    for (Message& message : pending_) {
      if (!message.is_incoming) continue;
      guard(stamp, message.peer, deadline, [&] { return message.stamp_buffer->waitRecv(left(deadline)); });
      if (message.stamp == message.wanted) continue;
      const std::string cause = difference(whole_rank(message.peer), message.stamp, board_->rank(), message.wanted);
      end();
      throw CallsDiffer(ErrorKind::communication, intention_of(stamp), cause, kRebuild);
    }
    for (Message& message : pending_) {
      const auto wait = [&](gloo::transport::UnboundBuffer& buffer) {
        guard(stamp, message.peer, deadline,
              [&] { return message.is_incoming ? buffer.waitRecv(left(deadline)) : buffer.waitSend(left(deadline)); });
      };
      if (!message.is_incoming) wait(*message.stamp_buffer);
      if (message.buffer) wait(*message.buffer);
    }
    const std::lock_guard lock(mutex_);
    pending_.clear();
  }

  // Nothing is carried any more, and no memory of a message is touched.
  void end() noexcept {
    close_hard(*mesh_);
    const std::lock_guard lock(mutex_);
    pending_.clear();
  }

  [[nodiscard]] Traffic traffic() const noexcept override {
    return {payload_.load(), overhead_.load(), messages_.load()};
  }

 private:
  using Buffer = std::unique_ptr<gloo::transport::UnboundBuffer>;
  using Pass = void (gloo::transport::UnboundBuffer::*)(int, std::uint64_t, std::size_t, std::size_t);
  struct Message {
    int peer;
    bool is_incoming;
    Stamp stamp;   // sent, or what came
    Stamp wanted;  // of an incoming one
    Buffer stamp_buffer, buffer;
  };

  // The stamp first, in a place of its own that both sides find; then the payload, in a place that only sides with the
  // same stamp have in common, so that a payload of another size is never taken for it.
  void post(int peer, const Stamp& stamp, std::span<std::byte> bytes, std::vector<std::uint64_t>& counts, Pass pass) {
    const std::lock_guard lock(mutex_);
    const bool is_incoming = &counts == &received_;
    Message& message = pending_.emplace_back(Message{peer, is_incoming, {}, stamp, nullptr, nullptr});
    message.wanted.message_bytes = bytes.size();
    if (!is_incoming) message.stamp = message.wanted;
    const std::uint64_t slot = counts[static_cast<std::size_t>(peer)]++ << 24U;
    const auto begin = [&](void* data, std::size_t size, std::uint64_t place) {
      auto buffer = mesh_->createUnboundBuffer(data, size);
      ((*buffer).*pass)(peer, place, 0, gloo::transport::UnboundBuffer::kUnspecifiedByteCount);
      return buffer;
    };
    message.stamp_buffer = begin(&message.stamp, sizeof message.stamp, slot);
    if (bytes.empty()) return;
    message.buffer = begin(bytes.data(), bytes.size(), slot | (hash_of(message.wanted) & 0x7fffffU) << 1U | 1U);
  }

  // `work` says whether it was done; it is not where it was woken.
  template <class Work>
  void guard(const Stamp& stamp, int peer, Deadline deadline, Work&& work) {
    std::string lost = "its wait was ended";
    try {
      if (!board_->has_fault() && work()) return;
    } catch (const std::exception& exception) {
      lost = exception.what();
    }
    give_up(stamp, peer, deadline, lost);
  }
  [[noreturn]] void give_up(const Stamp& stamp, int peer, Deadline deadline, const std::string& lost) {
    const int whole = whole_rank(peer);
    const bool is_late = Clock::now() >= deadline;
    const auto cause = is_late ? board_->fault() : cause_of_loss(*board_, {whole});
    end();
    if (is_late && !cause)
      throw DeadlinePassed(ErrorKind::communication, intention_of(stamp),
                           fmt::format("rank {} has not taken part in time", whole), kRebuild);
    fail_with(stamp, cause.value_or(fmt::format("rank {} is lost:{}", whole, lost.substr(lost.find("] ") + 1))));
  }
  [[noreturn]] void fail_with(const Stamp& stamp, const std::string& cause) const {
    throw Failure(ErrorKind::communication, intention_of(stamp), cause, kRebuild);
  }
  void wake() {
    const std::lock_guard lock(mutex_);
    for (const Message& message : pending_) {
      for (const Buffer* buffer : {&message.stamp_buffer, &message.buffer}) {
        if (!*buffer) continue;
        message.is_incoming ? (*buffer)->abortWaitRecv() : (*buffer)->abortWaitSend();
      }
    }
  }
  [[nodiscard]] int whole_rank(int peer) const { return members_[static_cast<std::size_t>(peer)]; }
  [[nodiscard]] std::string intention_of(const Stamp& stamp) const {
    return fmt::format("{} in {}", to_string(stamp.op), name_);
  }
  static std::chrono::milliseconds left(Deadline deadline) {
    return std::max(1ms, std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()));
  }

  Mesh mesh_;
  std::shared_ptr<Board> board_;
  std::string name_;
  std::vector<int> members_;
  std::vector<std::uint64_t> sent_, received_;  // messages with each peer
  std::mutex mutex_;                            // of pending_, that another thread may wake
  std::deque<Message> pending_;                 // their stamps stay where they are
  std::atomic<std::int64_t> payload_{0}, overhead_{0}, messages_{0};
  Board::Waker waker_;
};

// Gloo's thread and sockets, and meshes of them between the ranks of a communicator.
class Wires {
 public:
  explicit Wires(const Network& network) : keys_(network.folder) {
    std::signal(SIGPIPE, SIG_IGN);
    if (network.interface.empty() && network.address.empty())
      throw Failure(ErrorKind::invalid_input, "connect over the network",
                    "neither an interface nor an address is named", "name one, such as eth0");
    gloo::transport::tcp::attr attributes;
    attributes.iface = network.interface;
    attributes.hostname = network.address;
    // Gloo's thread inherits this: it then never takes the core from the thread that holds the lock it spins on.
    const int policy = ::sched_getscheduler(0);
    sched_param parameters{};
    ::sched_setscheduler(0, SCHED_BATCH, &parameters);
    std::string refused;
    try {
      device_ = gloo::transport::tcp::CreateDevice(attributes);
    } catch (const std::exception& exception) {
      refused = exception.what();
    }
    ::sched_setscheduler(0, policy, &parameters);
    if (device_) return;
    throw Failure(
        ErrorKind::invalid_input,
        fmt::format("connect over the network by {}", network.interface.empty() ? network.address : network.interface),
        refused, "name an interface or address of this host: ip address shows them");
  }

  // With all members for which `is_far` holds.
  Mesh connect(const std::string& name, const std::vector<int>& members, int rank, const std::vector<bool>& is_far,
               Board& board, Deadline deadline) {
    const std::string intention = "connect " + name;
    const auto size = static_cast<int>(members.size());
    const auto key_of = [&](int peer) { return fmt::format("{}-{}", name, peer); };
    const auto check = [&] {
      if (const auto fault = board.fault()) throw Failure(ErrorKind::communication, intention, *fault, kRebuild);
    };
    try {
      const Mesh mesh = device_->createContext(rank, size);
      // A pair waits five times as long for its peer.
      mesh->setTimeout(std::max(1ms, std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()) / 5));
      const std::vector<int> far = peers_of(is_far);
      std::string addresses(static_cast<std::size_t>(size) * gloo::transport::Address::kMaxByteSize, '\0');
      for (const int peer : far) {
        const auto bytes = mesh->createPair(peer)->address().bytes();
        std::ranges::copy(bytes, addresses.begin() + peer * gloo::transport::Address::kMaxByteSize);
      }
      keys_.set(key_of(rank), addresses);
      await_ranks(board, intention, deadline, [&] {
        std::vector<int> missing;
        for (const int peer : far)
          if (!keys_.has(key_of(peer))) missing.push_back(members[static_cast<std::size_t>(peer)]);
        return missing;
      });
      const Board::Waker waker(board, [&] { close_hard(*mesh); });
      for (const int peer : far) {
        check();
        const std::string theirs = keys_.get(key_of(peer));
        const std::size_t length = mesh->getPair(peer)->address().bytes().size();
        const auto mine = theirs.begin() + rank * gloo::transport::Address::kMaxByteSize;
        mesh->getPair(peer)->connect({mine, mine + static_cast<std::ptrdiff_t>(length)});
      }
      check();
      return mesh;
    } catch (const Failure&) {
      throw;
    } catch (const std::exception& exception) {
      throw Failure(ErrorKind::communication, intention, cause_of_loss(board, members).value_or(exception.what()),
                    kRebuild);
    }
  }

 private:
  static std::vector<int> peers_of(const std::vector<bool>& chosen) {
    std::vector<int> peers;
    for (std::size_t peer = 0; peer < chosen.size(); ++peer)
      if (chosen[peer]) peers.push_back(static_cast<int>(peer));
    return peers;
  }

  FolderKeys keys_;
  std::shared_ptr<gloo::transport::Device> device_;
};

// Some ranks share memory with this one, others are reached over the network; messages go both ways at once.
class MixedTransport final : public Transport {
 public:
  MixedTransport(std::unique_ptr<NetworkTransport> network, std::unique_ptr<Transport> memory,
                 std::vector<int> place_in_memory)
      : network_(std::move(network)), memory_(std::move(memory)), place_in_memory_(std::move(place_in_memory)) {}

  void exchange(const Stamp& stamp, std::span<const Outgoing> out, std::span<const Incoming> in,
                Deadline deadline) override {
    std::vector<Outgoing> far_out, near_out;
    std::vector<Incoming> far_in, near_in;
    for (const Outgoing& each : out) {
      const int place = place_in_memory_[static_cast<std::size_t>(each.to)];
      place < 0 ? far_out.push_back(each) : near_out.push_back({place, each.bytes});
    }
    for (const Incoming& each : in) {
      const int place = place_in_memory_[static_cast<std::size_t>(each.from)];
      place < 0 ? far_in.push_back(each) : near_in.push_back({place, each.bytes});
    }
    network_->begin(stamp, far_out, far_in);
    try {
      if (memory_) memory_->exchange(stamp, near_out, near_in, deadline);
    } catch (...) {
      network_->end();
      throw;
    }
    network_->finish(stamp, deadline);
  }
  [[nodiscard]] Traffic traffic() const noexcept override {
    Traffic sum = network_->traffic();
    if (!memory_) return sum;
    const Traffic near = memory_->traffic();
    return {sum.payload_bytes + near.payload_bytes, sum.overhead_bytes + near.overhead_bytes,
            sum.messages + near.messages};
  }

 private:
  std::unique_ptr<NetworkTransport> network_;
  std::unique_ptr<Transport> memory_;  // null: no other rank of the communicator is on this host
  std::vector<int> place_in_memory_;   // by rank; -1: over the network
};

class MixedConnector final : public Connector {
 public:
  MixedConnector(const Network& network, const fs::path& folder, const std::vector<std::string>& hosts,
                 const std::shared_ptr<Board>& board, std::chrono::milliseconds patience)
      : wires_(network),
        memory_(connect_processes(folder)),
        hosts_(hosts),
        control_(network, hosts, board, Clock::now() + patience, patience) {}

  std::unique_ptr<Transport> connect(const std::string& name, const std::vector<int>& members, int rank,
                                     const std::shared_ptr<Board>& board, Deadline deadline) override {
    const auto host_of = [&](int member) -> const std::string& { return hosts_.at(static_cast<std::size_t>(member)); };
    const std::string& here = host_of(members[static_cast<std::size_t>(rank)]);
    std::vector<int> near;
    std::vector<int> places(members.size(), -1);
    std::vector<bool> is_far(members.size(), true);
    for (std::size_t each = 0; each < members.size(); ++each) {
      if (host_of(members[each]) != here) continue;
      is_far[each] = false;
      places[each] = static_cast<int>(near.size());
      near.push_back(members[each]);
    }
    const int place = places[static_cast<std::size_t>(rank)];
    if (near.size() == members.size()) return memory_->connect(name, members, rank, board, deadline);
    auto memory = near.size() > 1 ? memory_->connect(name + "@" + here, near, place, board, deadline) : nullptr;
    auto network = std::make_unique<NetworkTransport>(wires_.connect(name, members, rank, is_far, *board, deadline),
                                                      board, name, members);
    return std::make_unique<MixedTransport>(std::move(network), std::move(memory), std::move(places));
  }

 private:
  Wires wires_;
  std::unique_ptr<Connector> memory_;
  std::vector<std::string> hosts_;
  ControlPlane control_;
};

}  // namespace

std::shared_ptr<Connector> connect_hosts(const Network& network, const fs::path& folder,
                                         const std::vector<std::string>& hosts, const std::shared_ptr<Board>& board,
                                         std::chrono::milliseconds patience) {
  return std::make_shared<MixedConnector>(network, folder, hosts, board, patience);
}

}  // namespace athanor::comm
