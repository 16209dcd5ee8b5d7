#include "core/comm/network_transport.h"

#include "core/base/files.h"
#include "core/comm/memory_transport.h"
#include "kernels/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <deque>
#include <gloo/rendezvous/context.h>
#include <gloo/rendezvous/prefix_store.h>
#include <gloo/transport/tcp/device.h>
#include <gloo/transport/unbound_buffer.h>
#include <mutex>
#include <sched.h>
#include <thread>
#include <utility>

namespace athanor::comm {
namespace fs = std::filesystem;
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr const char* kRemedy = "rebuild the group and go on from the last checkpoint";
constexpr int kGlooFrame = 48;  // bytes that Gloo puts before each message

// Keys as files. Gloo's own looks once a second and refuses a folder that was used before.
class FolderStore final : public gloo::rendezvous::Store {
 public:
  explicit FolderStore(fs::path folder) : folder_(std::move(folder)) {}

  void set(const std::string& key, const std::vector<char>& data) override {
    value_or_throw(write_file_atomically(file(key), {data.data(), data.size()}));
  }
  std::vector<char> get(const std::string& key) override {
    wait({key}, kDefaultTimeout);
    const std::string text = value_or_throw(read_file(file(key)));
    return {text.begin(), text.end()};
  }
  void wait(const std::vector<std::string>& keys) override { wait(keys, kDefaultTimeout); }
  void wait(const std::vector<std::string>& keys, const std::chrono::milliseconds& timeout) override {
    const auto deadline = Clock::now() + timeout;
    for (const std::string& key : keys) {
      std::error_code code;
      while (!fs::exists(file(key), code)) {
        if (Clock::now() >= deadline) throw gloo::IoException("nobody has set " + key);
        std::this_thread::sleep_for(2ms);
      }
    }
  }

 private:
  [[nodiscard]] fs::path file(std::string key) const {
    std::ranges::replace(key, '/', '-');
    return folder_ / ("key-" + key);
  }
  fs::path folder_;
};

std::uint64_t hash_of(const Stamp& stamp) {  // FNV-1a
  std::uint64_t hash = 14695981039346656037U;
  for (const std::byte each : std::as_bytes(std::span(&stamp, 1)))
    hash = (hash ^ static_cast<std::uint64_t>(each)) * 1099511628211U;
  return hash;
}

class NetworkTransport final : public Transport {
 public:
  NetworkTransport(std::shared_ptr<gloo::rendezvous::Context> context, std::string name, std::vector<int> members)
      : context_(std::move(context)),
        name_(std::move(name)),
        members_(std::move(members)),
        sent_(members_.size()),
        received_(members_.size()) {}
  ~NetworkTransport() override { close(); }

  void exchange(const Stamp& stamp, std::span<const Outgoing> out, std::span<const Incoming> in,
                Deadline deadline) override {
    begin(stamp, out, in);
    finish(stamp, deadline);
  }

  // All messages are on their way.
  void begin(const Stamp& stamp, std::span<const Outgoing> out, std::span<const Incoming> in) {
    const std::string intention = intention_of(stamp);
    for (const Incoming& message : in) {
      guard(intention, message.from, Deadline::max(),
            [&] { post(message.from, stamp, message.bytes, received_, &NetworkTransport::receive); });
    }
    for (const Outgoing& message : out) {
      const std::span bytes(const_cast<std::byte*>(message.bytes.data()), message.bytes.size());
      guard(intention, message.to, Deadline::max(),
            [&] { post(message.to, stamp, bytes, sent_, &NetworkTransport::send); });
      payload_ += static_cast<std::int64_t>(bytes.size());
      overhead_ += static_cast<std::int64_t>(sizeof(Stamp)) + kGlooFrame * (bytes.empty() ? 1 : 2);
      ++messages_;
    }
  }

  void finish(const Stamp& stamp, Deadline deadline) {
    const std::string intention = intention_of(stamp);
    for (Message& message : pending_) {
      if (!message.is_incoming) continue;
      guard(intention, message.peer, deadline, [&] { message.stamp_buffer->waitRecv(left(deadline)); });
      if (message.stamp != message.wanted) refuse_stamp(intention, message);
    }
    for (Message& message : pending_) {
      guard(intention, message.peer, deadline, [&] {
        if (message.is_incoming) {
          if (message.buffer) message.buffer->waitRecv(left(deadline));
        } else {
          message.stamp_buffer->waitSend(left(deadline));
          if (message.buffer) message.buffer->waitSend(left(deadline));
        }
      });
    }
    pending_.clear();
  }

  void cancel(std::string_view reason) noexcept override {
    {
      const std::lock_guard lock(mutex_);
      if (reason_.empty()) reason_ = reason;
    }
    close();
  }
  [[nodiscard]] Traffic traffic() const noexcept override {
    return {payload_.load(), overhead_.load(), messages_.load()};
  }

 private:
  using Buffer = std::unique_ptr<gloo::transport::UnboundBuffer>;
  struct Message {
    int peer;
    bool is_incoming;
    Stamp stamp;   // sent, or what came
    Stamp wanted;  // of an incoming one
    Buffer stamp_buffer, buffer;
  };

  void send(gloo::transport::UnboundBuffer& buffer, int peer, std::uint64_t slot) { buffer.send(peer, slot); }
  void receive(gloo::transport::UnboundBuffer& buffer, int peer, std::uint64_t slot) { buffer.recv(peer, slot); }

  // The stamp first, in a place of its own that both sides find; then the payload, in a place that only sides with the
  // same stamp have in common, so that a payload of another size is never taken for it.
  void post(int peer, const Stamp& stamp, std::span<std::byte> bytes, std::vector<std::uint64_t>& counts,
            void (NetworkTransport::*pass)(gloo::transport::UnboundBuffer&, int, std::uint64_t)) {
    const bool is_incoming = &counts == &received_;
    Message& message = pending_.emplace_back(Message{peer, is_incoming, {}, stamp, nullptr, nullptr});
    message.wanted.message_bytes = bytes.size();
    if (!is_incoming) message.stamp = message.wanted;
    const std::uint64_t slot = counts[static_cast<std::size_t>(peer)]++ << 24U;
    message.stamp_buffer = context_->createUnboundBuffer(&message.stamp, sizeof message.stamp);
    (this->*pass)(*message.stamp_buffer, peer, slot);
    if (bytes.empty()) return;
    message.buffer = context_->createUnboundBuffer(bytes.data(), bytes.size());
    (this->*pass)(*message.buffer, peer, slot | (hash_of(message.wanted) & 0x7fffffU) << 1U | 1U);
  }

  template <class Work>
  void guard(const std::string& intention, int peer, Deadline deadline, Work&& work) {
    try {
      work();
    } catch (const Failure&) {
      throw;
    } catch (const std::exception& exception) {
      pending_.clear();
      fail_with(intention, peer, deadline, exception.what());
    }
  }
  [[noreturn]] void fail_with(const std::string& intention, int peer, Deadline deadline, const std::string& what) {
    {
      const std::lock_guard lock(mutex_);
      if (!reason_.empty()) throw Failure(ErrorKind::communication, intention, reason_, kRemedy);
    }
    const std::string who = fmt::format("rank {}", members_[static_cast<std::size_t>(peer)]);
    if (Clock::now() >= deadline)
      throw DeadlinePassed(ErrorKind::communication, intention, who + " has not taken part in time", kRemedy);
    throw Failure(ErrorKind::communication, intention, who + " is lost:" + what.substr(what.find("] ") + 1), kRemedy);
  }
  [[noreturn]] void refuse_stamp(const std::string& intention, const Message& message) {
    const std::string cause = difference(members_[static_cast<std::size_t>(message.peer)], message.stamp,
                                         members_[static_cast<std::size_t>(context_->rank)], message.wanted);
    pending_.clear();
    cancel(cause);
    throw Failure(ErrorKind::communication, intention, cause, kRemedy);
  }
  [[nodiscard]] std::string intention_of(const Stamp& stamp) const {
    return fmt::format("{} in {}", to_string(stamp.op), name_);
  }
  static std::chrono::milliseconds left(Deadline deadline) {
    return std::max(1ms, std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()));
  }
  void close() noexcept {
    try {
      context_->closeConnections();
    } catch (const std::exception&) {
      return;  // they are closed
    }
  }

  std::shared_ptr<gloo::rendezvous::Context> context_;
  std::string name_;
  std::vector<int> members_;
  std::vector<std::uint64_t> sent_, received_;  // messages with each peer
  std::deque<Message> pending_;                 // their stamps stay where they are
  std::atomic<std::int64_t> payload_{0}, overhead_{0}, messages_{0};
  std::mutex mutex_;
  std::string reason_;
};

class NetworkConnector final : public Connector {
 public:
  explicit NetworkConnector(const Network& network) : store_(std::make_shared<FolderStore>(network.folder)) {
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

  std::unique_ptr<Transport> connect(const std::string& name, const std::vector<int>& members, int rank,
                                     Deadline deadline) override {
    return connect_here(name, members, rank, deadline);
  }
  std::unique_ptr<NetworkTransport> connect_here(const std::string& name, const std::vector<int>& members, int rank,
                                                 Deadline deadline) {
    try {
      auto context = std::make_shared<gloo::rendezvous::Context>(rank, static_cast<int>(members.size()));
      context->setTimeout(std::max(1ms, std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now())));
      gloo::rendezvous::PrefixStore store(name, *store_);
      context->connectFullMesh(store, device_);
      return std::make_unique<NetworkTransport>(std::move(context), name, members);
    } catch (const std::exception& exception) {
      throw Failure(ErrorKind::communication, "connect " + name,
                    fmt::format("not all of its {} ranks have come in time ({})", members.size(), exception.what()),
                    "see the logs of the others");
    }
  }

 private:
  std::shared_ptr<FolderStore> store_;
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
    if (memory_) memory_->exchange(stamp, near_out, near_in, deadline);
    network_->finish(stamp, deadline);
  }
  void cancel(std::string_view reason) noexcept override {
    network_->cancel(reason);
    if (memory_) memory_->cancel(reason);
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
  MixedConnector(const Network& network, fs::path folder, std::vector<std::string> hosts)
      : network_(network), memory_(connect_processes(std::move(folder))), hosts_(std::move(hosts)) {}

  std::unique_ptr<Transport> connect(const std::string& name, const std::vector<int>& members, int rank,
                                     Deadline deadline) override {
    const auto host_of = [&](int member) -> const std::string& { return hosts_.at(static_cast<std::size_t>(member)); };
    const std::string& here = host_of(members[static_cast<std::size_t>(rank)]);
    std::vector<int> near;
    std::vector<int> places(members.size(), -1);
    for (std::size_t each = 0; each < members.size(); ++each) {
      if (host_of(members[each]) != here) continue;
      places[each] = static_cast<int>(near.size());
      near.push_back(members[each]);
    }
    const int place = places[static_cast<std::size_t>(rank)];
    if (near.size() == members.size()) return memory_->connect(name, members, rank, deadline);
    auto memory = near.size() > 1 ? memory_->connect(name + "@" + here, near, place, deadline) : nullptr;
    return std::make_unique<MixedTransport>(network_.connect_here(name, members, rank, deadline), std::move(memory),
                                            std::move(places));
  }

 private:
  NetworkConnector network_;
  std::unique_ptr<Connector> memory_;
  std::vector<std::string> hosts_;
};

}  // namespace

std::shared_ptr<Connector> connect_hosts(const Network& network, fs::path folder, std::vector<std::string> hosts) {
  return std::make_shared<MixedConnector>(network, std::move(folder), std::move(hosts));
}

std::shared_ptr<Connector> connect_network(const Network& network) {
  return std::make_shared<NetworkConnector>(network);
}

}  // namespace athanor::comm
