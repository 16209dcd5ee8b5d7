#include "core/comm/memory_transport.h"

#include "core/comm/meeting.h"
#include "core/comm/ring.h"
#include "kernels/base/error.h"

#include <climits>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <ctime>
#include <exception>
#include <linux/futex.h>
#include <map>
#include <mutex>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace athanor::comm {
namespace fs = std::filesystem;
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kLargestRing = 256 << 10;
constexpr std::size_t kSmallestRing = 16 << 10;
constexpr std::size_t kAllRings = 64 << 20;  // of one communicator, where its ranks are many
constexpr int kLooks = 64;                   // at everything, before the core is given to another thread
constexpr int kYields = 32;                  // before it sleeps
constexpr auto kSleep = 2ms;                 // between looks at the group's fault

// What each rank shares of itself.
struct alignas(64) Place {
  std::atomic<std::uint32_t> bell;      // rung by peers that moved bytes to or from this rank
  std::atomic<std::uint32_t> sleeping;  // it waits for the bell
  std::atomic<std::uint32_t> come;
  std::atomic<std::uint32_t> left;  // its transport is gone
};

std::size_t ring_bytes(int size) {
  std::size_t bytes = kLargestRing;
  const auto pairs = static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
  while (bytes > kSmallestRing && bytes * pairs > kAllRings) bytes /= 2;
  return bytes;
}

std::size_t region_bytes(int size) {
  const auto ranks = static_cast<std::size_t>(size);
  return ranks * sizeof(Place) + ranks * ranks * (sizeof(RingHead) + ring_bytes(size));
}

void wait_for_bell(Place& place, std::uint32_t heard) {
  timespec time{0, std::chrono::nanoseconds(kSleep).count()};
  ::syscall(SYS_futex, &place.bell, FUTEX_WAIT, heard, &time, nullptr, 0);
}

class MemoryTransport final : public Transport {
 public:
  MemoryTransport(std::shared_ptr<Region> region, std::shared_ptr<Board> board, std::string name,
                  std::vector<int> members, int rank)
      : region_(std::move(region)),
        board_(std::move(board)),
        name_(std::move(name)),
        members_(std::move(members)),
        rank_(rank),
        size_(static_cast<int>(members_.size())),
        waits_(members_.size()) {
    std::byte* at = region_->data();
    places_ = reinterpret_cast<Place*>(at);
    at += static_cast<std::size_t>(size_) * sizeof(Place);
    const std::size_t capacity = ring_bytes(size_);
    const auto pairs = static_cast<std::size_t>(size_) * static_cast<std::size_t>(size_);
    auto* heads = reinterpret_cast<RingHead*>(at);
    at += pairs * sizeof(RingHead);
    for (int peer = 0; peer < size_; ++peer) {
      const std::size_t there = pair(rank_, peer);
      const std::size_t here = pair(peer, rank_);
      to_.emplace_back(heads + there, at + there * capacity, capacity);
      from_.emplace_back(heads + here, at + here * capacity, capacity);
    }
    place(rank_).come.store(1);
  }
  ~MemoryTransport() override {
    // An exception on its way out is the cause, and nobody knows it yet; leaving is not.
    if (std::uncaught_exceptions() > exceptions_) return;
    place(rank_).left.store(1);
    for (int peer = 0; peer < size_; ++peer) ring_bell(peer);
  }

  void await_all(Deadline deadline) {
    await_ranks(*board_, "connect " + name_, deadline, [&] {
      std::vector<int> missing;
      for (int peer = 0; peer < size_; ++peer)
        if (place(peer).come.load() == 0) missing.push_back(whole_rank(peer));
      return missing;
    });
  }

  void exchange(const Stamp& stamp, std::span<const Outgoing> out, std::span<const Incoming> in,
                Deadline deadline) override {
    std::vector<Sending> sending;
    std::vector<Receiving> receiving;
    for (const Outgoing& message : out)
      sending.push_back({message.to, stamp_of(stamp, message.bytes.size()), message.bytes});
    for (const Incoming& message : in)
      receiving.push_back({message.from, stamp_of(stamp, message.bytes.size()), message.bytes});
    int idle = 0;  // looks at everything since something moved
    for (unsigned turn = 1; !sending.empty() || !receiving.empty(); ++turn) {
      const std::uint32_t heard = place(rank_).bell.load();
      if (board_->has_fault()) fail_with(stamp, *board_->fault());
      if (move(sending, receiving)) {
        idle = 0;
      } else if (++idle > kLooks + kYields) {
        look_for_ends(stamp, sending, receiving);
        sleep(heard, sending, receiving);
      } else if (idle > kLooks) {
        std::this_thread::yield();
      }
      if (turn % kLooks == 0 || idle >= kLooks) look_at_deadline(stamp, sending, receiving, deadline);
    }
  }

  [[nodiscard]] Traffic traffic() const noexcept override {
    return {payload_.load(std::memory_order_relaxed), overhead_.load(std::memory_order_relaxed),
            messages_.load(std::memory_order_relaxed)};
  }

 private:
  struct Sending {
    int to;
    Stamp stamp;
    std::span<const std::byte> left;
    std::size_t stamped = 0;  // bytes of the stamp that are written
  };
  struct Receiving {
    int from;
    Stamp wanted;
    std::span<std::byte> left;
    Stamp found{};
    std::size_t stamped = 0;
  };

  static Stamp stamp_of(Stamp stamp, std::size_t bytes) {
    stamp.message_bytes = bytes;
    return stamp;
  }
  [[nodiscard]] std::size_t pair(int from, int to) const {
    return static_cast<std::size_t>(from) * static_cast<std::size_t>(size_) + static_cast<std::size_t>(to);
  }
  [[nodiscard]] Place& place(int peer) const { return places_[peer]; }

  // Each message as far as it goes; those between the same ranks in their order. Whether anything moved.
  bool move(std::vector<Sending>& sending, std::vector<Receiving>& receiving) {
    bool moved = false;
    std::fill(waits_.begin(), waits_.end(), false);
    for (Sending& each : sending) {
      if (waits_[static_cast<std::size_t>(each.to)]) continue;
      if (send_some(each)) {
        moved = true;
        ring_bell(each.to);
      }
      waits_[static_cast<std::size_t>(each.to)] = !done(each);
    }
    std::fill(waits_.begin(), waits_.end(), false);
    for (Receiving& each : receiving) {
      if (waits_[static_cast<std::size_t>(each.from)]) continue;
      if (receive_some(each)) {
        moved = true;
        ring_bell(each.from);
      }
      waits_[static_cast<std::size_t>(each.from)] = !done(each);
    }
    std::erase_if(sending, [](const Sending& each) { return done(each); });
    std::erase_if(receiving, [](const Receiving& each) { return done(each); });
    return moved;
  }
  template <class Message>
  static bool done(const Message& message) {
    return message.stamped == sizeof(Stamp) && message.left.empty();
  }

  bool send_some(Sending& message) {
    Ring& ring = to_[static_cast<std::size_t>(message.to)];
    std::size_t moved = 0;
    if (message.stamped < sizeof(Stamp)) {
      const std::size_t n = ring.write(std::as_bytes(std::span(&message.stamp, 1)).subspan(message.stamped));
      message.stamped += n;
      moved += n;
      if (message.stamped == sizeof(Stamp)) {
        overhead_.fetch_add(sizeof(Stamp), std::memory_order_relaxed);
        messages_.fetch_add(1, std::memory_order_relaxed);
      }
    }
    if (message.stamped == sizeof(Stamp) && !message.left.empty()) {
      const std::size_t n = ring.write(message.left);
      message.left = message.left.subspan(n);
      payload_.fetch_add(static_cast<std::int64_t>(n), std::memory_order_relaxed);
      moved += n;
    }
    return moved > 0;
  }

  bool receive_some(Receiving& message) {
    Ring& ring = from_[static_cast<std::size_t>(message.from)];
    std::size_t moved = 0;
    if (message.stamped < sizeof(Stamp)) {
      moved = ring.read(std::as_writable_bytes(std::span(&message.found, 1)).subspan(message.stamped));
      message.stamped += moved;
      if (message.stamped == sizeof(Stamp) && message.found != message.wanted) refuse_stamp(message);
    }
    if (message.stamped == sizeof(Stamp) && !message.left.empty()) {
      const std::size_t n = ring.read(message.left);
      message.left = message.left.subspan(n);
      moved += n;
    }
    return moved > 0;
  }

  [[noreturn]] void refuse_stamp(const Receiving& message) {
    throw CallsDiffer(ErrorKind::communication, intention_of(message.wanted),
                      difference(whole_rank(message.from), message.found, whole_rank(rank_), message.wanted), kRebuild);
  }
  [[nodiscard]] int whole_rank(int rank) const { return members_[static_cast<std::size_t>(rank)]; }

  void ring_bell(int peer) const {
    if (peer == rank_) return;
    Place& there = place(peer);
    std::atomic_thread_fence(std::memory_order_seq_cst);  // what was moved is seen before it is seen that nobody sleeps
    if (there.sleeping.load(std::memory_order_relaxed) == 0) return;
    there.bell.fetch_add(1);
    ::syscall(SYS_futex, &there.bell, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
  }

  void sleep(std::uint32_t heard, std::vector<Sending>& sending, std::vector<Receiving>& receiving) {
    Place& mine = place(rank_);
    mine.sleeping.store(1);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!move(sending, receiving)) wait_for_bell(mine, heard);
    mine.sleeping.store(0);
  }

  void look_at_deadline(const Stamp& stamp, const std::vector<Sending>& sending,
                        const std::vector<Receiving>& receiving, Deadline deadline) const {
    if (Clock::now() < deadline || (sending.empty() && receiving.empty())) return;
    const int peer = receiving.empty() ? sending.front().to : receiving.front().from;
    throw DeadlinePassed(ErrorKind::communication, intention_of(stamp),
                         fmt::format("rank {} has not taken part in call {} in time", whole_rank(peer), stamp.sequence),
                         kRebuild);
  }

  void look_for_ends(const Stamp& stamp, std::vector<Sending>& sending, std::vector<Receiving>& receiving) {
    const auto has_left = [&](int peer) { return place(peer).left.load() != 0 || board_->has_left(whole_rank(peer)); };
    int gone = -1;
    for (const Sending& each : sending) gone = gone < 0 && has_left(each.to) ? each.to : gone;
    for (const Receiving& each : receiving) gone = gone < 0 && has_left(each.from) ? each.from : gone;
    // What it had written before its end is not lost, and its fault comes before its leaving.
    if (gone < 0 || move(sending, receiving)) return;
    fail_with(stamp, board_->fault().value_or(fmt::format("rank {} has left", whole_rank(gone))));
  }

  [[nodiscard]] std::string intention_of(const Stamp& stamp) const {
    return fmt::format("{} in {}", to_string(stamp.op), name_);
  }
  [[noreturn]] void fail_with(const Stamp& stamp, const std::string& cause) const {
    throw Failure(ErrorKind::communication, intention_of(stamp), cause, kRebuild);
  }

  std::shared_ptr<Region> region_;
  std::shared_ptr<Board> board_;
  std::string name_;
  std::vector<int> members_;
  int rank_;
  int size_;
  Place* places_;
  std::vector<Ring> to_, from_;
  std::vector<bool> waits_;  // by peer: an earlier message of this exchange is not through
  std::atomic<std::int64_t> payload_{0}, overhead_{0}, messages_{0};
  int exceptions_ = std::uncaught_exceptions();
};

class ThreadConnector final : public Connector {
 public:
  std::unique_ptr<Transport> connect(const std::string& name, const std::vector<int>& members, int rank,
                                     const std::shared_ptr<Board>& board, Deadline deadline) override {
    auto transport =
        std::make_unique<MemoryTransport>(region(name, static_cast<int>(members.size())), board, name, members, rank);
    transport->await_all(deadline);
    return transport;
  }

 private:
  struct Meeting {
    std::shared_ptr<Region> region;
    int awaited = 0;
  };
  std::shared_ptr<Region> region(const std::string& name, int size) {
    const std::lock_guard lock(mutex_);
    Meeting& meeting = meetings_[name];
    if (!meeting.region) meeting = {Region::of_process(region_bytes(size)), size};
    auto region = meeting.region;
    if (--meeting.awaited == 0) meetings_.erase(name);
    return region;
  }

  std::mutex mutex_;
  std::map<std::string, Meeting> meetings_;
};

class ProcessConnector final : public Connector {
 public:
  explicit ProcessConnector(fs::path folder) : folder_(std::move(folder)) {}

  std::unique_ptr<Transport> connect(const std::string& name, const std::vector<int>& members, int rank,
                                     const std::shared_ptr<Board>& board, Deadline deadline) override {
    const fs::path file = folder_ / file_name(name);
    const Unlink unlink{file};  // its memory stays as long as somebody uses it
    auto region = Region::of_file(file, region_bytes(static_cast<int>(members.size())));
    auto transport = std::make_unique<MemoryTransport>(std::move(region), board, name, members, rank);
    transport->await_all(deadline);
    return transport;
  }

 private:
  struct Unlink {
    fs::path file;
    ~Unlink() {
      std::error_code ignored;
      fs::remove(file, ignored);
    }
  };
  static std::string file_name(std::string name) {
    std::ranges::replace(name, '/', '-');
    return name;
  }

  fs::path folder_;
};

}  // namespace

std::unique_ptr<Connector> connect_threads() { return std::make_unique<ThreadConnector>(); }

std::unique_ptr<Connector> connect_processes(fs::path folder) {
  return std::make_unique<ProcessConnector>(std::move(folder));
}

}  // namespace athanor::comm
