#include "core/distributed/replica_traffic.h"

#include "core/comm/coded_layout.h"
#include "core/comm/residual_store.h"
#include "core/tensor/context.h"

#include <algorithm>
#include <utility>

namespace athanor::distributed {
namespace {

constexpr std::int64_t kNumber = sizeof(float);

}  // namespace

comm::CodedOptions coded_options(comm::WireFormat gradients) { return {.format = gradients, .averages = false}; }

void GradientBuckets::complete(const Parameter& parameter, const Take& take) {
  if (parameter->gradient.present() && taken_.insert(parameter.get()).second) add(parameter, take);
}

void GradientBuckets::finish(std::span<const Parameter> parameters, const Take& take) {
  for (const Parameter& parameter : parameters) complete(parameter, take);
  if (!waiting_.empty()) take(std::exchange(waiting_, {}), std::exchange(numbers_, 0));
  taken_.clear();
}

void GradientBuckets::add(const Parameter& parameter, const Take& take) {
  waiting_.push_back(parameter);
  numbers_ += parameter->gradient.numel();
  if (numbers_ >= least_numbers_) take(std::exchange(waiting_, {}), std::exchange(numbers_, 0));
}

void ReplicaCounter::gather(const Tensor& whole) {
  const auto bytes = static_cast<std::int64_t>(storage_bytes(whole.dtype(), whole.numel()));
  sent_ = sent_ + comm::all_gather_traffic(bytes / ranks_, ranks_);
}

void ReplicaCounter::complete(Context& context, const Parameter& parameter) {
  buckets_.complete(parameter, [&](const auto& bucket, std::int64_t numbers) { count(context, bucket, numbers); });
}

void ReplicaCounter::sum_gradients(Context& context, std::span<const Parameter> parameters) {
  buckets_.finish(parameters, [&](const auto& bucket, std::int64_t numbers) { count(context, bucket, numbers); });
  packed_.clear();
}

void ReplicaCounter::count(Context& context, std::span<const Parameter> bucket, std::int64_t numbers) {
  if (gradients_ != comm::WireFormat::f32) return count_coded(bucket);
  sent_ = sent_ + comm::all_reduce_traffic(DType::f32, numbers, ranks_, rank_);
  if (is_on_gpus_) {
    if (bucket.size() > 1) packed_.push_back(context.empty({numbers}));
    return;
  }
  room_ = std::max(room_, comm::all_reduce_room(DType::f32, numbers, ranks_, rank_));
  if (bucket.size() > 1) bucket_ = std::max(bucket_, numbers * kNumber);
}

void ReplicaCounter::count_coded(std::span<const Parameter> bucket) {
  std::vector<comm::CodedArray> arrays;
  for (const Parameter& parameter : bucket) {
    const std::int64_t count = parameter->gradient.numel();
    arrays.push_back({coded_options(gradients_).format_for(count, ranks_), count});
  }
  const comm::CodedLayout layout(arrays, ranks_);
  sent_ = sent_ + comm::coded_all_reduce_traffic(arrays, ranks_);
  buffer_ = std::max(buffer_, layout.buffer_bytes());
  owned_ = std::max(owned_, layout.owned(rank_));
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    if (arrays[i].format == comm::WireFormat::f32) continue;
    const std::int64_t owned = layout.piece(i, rank_).count;
    residuals_ += comm::ResidualStore::bytes_of(arrays[i].count, owned);
    sender_residuals_ += arrays[i].count;
    owner_residuals_ += owned;
  }
}

ReplicaCost ReplicaCounter::cost() const noexcept {
  const std::int64_t coded = owned_ > 0 ? comm::coded_room(buffer_, owned_, ranks_) : 0;
  return {sent_, bucket_ + room_ + coded + residuals_, sender_residuals_, owner_residuals_};
}

}  // namespace athanor::distributed
