// What a replica sends in a step and keeps for sending it, counted from shapes: what replica_group.h then does.
#pragma once

#include "core/autograd/variable.h"
#include "core/comm/coded_exchange.h"
#include "core/comm/host_traffic.h"

#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <vector>

namespace athanor::distributed {

// Which gradients of a step travel together, in which order: those that a backward pass completes as they come, then
// the others. The same on all replicas, for their passes are.
class GradientBuckets {
 public:
  using Bucket = std::vector<Parameter>;
  using Take = std::function<void(Bucket bucket, std::int64_t numbers)>;
  // Of at least so many numbers, but for the last: there are fewer messages than parameters.
  static constexpr std::int64_t kBucketNumbers = 256 << 10;
  explicit GradientBuckets(std::int64_t least_numbers = kBucketNumbers) : least_numbers_(least_numbers) {}

  void complete(const Parameter& parameter, const Take& take);
  // Those that have a gradient and were not complete before, and what waits; then begins anew.
  void finish(std::span<const Parameter> parameters, const Take& take);

 private:
  void add(const Parameter& parameter, const Take& take);

  std::int64_t least_numbers_;
  Bucket waiting_;
  std::int64_t numbers_ = 0;
  std::set<const ParameterState*> taken_;
};

[[nodiscard]] comm::CodedOptions coded_options(comm::WireFormat gradients);

struct ReplicaCost {
  comm::Traffic sent;             // in one step
  std::int64_t buffer_bytes = 0;  // kept between steps: what was not yet sent or is combined, and residuals
  std::int64_t sender_residuals = 0, owner_residuals = 0;  // numbers that a checkpoint keeps of the latter
};

// ReplicaGroup's part in a step, by the replica with this rank. Replicas that share the step exchange each coded
// gradient by itself (sharded_update.h). Of ranks on GPUs, what is put together there is taken from the context.
class ReplicaCounter {
 public:
  ReplicaCounter(comm::WireFormat gradients, int ranks, int rank, bool shares_step, bool is_on_gpus = false)
      : gradients_(gradients),
        is_on_gpus_(is_on_gpus),
        ranks_(ranks),
        rank_(rank),
        buckets_(shares_step ? 1 : GradientBuckets::kBucketNumbers) {}

  void gather(const Tensor& whole);
  void complete(Context& context, const Parameter& parameter);
  void sum_gradients(Context& context, std::span<const Parameter> parameters);
  [[nodiscard]] ReplicaCost cost() const noexcept;

 private:
  void count(Context& context, std::span<const Parameter> bucket, std::int64_t numbers);
  void count_coded(std::span<const Parameter> bucket);

  comm::WireFormat gradients_;
  bool is_on_gpus_;
  int ranks_, rank_;
  GradientBuckets buckets_;
  std::vector<Tensor> packed_;
  comm::Traffic sent_;
  std::int64_t bucket_ = 0, room_ = 0, buffer_ = 0, residuals_ = 0;  // bytes
  std::int64_t owned_ = 0;                                           // numbers of coded pieces, of one bucket
  std::int64_t sender_residuals_ = 0, owner_residuals_ = 0;          // numbers
};

}  // namespace athanor::distributed
