#include "core/comm/ordered_communicator.h"

#include "core/comm/combine.h"
#include "core/comm/host_traffic.h"
#include "core/comm/residence.h"
#include "kernels/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <tuple>
#include <utility>

namespace athanor::comm {
namespace {

constexpr std::chrono::milliseconds kJury{300};  // that others have to come once two ranks differ
constexpr std::chrono::milliseconds kGlance{1};
constexpr std::chrono::seconds kMeeting{60};  // that the ends of links may take to come together

std::byte* bytes_of(const View& view) { return static_cast<std::byte*>(view.data); }

class OrderedCommunicator final : public Communicator {
 public:
  OrderedCommunicator(const Ground& ground, std::string name, std::vector<int> members, int rank,
                      std::chrono::milliseconds timeout, std::shared_ptr<GpuLinks> links)
      : Communicator(std::move(name), rank, static_cast<int>(members.size()), timeout),
        ground_(ground),
        members_(std::move(members)),
        host_(make_host_residence(size() > 1 ? connect() : nullptr)),
        links_(std::move(links)),
        sent_(members_.size()),
        received_(members_.size()) {}

  // Links come together with the first call that needs them.
  bool meet_on_gpus(std::shared_ptr<GpuLinks> links) override;
  [[nodiscard]] bool is_on_gpus() const noexcept override { return links_ != nullptr && size() > 1; }
  void after(std::shared_ptr<StreamMark> mark) override { mark_ = std::move(mark); }

  void cancel(std::string_view reason) noexcept override { ground_.board->note_fault(reason); }
  [[nodiscard]] Traffic traffic() const noexcept override {
    const Residence* const gpu = counted_.load(std::memory_order_acquire);
    return gpu != nullptr ? host_->traffic() + gpu->traffic() : host_->traffic();
  }

 private:
  void do_all_reduce(const Call& call, const View& data, Reduce reduce) override {
    if (size() == 1) return;
    perform(call, data, reduce, [&](const Stamp& stamp) {
      const std::int64_t count = data.numel();
      if (static_cast<std::int64_t>(storage_bytes(data.dtype, count)) <= kSmallReduction)
        return all_reduce_at_once(stamp, data, reduce);
      const auto pieces = [&](int peer) { return piece_of(count, size(), peer); };
      std::byte* base = bytes_of(data);
      reduce_pieces(stamp, base, data.dtype, pieces, base + storage_bytes(data.dtype, pieces(rank()).begin), reduce);
      gather_pieces(stamp, base, data.dtype, pieces);
    });
  }

  void do_reduce_scatter(const Call& call, const View& in, const View& out, Reduce reduce) override {
    perform(call, in, reduce, [&](const Stamp& stamp) {
      const std::int64_t each = out.numel();
      const auto pieces = [&](int peer) { return Piece{each * peer, each}; };
      reduce_pieces(stamp, bytes_of(in), in.dtype, pieces, bytes_of(out), reduce);
    });
  }

  void do_all_gather(const Call& call, const View& in, const View& out) override {
    perform(call, out, Reduce::sum, [&](const Stamp& stamp) {
      const std::int64_t each = in.numel();
      std::byte* mine = bytes_of(out) + storage_bytes(in.dtype, each * rank());
      if (mine != bytes_of(in)) at_->copy(mine, bytes_of(in), storage_bytes(in.dtype, each));
      gather_pieces(stamp, bytes_of(out), out.dtype, [&](int peer) { return Piece{each * peer, each}; });
    });
  }

  void do_reduce_pieces(const Call& call, const View& data, std::span<const Piece> given, Reduce reduce) override {
    perform(call, data, reduce, [&](const Stamp& stamp) {
      const auto pieces = [&](int peer) { return given[index(peer)]; };
      std::byte* base = bytes_of(data);
      reduce_pieces(stamp, base, data.dtype, pieces, base + storage_bytes(data.dtype, pieces(rank()).begin), reduce);
    });
  }

  void do_gather_pieces(const Call& call, const View& data, std::span<const Piece> given) override {
    perform(call, data, Reduce::sum, [&](const Stamp& stamp) {
      gather_pieces(stamp, bytes_of(data), data.dtype, [&](int peer) { return given[index(peer)]; });
    });
  }

  void do_all_to_all(const Call& call, const View& in, const View& out) override {
    perform(call, in, Reduce::sum, [&](const Stamp& stamp) {
      const std::size_t each = storage_bytes(in.dtype, in.numel() / size());
      at_->copy(bytes_of(out) + each * index(rank()), bytes_of(in) + each * index(rank()), each);
      begin();
      for (const int peer : peers_by_distance()) {
        outgoing_.push_back({peer, {bytes_of(in) + each * index(peer), each}});
        incoming_.push_back({peer, {bytes_of(out) + each * index(peer), each}});
      }
      carry(stamp);
    });
  }

  void do_broadcast(const Call& call, const View& data, int root) override {
    perform(call, data, Reduce::sum, [&](Stamp stamp) {
      stamp.root = static_cast<std::uint8_t>(root);
      broadcast(stamp, data, root);
    });
  }

  void do_send(const Call& call, const View& data, int to) override {
    perform(call, data, Reduce::sum, [&](Stamp stamp) {
      stamp.sequence = ++sent_[index(to)];
      begin();
      outgoing_.push_back({to, {bytes_of(data), storage_bytes(data.dtype, data.numel())}});
      carry(stamp);
    });
  }
  void do_receive(const Call& call, const View& data, int from) override {
    perform(call, data, Reduce::sum, [&](Stamp stamp) {
      stamp.op = Op::send;
      stamp.sequence = ++received_[index(from)];
      begin();
      incoming_.push_back({from, {bytes_of(data), storage_bytes(data.dtype, data.numel())}});
      carry(stamp);
    });
  }

  // Hensgen, Finkel, Manber 1988: in round k each rank hears of 2^k more.
  void do_barrier(const Call& call) override {
    perform(call, View(nullptr, DType::u8, Shape{0}), Reduce::sum, [&](const Stamp& stamp) {
      for (int step = 1; step < size(); step *= 2) {
        begin();
        outgoing_.push_back({(rank() + step) % size(), {}});
        incoming_.push_back({(rank() + size() - step) % size(), {}});
        carry(stamp);
      }
    });
  }

  std::unique_ptr<Communicator> do_split(const Call& call, int color, int key) override {
    std::vector<std::int64_t> wishes(2 * index(size()));
    wishes[2 * index(rank())] = color;
    wishes[2 * index(rank()) + 1] = key;
    const View data(wishes.data(), DType::i64, Shape{2});
    perform(call, data, Reduce::sum, [&](const Stamp& stamp) {
      gather_pieces(stamp, bytes_of(data), data.dtype, [](int peer) { return Piece{2 * peer, 2}; });
    });
    if (color < 0) return nullptr;
    std::vector<std::tuple<std::int64_t, int>> chosen;  // key, rank here
    for (int peer = 0; peer < size(); ++peer) {
      if (wishes[2 * index(peer)] == color) chosen.emplace_back(wishes[2 * index(peer) + 1], peer);
    }
    std::ranges::sort(chosen);
    std::vector<int> members;
    int place = 0;
    for (const auto& [wish, peer] : chosen) {
      if (peer == rank()) place = static_cast<int>(members.size());
      members.push_back(members_[index(peer)]);
    }
    return make_communicator(ground_, fmt::format("{}/{}.{}", name(), call.sequence, color), std::move(members), place,
                             timeout(), links_);
  }

  void entered(const Call& call, std::int64_t bytes, int peer) noexcept override {
    call_ = {call.op, name(), call.sequence, bytes, peer < 0 ? -1 : members_[index(peer)], 0};
    ticket_ = ground_.board->enter_call(call_);
  }
  void left(const Call&, bool) noexcept override { ground_.board->leave_call(ticket_); }

  // The others wait for this rank: they hear at once that it does not come.
  std::unique_ptr<Transport> connect() {
    try {
      return ground_.connector->connect(name(), members_, rank(), ground_.board,
                                        std::chrono::steady_clock::now() + timeout());
    } catch (const std::exception& exception) {
      const auto* failure = dynamic_cast<const Failure*>(&exception);
      const bool is_of_others = failure != nullptr && failure->error().kind == ErrorKind::communication;
      ground_.board->note_fault(is_of_others ? failure->error().cause : gave_up(exception));
      throw;
    }
  }

  [[nodiscard]] std::string gave_up(const std::exception& exception) const {
    return fmt::format("rank {} could not go on: {}", ground_.board->rank(), exception.what());
  }

  static std::size_t index(int rank) { return static_cast<std::size_t>(rank); }
  static std::span<std::byte> part(const View& data, Piece piece) {
    return {bytes_of(data) + storage_bytes(data.dtype, piece.begin), storage_bytes(data.dtype, piece.count)};
  }
  void begin() {
    outgoing_.clear();
    incoming_.clear();
  }
  // Each rank begins with another peer, so that no one is asked by all at once.
  [[nodiscard]] std::vector<int> peers_by_distance() const {
    std::vector<int> peers;
    for (int distance = 1; distance < size(); ++distance) peers.push_back((rank() + distance) % size());
    return peers;
  }

  // A call on numbers that lie where those of `data` do. Work is told what its messages say of it.
  template <class Work>
  void perform(const Call& call, const View& data, Reduce reduce, const Work& work) {
    const Stamp stamp{call.sequence, call.op, data.dtype, reduce, 0, storage_bytes(data.dtype, data.numel()), 0};
    at_ = host_.get();
    deadline_ = call.deadline;
    bool is_on_gpu = false;
    const auto note = [&](const std::exception& exception) {
      if (is_on_gpu)
        ground_.board->note_fault(gave_up(exception));  // the others' numbers may be under way to this rank
    };
    try {
      is_on_gpu = is_on_gpus() && data.present() && is_cuda_memory(data.data, links_->device());
      if (is_on_gpu) go_to_gpus(call, stamp);
      try {
        work(stamp);
        at_->finish(stamp, deadline_);
      } catch (...) {
        if (is_on_gpu) gpu_->give_up();
        throw;
      }
    } catch (const DeadlinePassed& failure) {
      // What the others say of themselves is nearer to the cause than who was waited for.
      end_with(failure.error(), ground_.board->explain(members_, call_).value_or(failure.error().cause));
    } catch (const CallsDiffer& failure) {
      end_with(failure.error(), find_odd_one().value_or(failure.error().cause));
    } catch (const Failure& failure) {
      if (failure.error().kind == ErrorKind::communication) end_with(failure.error(), failure.error().cause);
      note(failure);
      throw;
    } catch (const std::exception& exception) {
      note(exception);
      throw;
    }
  }
  void go_to_gpus(const Call& call, Stamp stamp) {
    if (!gpu_) {
      if (stamp.op == Op::receive) stamp.op = Op::send;
      if (call.sequence == 0 && size() > 2)
        throw Failure(ErrorKind::internal, fmt::format("{} in {}", to_string(call.op), name()),
                      "ranks on GPUs begin with a collective");
      std::vector<GpuLinks::Id> ids(index(size()));
      if (rank() == 0) ids.front() = links_->make_id();
      constexpr std::int64_t kBytes = sizeof(GpuLinks::Id);
      gather_pieces(stamp, ids.front().data(), DType::u8, [](int peer) { return Piece{kBytes * peer, kBytes}; });
      gpu_ = make_gpu_residence(links_->connect(ids.front(), size(), rank()), links_->device(), *host_, ground_.board,
                                std::max(call.deadline, std::chrono::steady_clock::now() + kMeeting));
      counted_.store(gpu_.get(), std::memory_order_release);
      deadline_ = std::chrono::steady_clock::now() + timeout();
    }
    gpu_->begin(std::exchange(mark_, nullptr));
    at_ = gpu_.get();
  }
  void carry(const Stamp& stamp) {
    if (!outgoing_.empty() || !incoming_.empty()) at_->exchange(stamp, outgoing_, incoming_, deadline_);
  }
  // A message tells of two ranks; which of them is wrong, the others tell, once they have come.
  [[nodiscard]] std::optional<std::string> find_odd_one() const {
    if (members_.size() < 3) return std::nullopt;
    const auto give_up = std::chrono::steady_clock::now() + kJury;
    for (; !ground_.board->has_fault(); std::this_thread::sleep_for(kGlance)) {
      if (auto odd = ground_.board->odd_one(members_, call_)) return odd;
      if (std::chrono::steady_clock::now() > give_up) break;
    }
    return std::nullopt;
  }
  // Everywhere with the first cause.
  [[noreturn]] void end_with(Error error, const std::string& cause) {
    ground_.board->note_fault(cause);
    error.cause = ground_.board->fault().value_or(cause);
    throw Failure(std::move(error));
  }

  void broadcast(const Stamp& stamp, const View& data, int root) {
    const std::size_t all = storage_bytes(data.dtype, data.numel());
    const bool in_pieces = static_cast<std::int64_t>(all) > kTwoPhases && size() > 2;
    const auto pieces = [&](int peer) { return piece_of(data.numel(), size(), peer); };
    begin();
    // An empty message back to the root, so that two roots hear of each other.
    for (const int peer : peers_by_distance()) {
      if (rank() != root) break;
      outgoing_.push_back({peer, in_pieces ? part(data, pieces(peer)) : std::span(bytes_of(data), all)});
      incoming_.push_back({peer, {}});
    }
    if (rank() != root) {
      outgoing_.push_back({root, {}});
      incoming_.push_back({root, in_pieces ? part(data, pieces(rank())) : std::span(bytes_of(data), all)});
    }
    carry(stamp);
    if (in_pieces) gather_pieces(stamp, bytes_of(data), data.dtype, pieces);
  }

  void all_reduce_at_once(const Stamp& stamp, const View& data, Reduce reduce) {
    const std::size_t bytes = storage_bytes(data.dtype, data.numel());
    std::byte* const room = at_->room(bytes * index(size()));
    begin();
    std::vector<const std::byte*> parts(index(size()));
    for (const int peer : peers_by_distance()) {
      std::byte* place = room + bytes * index(peer);
      parts[index(peer)] = place;
      outgoing_.push_back({peer, {bytes_of(data), bytes}});
      incoming_.push_back({peer, {place, bytes}});
    }
    parts[index(rank())] = bytes_of(data);
    carry(stamp);
    at_->combine(parts, bytes_of(data), data.numel(), data.dtype, reduce);
  }

  // Every rank gets its piece of all ranks' arrays and combines them into `out`, a segment at a time.
  template <class Pieces>
  void reduce_pieces(const Stamp& stamp, std::byte* base, DType dtype, const Pieces& pieces, std::byte* out,
                     Reduce reduce) {
    const std::int64_t segment = at_->segment_bytes() * 8 / size_bits(dtype);
    std::int64_t longest = 0;
    for (int peer = 0; peer < size(); ++peer) longest = std::max(longest, pieces(peer).count);
    const auto cut = [&](const Piece& piece, std::int64_t at) {
      const std::int64_t from = std::min(at, piece.count);
      return Piece{piece.begin + from, std::min(segment, piece.count - from)};
    };
    for (std::int64_t at = 0; at < longest; at += segment) {
      const Piece mine = cut(pieces(rank()), at);
      const auto bytes = storage_bytes(dtype, mine.count);
      std::byte* const room = at_->room(bytes * index(size()));
      begin();
      std::vector<const std::byte*> parts(index(size()));
      for (const int peer : peers_by_distance()) {
        const Piece theirs = cut(pieces(peer), at);
        std::byte* place = room + bytes * index(peer);
        parts[index(peer)] = place;
        if (theirs.count > 0)
          outgoing_.push_back({peer, {base + storage_bytes(dtype, theirs.begin), storage_bytes(dtype, theirs.count)}});
        if (mine.count > 0) incoming_.push_back({peer, {place, bytes}});
      }
      parts[index(rank())] = base + storage_bytes(dtype, mine.begin);
      carry(stamp);
      at_->combine(parts, out + storage_bytes(dtype, at), mine.count, dtype, reduce);
    }
  }

  template <class Pieces>
  void gather_pieces(const Stamp& stamp, std::byte* base, DType dtype, const Pieces& pieces) {
    begin();
    const Piece mine = pieces(rank());
    for (const int peer : peers_by_distance()) {
      const Piece theirs = pieces(peer);
      if (mine.count > 0)
        outgoing_.push_back({peer, {base + storage_bytes(dtype, mine.begin), storage_bytes(dtype, mine.count)}});
      if (theirs.count > 0)
        incoming_.push_back({peer, {base + storage_bytes(dtype, theirs.begin), storage_bytes(dtype, theirs.count)}});
    }
    carry(stamp);
  }

  Ground ground_;
  std::vector<int> members_;
  std::unique_ptr<Residence> host_;
  std::shared_ptr<GpuLinks> links_;                 // null where ranks have not met on their GPUs
  std::unique_ptr<GpuResidence> gpu_;               // once numbers lay there
  std::atomic<const Residence*> counted_{nullptr};  // the same, for traffic()
  std::shared_ptr<StreamMark> mark_;                // that the next call waits for there
  Residence* at_ = nullptr;                         // of the numbers of this call
  Deadline deadline_;                               // of this call
  CallStatus call_;                                 // it is in, or was
  int ticket_ = -1;
  std::vector<std::uint32_t> sent_, received_;  // messages with each peer
  std::vector<Outgoing> outgoing_;
  std::vector<Incoming> incoming_;
};

bool OrderedCommunicator::meet_on_gpus(std::shared_ptr<GpuLinks> links) {
  using Place = std::array<char, 128>;
  std::vector<Place> places(index(size()));
  Place& mine = places[index(rank())];
  if (links) links->place().copy(mine.data(), mine.size() - 1);
  const auto bytes = [](auto& values) {
    return View(values.data(), DType::u8, Shape{static_cast<std::int64_t>(std::span(values).size_bytes())});
  };
  all_gather(bytes(mine), bytes(places));
  std::ranges::sort(places);
  const bool meets = places.front() != Place{} && std::ranges::adjacent_find(places) == places.end();
  links_ = meets ? std::move(links) : nullptr;
  return meets;
}

}  // namespace

std::unique_ptr<Communicator> make_communicator(const Ground& ground, std::string name, std::vector<int> members,
                                                int rank, std::chrono::milliseconds timeout,
                                                std::shared_ptr<GpuLinks> links) {
  return std::make_unique<OrderedCommunicator>(ground, std::move(name), std::move(members), rank, timeout,
                                               std::move(links));
}

}  // namespace athanor::comm
