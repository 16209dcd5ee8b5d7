#include "core/comm/combine.h"
#include "core/comm/host_traffic.h"
#include "core/comm/residence.h"

#include <cstring>
#include <utility>
#include <vector>

namespace athanor::comm {
namespace {

class HostResidence final : public Residence {
 public:
  explicit HostResidence(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {}

  std::int64_t segment_bytes() const noexcept override { return kReductionSegment; }
  std::byte* room(std::size_t bytes) override {
    if (room_.size() < bytes) room_.resize(bytes);
    return room_.data();
  }
  void copy(std::byte* to, const std::byte* from, std::size_t bytes) override { std::memcpy(to, from, bytes); }
  void exchange(const Stamp& stamp, std::span<const Outgoing> out, std::span<const Incoming> in,
                Deadline deadline) override {
    transport_->exchange(stamp, out, in, deadline);
  }
  void combine(std::span<const std::byte* const> parts, std::byte* out, std::int64_t count, DType dtype,
               Reduce reduce) override {
    comm::combine(parts, out, count, dtype, reduce);
  }
  void finish(const Stamp&, Deadline) override {}
  Traffic traffic() const noexcept override { return transport_ ? transport_->traffic() : Traffic{}; }

 private:
  std::unique_ptr<Transport> transport_;
  std::vector<std::byte> room_;
};

}  // namespace

std::unique_ptr<Residence> make_host_residence(std::unique_ptr<Transport> transport) {
  return std::make_unique<HostResidence>(std::move(transport));
}

}  // namespace athanor::comm
