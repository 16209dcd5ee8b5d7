#include "core/comm/residence.h"
#include "core/memory/block_source.h"
#include "kernels/ops/reduce/tree_reduce.h"

#include <fmt/format.h>

#include <atomic>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace athanor::comm {
namespace {

constexpr std::int64_t kSegment = 4 << 20;
constexpr std::chrono::microseconds kSpin{200};  // that a wait burns a core before it sleeps
constexpr std::chrono::microseconds kGlance{20};

kernels::TreeReduction reduction_of(Reduce reduce) {
  switch (reduce) {
    case Reduce::sum: return kernels::TreeReduction::sum;
    case Reduce::max: return kernels::TreeReduction::maximum;
    case Reduce::min: return kernels::TreeReduction::minimum;
  }
  return kernels::TreeReduction::sum;
}

// A group that ends while numbers are under way gives the link up: what is queued there would wait for ever.
class LinkedResidence final : public GpuResidence {
 public:
  LinkedResidence(std::unique_ptr<GpuLink> link, int device, Residence& host, std::shared_ptr<Board> board,
                  Deadline deadline)
      : host_(host),
        board_(std::move(board)),
        link_(std::move(link)),
        source_(make_cuda_source(device, {std::shared_ptr<void>(), &link_->stream()})) {
    exec_.device = {DeviceKind::cuda, device};
    exec_.stream = link_->stream().handle();
    try {
      await({.op = Op::split}, deadline, [&] { return link_->is_ready(); });
    } catch (...) {
      link_->give_up();
      throw;
    }
  }
  ~LinkedResidence() override {
    if (board_->has_fault()) link_->give_up();
    if (room_ != nullptr) source_->give_back(room_, room_bytes_);
  }

  void begin(std::shared_ptr<StreamMark> mark) override {
    link_->stream().wait_for(mark.get());
    is_told_ = false;
  }

  // What is queued behind messages that never come would still read and write.
  void give_up() noexcept override {
    link_->give_up();
    try {
      link_->stream().wait();
    } catch (const std::exception&) {
      // A device at fault does nothing more.
    }
  }

  std::int64_t segment_bytes() const noexcept override { return kSegment; }
  std::byte* room(std::size_t bytes) override {
    if (bytes <= room_bytes_) return room_;
    if (room_ != nullptr) source_->give_back(std::exchange(room_, nullptr), std::exchange(room_bytes_, 0));
    room_ = static_cast<std::byte*>(source_->take(bytes));
    if (room_ == nullptr)
      throw Failure(ErrorKind::out_of_memory, "exchange numbers between GPUs",
                    fmt::format("there are no {} bytes for what is received", bytes),
                    "make data.batch_size smaller, or free the GPU of other programs");
    room_bytes_ = bytes;
    return room_;
  }
  void copy(std::byte* to, const std::byte* from, std::size_t bytes) override {
    link_->stream().queue_copy(to, from, bytes);
  }

  // Ranks first say on the host which call they are in: numbers go once all have come, and to the right place.
  void exchange(const Stamp& stamp, std::span<const Outgoing> out, std::span<const Incoming> in,
                Deadline deadline) override {
    if (!is_told_) {
      meet(stamp, out, in, deadline);
      is_told_ = true;
    }
    link_->carry(out, in);
    for (const Outgoing& message : out) {
      payload_ += std::ssize(message.bytes);
      messages_ += message.bytes.empty() ? 0 : 1;
    }
    await(stamp, deadline, [&] { return link_->is_ready(); });
  }

  void combine(std::span<const std::byte* const> parts, std::byte* out, std::int64_t count, DType dtype,
               Reduce reduce) override {
    if (dtype != DType::f32)
      throw Failure(ErrorKind::internal, "reduce over ranks on GPUs",
                    std::string("there is no arithmetic on ") + to_string(dtype));
    const std::size_t bytes = storage_bytes(dtype, count);
    for (std::size_t k = 0; k < parts.size(); ++k)
      if (parts[k] != room_ + bytes * k) copy(room_ + bytes * k, parts[k], bytes);
    kernels::tree_reduce(exec_, {.x = View(room_, dtype, {std::ssize(parts), count}),
                                 .reduction = reduction_of(reduce),
                                 .y = View(out, dtype, {count})});
  }

  void finish(const Stamp& stamp, Deadline deadline) override {
    await(stamp, deadline, [&] { return link_->is_ready() && link_->stream().is_done(); });
  }
  Traffic traffic() const noexcept override { return {payload_, 0, messages_}; }

 private:
  // Each peer is told and heard, whichever way numbers go.
  void meet(const Stamp& stamp, std::span<const Outgoing> out, std::span<const Incoming> in, Deadline deadline) {
    std::set<int> peers;
    for (const Outgoing& message : out) peers.insert(message.to);
    for (const Incoming& message : in) peers.insert(message.from);
    std::vector<Outgoing> told;
    std::vector<Incoming> heard;
    for (const int peer : peers) {
      told.push_back({peer, {}});
      heard.push_back({peer, {}});
    }
    host_.exchange(stamp, told, heard, deadline);
  }

  template <class Done>
  void await(const Stamp& stamp, Deadline deadline, const Done& done) {
    const std::string intention = fmt::format("{} between GPUs", to_string(stamp.op));
    const auto asleep = std::chrono::steady_clock::now() + kSpin;
    while (!done()) {
      if (const auto fault = board_->fault()) throw Failure(ErrorKind::communication, intention, *fault, kRebuild);
      const auto now = std::chrono::steady_clock::now();
      if (now > deadline)
        throw DeadlinePassed(ErrorKind::communication, intention, "its numbers have not come in time", kRebuild);
      if (now > asleep)
        std::this_thread::sleep_for(kGlance);
      else
        std::this_thread::yield();
    }
  }

  Residence& host_;
  std::shared_ptr<Board> board_;
  std::unique_ptr<GpuLink> link_;
  std::unique_ptr<BlockSource> source_;
  Exec exec_;
  std::byte* room_ = nullptr;
  std::size_t room_bytes_ = 0;
  bool is_told_ = false;  // the ranks have said which call they are in
  std::atomic<std::int64_t> payload_{0}, messages_{0};
};

}  // namespace

std::unique_ptr<GpuResidence> make_gpu_residence(std::unique_ptr<GpuLink> link, int device, Residence& host,
                                                 std::shared_ptr<Board> board, Deadline deadline) {
  return std::make_unique<LinkedResidence>(std::move(link), device, host, std::move(board), deadline);
}

}  // namespace athanor::comm
