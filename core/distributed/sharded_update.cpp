#include "core/distributed/sharded_update.h"

#include "core/comm/silent_communicator.h"
#include "core/distributed/packed_numbers.h"
#include "core/distributed/packed_ranges.h"
#include "core/distributed/rank_numbers.h"
#include "core/distributed/stopwatch.h"
#include "core/train/gradient_sum.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace athanor::distributed {
namespace {

std::int64_t numbers_in(std::span<const StateShare::Place* const> bucket) {
  std::int64_t count = 0;
  for (const StateShare::Place* place : bucket) count += place->whole->value.numel();
  return count;
}

// For the thread that puts parameters together.
std::unique_ptr<comm::Communicator> window_ranks(const Context& context, comm::Communicator& replicas) {
  if (context.dry())
    return std::make_unique<comm::SilentCommunicator>(replicas.size(), replicas.rank(), replicas.is_on_gpus());
  return replicas.split(0, replicas.rank());
}

}  // namespace

ShardedUpdate::ShardedUpdate(Context& context, comm::Communicator* replicas, comm::CodedExchange* coded,
                             StateShare& share, optim::Optimizer& optimizer)
    : replicas_(replicas), coded_(coded), share_(share), optimizer_(optimizer) {
  for (const Place& place : share.places()) by_parameter_[place.whole.get()] = &place;
  if (share.shard() == parallel::Shard::parameters) window_.emplace(context, window_ranks(context, *replicas), share);
  optimizer_.set_after_step([this](Context& device) { give_out(device); });
}

ShardedUpdate::~ShardedUpdate() { optimizer_.set_after_step({}); }

void ShardedUpdate::complete(Context& context, const Parameter& parameter) {
  const auto found = by_parameter_.find(parameter.get());
  if (share_.shard() >= parallel::Shard::gradients && found != by_parameter_.end()) add(context, *found->second);
}

void ShardedUpdate::add(Context& context, const Place& place) {
  if (!place.whole->gradient.present()) return;
  bucket_.push_back(&place);
  bucket_numbers_ += place.whole->value.numel();
  if (bucket_numbers_ >= kBucketNumbers) send_bucket(context);
}

void ShardedUpdate::sum_gradients(Context& context) {
  send_bucket(context);
  for (const Place& place : share_.places()) add(context, place);
  send_bucket(context);
}

void ShardedUpdate::add_alike(Context& context, std::span<const Parameter> parameters, std::vector<Tensor> alike) {
  std::map<const ParameterState*, Tensor*> added;
  for (std::size_t i = 0; i < parameters.size(); ++i) added[parameters[i].get()] = &alike[i];
  for (const Place& place : share_.places()) {
    const auto found = added.find(place.whole.get());
    if (!place.piece || found == added.end() || !found->second->present()) continue;
    const Tensor flat = found->second->reshape({found->second->numel()});
    train::add_gradient(context, place.piece->gradient,
                        flat.narrow(0, place.own.begin, place.own.end - place.own.begin));
  }
}

void ShardedUpdate::send_bucket(Context& context) {
  if (bucket_.empty()) return;
  {
    const Stopwatch watch(waited_);
    coded_ ? sum_coded(context) : sum_bucket(context);
  }
  for (const Place* place : bucket_) keep_own(context, *place);
  bucket_.clear();
  bucket_numbers_ = 0;
}

std::vector<comm::Piece> ShardedUpdate::pieces_of(std::span<const Place* const> bucket) const {
  if (bucket.size() > 1) return packed_pieces(bucket);
  std::vector<comm::Piece> pieces;
  for (const parallel::Range& range : bucket.front()->ranges) pieces.push_back({range.begin, range.end - range.begin});
  return pieces;
}

void ShardedUpdate::sum_bucket(Context& context) {
  const std::vector<comm::Piece> pieces = pieces_of(bucket_);
  if (bucket_.size() == 1) {
    RankNumbers numbers(context, bucket_.front()->whole->gradient, replicas_);
    replicas_->after(context.stream().mark());
    replicas_->reduce_scatter(numbers.view(), pieces);
    return numbers.write_back();
  }
  PackedNumbers packed(context, *replicas_, numbers_in(bucket_), packed_);
  for_ranges(bucket_, [&](const Place& place, std::size_t, const parallel::Range& range, std::int64_t at) {
    packed.put(place.whole->gradient, range.begin, range.end - range.begin, at);
  });
  replicas_->after(context.stream().mark());
  replicas_->reduce_scatter(packed.view(), pieces);
  const auto mine = static_cast<std::size_t>(share_.replica());
  for_ranges(bucket_, [&](const Place& place, std::size_t rank, const parallel::Range& range, std::int64_t at) {
    if (rank != mine) return;
    packed.take(place.whole->gradient, range.begin, range.end - range.begin, at);
    place.whole->gradient.count_change();
  });
}

// The exchange refuses what is not finite and changes nothing; then no replica may use its own.
void ShardedUpdate::sum_coded(Context& context) {
  for (const Place* place : bucket_) {
    RankNumbers numbers(context, place->whole->gradient);
    if (!coded_->all_reduce(place->whole->path, numbers.view()))
      std::ranges::fill(numbers.span<float>(), std::numeric_limits<float>::quiet_NaN());
    numbers.write_back();
  }
}

void ShardedUpdate::keep_own(Context& context, const Place& place) {
  const Tensor gradient = std::exchange(place.whole->gradient, {});
  if (!place.piece) return;
  const Tensor flat = gradient.reshape({gradient.numel()});
  Tensor own = flat.narrow(0, place.own.begin, place.own.end - place.own.begin);
  const bool is_all = own.numel() == flat.numel();
  if (share_.shard() >= parallel::Shard::gradients && !is_all) own = context.clone(own, MemoryTag::gradients);
  place.piece->gradient = std::move(own);
}

void ShardedUpdate::give_out(Context& context) {
  if (window_) window_->forget();
  const Stopwatch watch(waited_);
  std::vector<const Place*> bucket;
  for (const Place& place : share_.places()) {
    if (place.is_cut) continue;
    bucket.push_back(&place);
    if (numbers_in(bucket) < kBucketNumbers) continue;
    give_out(context, bucket);
    bucket.clear();
  }
  if (!bucket.empty()) give_out(context, bucket);
}

void ShardedUpdate::give_out(Context& context, std::span<const Place* const> bucket) {
  const std::vector<comm::Piece> pieces = pieces_of(bucket);
  if (bucket.size() == 1) {
    RankNumbers numbers(context, bucket.front()->whole->value, replicas_);
    replicas_->after(context.stream().mark());
    replicas_->all_gather(numbers.view(), pieces);
    return numbers.write_back();
  }
  PackedNumbers packed(context, *replicas_, numbers_in(bucket), packed_);
  const auto mine = static_cast<std::size_t>(share_.replica());
  for_ranges(bucket, [&](const Place& place, std::size_t rank, const parallel::Range& range, std::int64_t at) {
    if (rank == mine) packed.put(place.whole->value, range.begin, range.end - range.begin, at);
  });
  replicas_->after(context.stream().mark());
  replicas_->all_gather(packed.view(), pieces);
  for_ranges(bucket, [&](const Place& place, std::size_t rank, const parallel::Range& range, std::int64_t at) {
    if (rank != mine) packed.take(place.whole->value, range.begin, range.end - range.begin, at);
  });
  for (const Place* place : bucket) place->whole->value.count_change();
}

}  // namespace athanor::distributed
