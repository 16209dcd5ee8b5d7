#include "core/comm/communicator.h"

#include "kernels/base/error.h"

#include <fmt/format.h>

namespace athanor::comm {
namespace {

std::int64_t bytes_of(const View& view) { return static_cast<std::int64_t>(storage_bytes(view.dtype, view.numel())); }

[[noreturn]] void refuse(Op op, const std::string& name, const std::string& cause) {
  throw Failure(ErrorKind::internal, fmt::format("{} in {}", to_string(op), name), cause);
}

}  // namespace

const char* to_string(Reduce reduce) noexcept {
  switch (reduce) {
    case Reduce::sum: return "sum";
    case Reduce::max: return "max";
    case Reduce::min: return "min";
  }
  return "?";
}

const char* to_string(Op op) noexcept {
  switch (op) {
    case Op::none: return "none";
    case Op::all_reduce: return "all_reduce";
    case Op::reduce_scatter: return "reduce_scatter";
    case Op::all_gather: return "all_gather";
    case Op::all_to_all: return "all_to_all";
    case Op::broadcast: return "broadcast";
    case Op::send: return "send";
    case Op::receive: return "receive";
    case Op::barrier: return "barrier";
    case Op::split: return "split";
  }
  return "?";
}

template <class Work>
auto Communicator::make_call(Op op, std::int64_t bytes, int peer, Work&& work) {
  const bool is_collective = op != Op::send && op != Op::receive;
  const Call call{op, is_collective ? ++sequence_ : 0, std::chrono::steady_clock::now() + timeout_};
  entered(call, bytes, peer);
  struct Leave {
    Communicator& communicator;
    const Call& call;
    bool done = false;
    ~Leave() { communicator.left(call, done); }
  } leave{*this, call};
  if constexpr (std::is_void_v<decltype(work(call))>) {
    work(call);
    leave.done = true;
  } else {
    auto result = work(call);
    leave.done = true;
    return result;
  }
}

void Communicator::all_reduce(const View& data, Reduce reduce) {
  if (!data.contiguous()) refuse(Op::all_reduce, name_, "the data is not contiguous");
  make_call(Op::all_reduce, bytes_of(data), -1, [&](const Call& call) { do_all_reduce(call, data, reduce); });
}

void Communicator::reduce_scatter(const View& in, const View& out, Reduce reduce) {
  if (in.dtype != out.dtype || in.numel() != out.numel() * size_ || !in.contiguous() || !out.contiguous())
    refuse(Op::reduce_scatter, name_,
           fmt::format("{} numbers cannot be given out as {} to each of {} ranks", in.numel(), out.numel(), size_));
  make_call(Op::reduce_scatter, bytes_of(in), -1, [&](const Call& call) { do_reduce_scatter(call, in, out, reduce); });
}

void Communicator::all_gather(const View& in, const View& out) {
  if (in.dtype != out.dtype || out.numel() != in.numel() * size_ || !in.contiguous() || !out.contiguous())
    refuse(Op::all_gather, name_,
           fmt::format("{} numbers of each of {} ranks do not fit into {}", in.numel(), size_, out.numel()));
  make_call(Op::all_gather, bytes_of(out), -1, [&](const Call& call) { do_all_gather(call, in, out); });
}

void Communicator::check_pieces(Op op, const View& data, std::span<const Piece> pieces) const {
  bool fit = data.contiguous() && pieces.size() == static_cast<std::size_t>(size_);
  for (const Piece& piece : pieces)
    fit = fit && piece.begin >= 0 && piece.count >= 0 && piece.begin + piece.count <= data.numel();
  if (!fit)
    refuse(op, name_,
           fmt::format("{} pieces of {} numbers are not one for each of {} ranks", pieces.size(), data.numel(), size_));
}

void Communicator::reduce_scatter(const View& data, std::span<const Piece> pieces, Reduce reduce) {
  check_pieces(Op::reduce_scatter, data, pieces);
  make_call(Op::reduce_scatter, bytes_of(data), -1,
            [&](const Call& call) { do_reduce_pieces(call, data, pieces, reduce); });
}

void Communicator::all_gather(const View& data, std::span<const Piece> pieces) {
  check_pieces(Op::all_gather, data, pieces);
  make_call(Op::all_gather, bytes_of(data), -1, [&](const Call& call) { do_gather_pieces(call, data, pieces); });
}

void Communicator::all_to_all(const View& in, const View& out) {
  if (in.dtype != out.dtype || in.numel() != out.numel() || in.numel() % size_ != 0 || !in.contiguous() ||
      !out.contiguous())
    refuse(Op::all_to_all, name_,
           fmt::format("{} and {} numbers are not one piece for each of {} ranks", in.numel(), out.numel(), size_));
  make_call(Op::all_to_all, bytes_of(in), -1, [&](const Call& call) { do_all_to_all(call, in, out); });
}

void Communicator::broadcast(const View& data, int root) {
  if (root < 0 || root >= size_ || !data.contiguous())
    refuse(Op::broadcast, name_, fmt::format("there is no rank {}", root));
  make_call(Op::broadcast, bytes_of(data), root, [&](const Call& call) { do_broadcast(call, data, root); });
}

void Communicator::send(const View& data, int to) {
  if (to < 0 || to >= size_ || to == rank_ || !data.contiguous())
    refuse(Op::send, name_, fmt::format("rank {} cannot send to {}", rank_, to));
  make_call(Op::send, bytes_of(data), to, [&](const Call& call) { do_send(call, data, to); });
}

void Communicator::receive(const View& data, int from) {
  if (from < 0 || from >= size_ || from == rank_ || !data.contiguous())
    refuse(Op::receive, name_, fmt::format("rank {} cannot receive from {}", rank_, from));
  make_call(Op::receive, bytes_of(data), from, [&](const Call& call) { do_receive(call, data, from); });
}

void Communicator::barrier() {
  make_call(Op::barrier, 0, -1, [&](const Call& call) { do_barrier(call); });
}

std::unique_ptr<Communicator> Communicator::split(int color, int key) {
  return make_call(Op::split, 0, -1, [&](const Call& call) { return do_split(call, color, key); });
}

}  // namespace athanor::comm
