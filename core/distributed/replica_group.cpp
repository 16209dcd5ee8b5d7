#include "core/distributed/replica_group.h"

#include "core/distributed/host_numbers.h"
#include "core/distributed/stopwatch.h"
#include "kernels/base/error.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace athanor::distributed {
namespace {

template <class T>
View view_of(std::span<T> numbers) {
  return {numbers.data(), Tensor::dtype_of<T>(), Shape{static_cast<std::int64_t>(numbers.size())}};
}

template <class T>
void gather_rows(Context& context, comm::Communicator& ranks, const Tensor& whole) {
  HostNumbers<T> numbers(context, whole);
  const std::span<T> all = numbers.span();
  const std::size_t own = all.size() / static_cast<std::size_t>(ranks.size());
  ranks.all_gather(view_of(all.subspan(own * static_cast<std::size_t>(ranks.rank()), own)), view_of(all));
  numbers.write_back();
}

}  // namespace

ReplicaGroup::ReplicaGroup(comm::Communicator& ranks, comm::WireFormat gradients, std::filesystem::path residuals,
                           std::function<float()> loss_scale)
    : ranks_(ranks), loss_scale_(std::move(loss_scale)) {
  if (gradients == comm::WireFormat::f32) return;
  coded_ = std::make_unique<comm::CodedExchange>(
      ranks_, comm::CodedOptions{.format = gradients, .averages = false, .residuals = std::move(residuals)});
}

bool ReplicaGroup::go_on_from(std::int64_t step) {
  if (!coded_) return true;
  std::array<std::int64_t, 2> range{coded_->go_back(step), 0};
  range[1] = -range[0];  // the least of one is the most of the other
  ranks_.all_reduce(view_of(std::span<std::int64_t>(range)), comm::Reduce::min);
  const bool is_whole = range[0] >= 0 && range[0] == -range[1];
  if (!is_whole) coded_->reset();
  return is_whole;
}

// What is sent while gradients are still being made belongs to the step as well.
void ReplicaGroup::begin_step(const Context& context) {
  if (coded_) coded_->begin_step(std::int64_t{context.step()} + 1, loss_scale_ ? loss_scale_() : 1.0F);
}

void ReplicaGroup::gather(Context& context, const Tensor& whole) {
  if (whole.dry()) return;
  begin_step(context);
  const Stopwatch watch(waited_);
  switch (whole.dtype()) {
    case DType::f32: return gather_rows<float>(context, ranks_, whole);
    case DType::i32: return gather_rows<std::int32_t>(context, ranks_, whole);
    default: break;
  }
  throw Failure(ErrorKind::internal, "gather rows of replicas",
                std::string("there is no exchange of ") + to_string(whole.dtype()));
}

void ReplicaGroup::share_step(StateShare& share, optim::Optimizer& optimizer) {
  update_.emplace(&ranks_, coded_.get(), share, optimizer);
}

void ReplicaGroup::begin_only_pass() {
  if (update_) update_->begin_only_pass();
}

void ReplicaGroup::add_alike(Context& context, std::span<const Parameter> parameters, std::vector<Tensor> alike) {
  if (update_) return update_->add_alike(context, parameters, std::move(alike));
  Replicas::add_alike(context, parameters, std::move(alike));
}

void ReplicaGroup::sum_gradients(Context& context, std::span<const Parameter> parameters) {
  begin_step(context);
  if (update_) return update_->sum_gradients(context);
  if (context.dry()) return;
  const Stopwatch watch(waited_);
  coded_ ? sum_coded(context, parameters) : sum_plain(context, parameters);
}

void ReplicaGroup::sum_plain(Context& context, std::span<const Parameter> parameters) {
  std::vector<Parameter> bucket;
  std::size_t numbers = 0;
  for (const Parameter& parameter : parameters) {
    if (!parameter->gradient.present()) continue;
    bucket.push_back(parameter);
    numbers += static_cast<std::size_t>(parameter->gradient.numel());
    if (numbers < kBucketNumbers) continue;
    sum_bucket(context, bucket);
    bucket.clear();
    numbers = 0;
  }
  if (!bucket.empty()) sum_bucket(context, bucket);
}

void ReplicaGroup::sum_bucket(Context& context, std::span<const Parameter> bucket) {
  if (bucket.size() == 1) {
    HostNumbers<float> numbers(context, bucket.front()->gradient);
    ranks_.all_reduce(view_of(numbers.span()));
    return numbers.write_back();
  }
  bucket_.clear();
  for (const Parameter& parameter : bucket) {
    HostNumbers<float> numbers(context, parameter->gradient);
    bucket_.insert(bucket_.end(), numbers.span().begin(), numbers.span().end());
  }
  ranks_.all_reduce(view_of(std::span(bucket_)));
  auto from = bucket_.begin();
  for (const Parameter& parameter : bucket) {
    HostNumbers<float> numbers(context, parameter->gradient);
    const auto count = static_cast<std::ptrdiff_t>(numbers.span().size());
    std::copy(from, from + count, numbers.span().begin());
    from += count;
    numbers.write_back();
  }
}

// The exchange refuses what is not finite and changes nothing; then no replica may use its own.
void ReplicaGroup::sum_coded(Context& context, std::span<const Parameter> parameters) {
  for (const Parameter& parameter : parameters) {
    if (!parameter->gradient.present()) continue;
    HostNumbers<float> numbers(context, parameter->gradient);
    if (!coded_->all_reduce(parameter->path, view_of(numbers.span())))
      std::ranges::fill(numbers.span(), std::numeric_limits<float>::quiet_NaN());
    numbers.write_back();
  }
}

train::Exchanged ReplicaGroup::exchanged() const {
  const comm::Traffic sent = coded_ ? coded_->traffic() : ranks_.traffic();
  const auto waited = waited_ + (update_ ? update_->waited() : Stopwatch::Clock::duration{});
  return {"data", sent.payload_bytes + sent.overhead_bytes, std::chrono::duration<double>(waited).count()};
}

}  // namespace athanor::distributed
