// Where the numbers of a call lie, what carries them between ranks and what adds them up there. The collectives of
// ordered_communicator.h are the same for all. One thread uses it at a time.
#pragma once

#include "core/comm/gpu_links.h"
#include "core/comm/transport.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace athanor::comm {

class Residence {
 public:
  virtual ~Residence() = default;

  // Bytes of each peer that wait at once to be combined.
  [[nodiscard]] virtual std::int64_t segment_bytes() const noexcept = 0;
  // Scratch, until it is asked for again.
  [[nodiscard]] virtual std::byte* room(std::size_t bytes) = 0;
  virtual void copy(std::byte* to, const std::byte* from, std::size_t bytes) = 0;
  // As Transport::exchange(), but that its numbers may be on their way until finish().
  virtual void exchange(const Stamp& stamp, std::span<const Outgoing> out, std::span<const Incoming> in,
                        Deadline deadline) = 0;
  // combine() of arrays of `count` numbers; the k-th is in the room behind k of them, or elsewhere.
  virtual void combine(std::span<const std::byte* const> parts, std::byte* out, std::int64_t count, DType dtype,
                       Reduce reduce) = 0;
  // The end of a call: all is done.
  virtual void finish(const Stamp& stamp, Deadline deadline) = 0;
  [[nodiscard]] virtual Traffic traffic() const noexcept = 0;
};

// `transport` is null for a rank alone.
[[nodiscard]] std::unique_ptr<Residence> make_host_residence(std::unique_ptr<Transport> transport);

// On the GPU of `link`; `host` carries what ranks say of a call before its numbers go, and outlives it.
class GpuResidence : public Residence {
 public:
  // A call, whose work there begins after `mark`; null: at once.
  virtual void begin(std::shared_ptr<StreamMark> mark) = 0;
  // After a fault of a call: nothing of it uses anybody's numbers any more, and nothing can be carried.
  virtual void give_up() noexcept = 0;
};
// Returns once all have come. Throws as Transport::exchange() does.
[[nodiscard]] std::unique_ptr<GpuResidence> make_gpu_residence(std::unique_ptr<GpuLink> link, int device,
                                                               Residence& host, std::shared_ptr<Board> board,
                                                               Deadline deadline);

}  // namespace athanor::comm
