// Ranks that compute together: one interface for collectives and messages, whatever carries them. Every wait has a
// deadline; a lost peer, a passed deadline and a call that the others do not make are Failures(communication) that name
// the rank, the operation and the cause. All ranks call the same operations in the same order with the same sizes;
// where they do not, that is found from the first message on, before anything hangs.
//
// Sums have one order that depends on nothing but the number of ranks: neighbours first, ((0+1)+(2+3))+((4+5)+…), as a
// binary counter adds its leaves. So a sum over four ranks has the bits of a sum over two ranks that each added two
// neighbours before (Blelloch's tree order); see combine.h.
//
// Views are contiguous. A communicator is used by one thread at a time; different communicators do not disturb each
// other, so each lane of work has one of its own (split()).
#pragma once

#include "kernels/base/view.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace athanor {
class StreamMark;
}

namespace athanor::comm {

class GpuLinks;

enum class Reduce : std::uint8_t { sum, max, min };
[[nodiscard]] const char* to_string(Reduce reduce) noexcept;

enum class Op : std::uint8_t {
  none,
  all_reduce,
  reduce_scatter,
  all_gather,
  all_to_all,
  broadcast,
  send,
  receive,
  barrier,
  split
};
[[nodiscard]] const char* to_string(Op op) noexcept;

// Numbers of an array that belong to one rank.
struct Piece {
  std::int64_t begin = 0, count = 0;
};

// What this rank has sent, as the transport counted it.
struct Traffic {
  std::int64_t payload_bytes = 0;
  std::int64_t overhead_bytes = 0;  // frames around the payload
  std::int64_t messages = 0;
};

class Communicator {
 public:
  virtual ~Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  [[nodiscard]] int rank() const noexcept { return rank_; }
  [[nodiscard]] int size() const noexcept { return size_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  // f32, f64, i64, i32 and u8, in place; on GPUs f32.
  void all_reduce(const View& data, Reduce reduce = Reduce::sum);
  // `in` holds size() pieces of out's shape, one for each rank.
  void reduce_scatter(const View& in, const View& out, Reduce reduce = Reduce::sum);
  // `out` holds size() pieces of in's size; `in` may be the piece of this rank.
  void all_gather(const View& in, const View& out);
  // The same in place and for pieces of any length, one for each rank; what is left in `data` outside the rank's own
  // piece after a reduction is of no use.
  void reduce_scatter(const View& data, std::span<const Piece> pieces, Reduce reduce = Reduce::sum);
  void all_gather(const View& data, std::span<const Piece> pieces);
  // Piece i of `in` goes to rank i; piece i of `out` comes from rank i. The two do not overlap.
  void all_to_all(const View& in, const View& out);
  void broadcast(const View& data, int root);
  // Returns once `data` may be used again, which may be when the other has received it. Messages between two ranks
  // arrive in the order they were sent.
  void send(const View& data, int to);
  void receive(const View& data, int from);
  void barrier();
  // A communicator of all ranks that name the same color, ordered by key, then by rank here. Null for a negative color.
  [[nodiscard]] std::unique_ptr<Communicator> split(int color, int key);

  // From now on views may lie in the memory of the GPU of `links`, which is null where a rank has none, also of groups
  // that are split off: a call that all make. False on all, and nothing changed, where one has none or two share one;
  // then numbers go through the host. Where true, numbers of one call lie on the GPUs of all ranks or of none. GPUs of
  // more than two ranks begin with a collective.
  [[nodiscard]] virtual bool meet_on_gpus(std::shared_ptr<GpuLinks> /*links*/) { return false; }
  [[nodiscard]] virtual bool is_on_gpus() const noexcept { return false; }
  // What the next call does on the GPU begins once `mark`, which may be null, is reached; when it returns, all is done.
  virtual void after(std::shared_ptr<StreamMark> /*mark*/) {}

  // Every wait of every rank ends with a Failure that gives this reason. From any thread.
  virtual void cancel(std::string_view reason) noexcept = 0;
  [[nodiscard]] virtual Traffic traffic() const noexcept = 0;

  // Of each call; as the group was made, until changed.
  void set_timeout(std::chrono::milliseconds timeout) noexcept { timeout_ = timeout; }
  [[nodiscard]] std::chrono::milliseconds timeout() const noexcept { return timeout_; }

 protected:
  using Deadline = std::chrono::steady_clock::time_point;
  // What a call is, on every rank alike.
  struct Call {
    Op op = Op::none;
    std::uint32_t sequence = 0;  // counts the collectives of this communicator from 1; 0 for send and receive
    Deadline deadline;
  };

  Communicator(std::string name, int rank, int size, std::chrono::milliseconds timeout)
      : name_(std::move(name)), rank_(rank), size_(size), timeout_(timeout) {}

 private:
  virtual void do_all_reduce(const Call& call, const View& data, Reduce reduce) = 0;
  virtual void do_reduce_scatter(const Call& call, const View& in, const View& out, Reduce reduce) = 0;
  virtual void do_all_gather(const Call& call, const View& in, const View& out) = 0;
  virtual void do_reduce_pieces(const Call& call, const View& data, std::span<const Piece> pieces, Reduce reduce) = 0;
  virtual void do_gather_pieces(const Call& call, const View& data, std::span<const Piece> pieces) = 0;
  virtual void do_all_to_all(const Call& call, const View& in, const View& out) = 0;
  virtual void do_broadcast(const Call& call, const View& data, int root) = 0;
  virtual void do_send(const Call& call, const View& data, int to) = 0;
  virtual void do_receive(const Call& call, const View& data, int from) = 0;
  virtual void do_barrier(const Call& call) = 0;
  virtual std::unique_ptr<Communicator> do_split(const Call& call, int color, int key) = 0;
  // Around every call, for the flight recorder. `peer` is -1 where there is no single one.
  virtual void entered(const Call& call, std::int64_t bytes, int peer) noexcept = 0;
  virtual void left(const Call& call, bool done) noexcept = 0;

  void check_pieces(Op op, const View& data, std::span<const Piece> pieces) const;
  template <class Work>
  auto make_call(Op op, std::int64_t bytes, int peer, Work&& work);

  std::string name_;
  int rank_;
  int size_;
  std::chrono::milliseconds timeout_;
  std::uint32_t sequence_ = 0;
};

}  // namespace athanor::comm
