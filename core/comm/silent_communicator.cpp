#include "core/comm/silent_communicator.h"

#include "core/comm/host_traffic.h"

#include <cstring>
#include <mutex>
#include <utility>

namespace athanor::comm {
namespace {

std::int64_t bytes_of(const View& view) { return static_cast<std::int64_t>(storage_bytes(view.dtype, view.numel())); }

}  // namespace

// Lanes count from threads of their own.
struct SilentCommunicator::Counter {
  mutable std::mutex mutex;
  Traffic sent;

  void add(const Traffic& traffic) {
    const std::lock_guard lock(mutex);
    sent = sent + traffic;
  }
};

SilentCommunicator::SilentCommunicator(int size, int rank, bool is_on_gpus)
    : SilentCommunicator(size, rank, is_on_gpus, std::make_shared<Counter>()) {}

SilentCommunicator::SilentCommunicator(int size, int rank, bool is_on_gpus, std::shared_ptr<Counter> counter)
    : Communicator("silent", rank, size, std::chrono::seconds(1)),
      is_on_gpus_(is_on_gpus),
      counter_(std::move(counter)) {}

SilentCommunicator::~SilentCommunicator() = default;

Traffic SilentCommunicator::traffic() const noexcept {
  const std::lock_guard lock(counter_->mutex);
  return counter_->sent;
}

void SilentCommunicator::do_all_reduce(const Call&, const View& data, Reduce) {
  counter_->add(all_reduce_traffic(data.dtype, data.numel(), size(), rank()));
}

void SilentCommunicator::do_reduce_scatter(const Call&, const View&, const View& out, Reduce) {
  counter_->add(all_gather_traffic(bytes_of(out), size()));
}

void SilentCommunicator::do_reduce_pieces(const Call&, const View& data, std::span<const Piece> pieces, Reduce) {
  counter_->add(reduce_pieces_traffic(data.dtype, pieces, rank()));
}

void SilentCommunicator::do_gather_pieces(const Call&, const View& data, std::span<const Piece> pieces) {
  counter_->add(gather_pieces_traffic(data.dtype, pieces, rank()));
}

void SilentCommunicator::do_all_gather(const Call&, const View& in, const View& out) {
  const auto bytes = static_cast<std::size_t>(bytes_of(in));
  for (int peer = 0; peer < size(); ++peer) {
    std::byte* place = static_cast<std::byte*>(out.data) + bytes * static_cast<std::size_t>(peer);
    if (place != in.data) std::memcpy(place, in.data, bytes);
  }
  counter_->add(all_gather_traffic(bytes_of(in), size()));
}

void SilentCommunicator::do_all_to_all(const Call&, const View& in, const View&) {
  counter_->add(all_gather_traffic(bytes_of(in) / size(), size()));
}

void SilentCommunicator::do_broadcast(const Call&, const View& data, int root) {
  counter_->add(broadcast_traffic(data.dtype, data.numel(), size(), rank(), root));
}

void SilentCommunicator::do_send(const Call&, const View& data, int) { counter_->add(message_traffic(bytes_of(data))); }

void SilentCommunicator::do_receive(const Call&, const View&, int) {
  if (is_on_gpus_) counter_->add(message_traffic(0));
}

void SilentCommunicator::do_barrier(const Call&) {
  for (int step = 1; step < size(); step *= 2) counter_->add(message_traffic(0));
}

std::unique_ptr<Communicator> SilentCommunicator::do_split(const Call&, int color, int) {
  if (color < 0) return nullptr;
  return std::unique_ptr<Communicator>(new SilentCommunicator(2, 0, is_on_gpus_, counter_));
}

}  // namespace athanor::comm
