#include "core/distributed/replica_traffic.h"

#include "core/comm/combine.h"

#include <algorithm>

namespace athanor::distributed {
namespace {

constexpr std::int64_t kNumber = sizeof(float);

}  // namespace

comm::CodedOptions coded_options(comm::WireFormat gradients) { return {.format = gradients, .averages = false}; }

void ReplicaCounter::gather(const Tensor& whole) {
  const auto bytes = static_cast<std::int64_t>(storage_bytes(whole.dtype(), whole.numel()));
  sent_ = sent_ + comm::all_gather_traffic(bytes / ranks_, ranks_);
}

void ReplicaCounter::sum_gradients(std::span<const Parameter> parameters) {
  if (gradients_ == comm::WireFormat::f32) {
    for_gradient_buckets(parameters, [&](std::span<const Parameter> bucket, std::int64_t numbers) {
      sent_ = sent_ + comm::all_reduce_traffic(DType::f32, numbers, ranks_, rank_);
      room_ = std::max(room_, comm::all_reduce_room(DType::f32, numbers, ranks_));
      if (bucket.size() > 1) bucket_ = std::max(bucket_, numbers * kNumber);
    });
    return;
  }
  const comm::CodedOptions options = coded_options(gradients_);
  residuals_ = 0;
  for (const Parameter& parameter : parameters) {
    if (!parameter->gradient.present()) continue;
    const std::int64_t count = parameter->gradient.numel();
    const comm::WireFormat format = options.format_for(count, ranks_);
    sent_ = sent_ + comm::coded_all_reduce_traffic(format, count, ranks_);
    coded_ = std::max(coded_, comm::coded_room(format, count, ranks_, rank_));
    if (format != comm::WireFormat::f32) residuals_ += (count + comm::piece_of(count, ranks_, rank_).count) * kNumber;
  }
}

ReplicaCost ReplicaCounter::cost() const noexcept { return {sent_, bucket_ + room_ + coded_ + residuals_}; }

}  // namespace athanor::distributed
