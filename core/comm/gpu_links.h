// What carries numbers between the memories of GPUs, each that of one rank. Everything is queued on a stream of its
// own; nothing here waits. Which calls ranks are in, deadlines and faults are those of the communicator that uses it.
#pragma once

#include "core/comm/message.h"
#include "core/memory/stream.h"

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace athanor::comm {

// One rank's end. Used by one thread at a time. Failures are of kind communication.
class GpuLink {
 public:
  // Once it is broken, or work of it is left, as give_up().
  virtual ~GpuLink() = default;
  GpuLink(const GpuLink&) = delete;
  GpuLink& operator=(const GpuLink&) = delete;

  [[nodiscard]] virtual Stream& stream() noexcept = 0;
  // Whether the other ends have come and what was given to carry() is queued: nothing else may be queued before. Throws
  // what is wrong with the link or a peer.
  [[nodiscard]] virtual bool is_ready() = 0;
  // All of them at once. Both sides of a message know its size; messages between two ranks keep their order.
  virtual void carry(std::span<const Outgoing> out, std::span<const Incoming> in) = 0;
  // Gives up what is queued, and the link, without the others.
  virtual void give_up() noexcept = 0;

 protected:
  GpuLink() = default;
};

// The links of one GPU.
class GpuLinks {
 public:
  // Names a group that is to come together; one rank makes it, the others are told.
  using Id = std::array<std::byte, 128>;

  virtual ~GpuLinks() = default;
  GpuLinks(const GpuLinks&) = delete;
  GpuLinks& operator=(const GpuLinks&) = delete;

  // Another one for every GPU of every host.
  [[nodiscard]] virtual std::string place() const = 0;
  [[nodiscard]] virtual Id make_id() = 0;
  // Begins to come together with the other ranks of `id`.
  [[nodiscard]] virtual std::unique_ptr<GpuLink> connect(const Id& id, int size, int rank) = 0;
  [[nodiscard]] virtual int device() const noexcept = 0;

 protected:
  GpuLinks() = default;
};

// Through NCCL, between the GPU `device`, whose bus id is unique on this host, and those of other ranks. NCCL carries
// messages alone: what is added is added in the order of combine.h. Throws Failure(unavailable) in builds without NCCL.
[[nodiscard]] std::unique_ptr<GpuLinks> nccl_links(int device, std::string bus_id);
// Why nccl_links() throws; empty where it does not.
[[nodiscard]] std::string why_no_nccl();

}  // namespace athanor::comm
