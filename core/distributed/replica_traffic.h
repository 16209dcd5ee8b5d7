// What a replica sends in a step and keeps for sending it, counted from shapes: what replica_group.h then does.
#pragma once

#include "core/autograd/variable.h"
#include "core/comm/coded_exchange.h"
#include "core/comm/host_traffic.h"

#include <cstdint>
#include <span>
#include <vector>

namespace athanor::distributed {

// Small gradients are put together, so that there are fewer messages than parameters.
inline constexpr std::int64_t kBucketNumbers = std::int64_t{4} << 20;

// Calls take(parameters, numbers) for those that travel together in f32: of the ones that have a gradient, in order.
template <class Take>
void for_gradient_buckets(std::span<const Parameter> parameters, Take&& take) {
  std::vector<Parameter> bucket;
  std::int64_t numbers = 0;
  for (const Parameter& parameter : parameters) {
    if (!parameter->gradient.present()) continue;
    bucket.push_back(parameter);
    numbers += parameter->gradient.numel();
    if (numbers < kBucketNumbers) continue;
    take(std::span<const Parameter>(bucket), numbers);
    bucket.clear();
    numbers = 0;
  }
  if (!bucket.empty()) take(std::span<const Parameter>(bucket), numbers);
}

[[nodiscard]] comm::CodedOptions coded_options(comm::WireFormat gradients);

struct ReplicaCost {
  comm::Traffic sent;             // in one step
  std::int64_t buffer_bytes = 0;  // kept between steps: what was not yet sent or is combined, and residuals
};

// ReplicaGroup's part in a step, by the replica with this rank.
class ReplicaCounter {
 public:
  ReplicaCounter(comm::WireFormat gradients, int ranks, int rank) : gradients_(gradients), ranks_(ranks), rank_(rank) {}

  void gather(const Tensor& whole);
  void sum_gradients(std::span<const Parameter> parameters);
  [[nodiscard]] ReplicaCost cost() const noexcept;

 private:
  comm::WireFormat gradients_;
  int ranks_, rank_;
  comm::Traffic sent_;
  std::int64_t bucket_ = 0, room_ = 0, coded_ = 0, residuals_ = 0;  // bytes
};

}  // namespace athanor::distributed
