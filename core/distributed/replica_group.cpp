#include "core/distributed/replica_group.h"

#include "core/comm/short_turns.h"
#include "core/distributed/node_exchange.h"
#include "core/distributed/rank_numbers.h"
#include "core/distributed/stopwatch.h"
#include "core/parallel/simulate.h"
#include "kernels/base/error.h"

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <utility>

namespace athanor::distributed {
namespace {

template <class T>
View view_of(std::span<T> numbers) {
  return {numbers.data(), Tensor::dtype_of<T>(), Shape{static_cast<std::int64_t>(numbers.size())}};
}

// `shares` of the rows are not equal; empty where they are.
void gather_rows(Context& context, comm::Communicator& ranks, const Tensor& whole,
                 const std::vector<train::MicroBatches>& shares) {
  RankNumbers numbers(context, whole, &ranks);
  const View all = numbers.view();
  ranks.after(context.stream().mark());
  if (shares.empty()) {
    const std::int64_t own = all.numel() / ranks.size();
    const auto begin = static_cast<std::int64_t>(storage_bytes(all.dtype, own * ranks.rank()));
    ranks.all_gather(View(all.as<std::byte>() + begin, all.dtype, Shape{own}), all);
  } else {
    const auto of_one = all.numel() / (shares.back().first + shares.back().count);
    std::vector<comm::Piece> pieces;
    for (const train::MicroBatches& each : shares) pieces.push_back({each.first * of_one, each.count * of_one});
    ranks.all_gather(all, pieces);
  }
  numbers.write_back();
}

}  // namespace

ReplicaGroup::ReplicaGroup(comm::Communicator& ranks, comm::WireFormat gradients, std::filesystem::path residuals,
                           std::function<float()> loss_scale)
    : ranks_(ranks), loss_scale_(std::move(loss_scale)) {
  if (gradients == comm::WireFormat::f32) return;
  comm::CodedOptions options = coded_options(gradients);
  options.residuals = std::move(residuals);
  coded_ = std::make_unique<comm::CodedExchange>(ranks_, options);
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
  const Stopwatch watch(waited_), gathering(gathering_);
  gather_rows(context, ranks_, whole, shares_);
}

// Where one gives up in the middle of a step, the exchange that is under way would wait for the others.
ReplicaGroup::~ReplicaGroup() {
  if (std::uncaught_exceptions() > exceptions_) ranks_.cancel("a replica has left in the middle of a step");
}

void ReplicaGroup::share_step(Context& context, StateShare& share, optim::Optimizer& optimizer) {
  update_.emplace(context, &ranks_, coded_.get(), share, optimizer);
}

void ReplicaGroup::undo_step(std::int64_t done) {
  if (coded_) (void)coded_->go_back(done);
}

void ReplicaGroup::add_alike(Context& context, std::span<const Parameter> parameters, std::vector<Tensor> alike) {
  if (update_) return update_->add_alike(context, parameters, std::move(alike));
  Replicas::add_alike(context, parameters, std::move(alike));
}

void ReplicaGroup::complete(Context& context, const Parameter& parameter) {
  if (update_)
    update_->complete(context, parameter);
  else if (!context.dry())
    buckets_.complete(parameter, [&](Bucket bucket, std::int64_t) { send(context, std::move(bucket)); });
  comm::give_way();  // to whoever moves what is on its way
}

void ReplicaGroup::share_micro_batches(const std::vector<std::int64_t>& shares) {
  shares_.clear();
  std::int64_t first = 0;
  for (const std::int64_t count : shares) {
    shares_.push_back({first, count});
    first += count;
  }
}

train::MicroBatches ReplicaGroup::own(std::int64_t micro_batches) const {
  return shares_.empty() ? Replicas::own(micro_batches) : shares_[static_cast<std::size_t>(ranks_.rank())];
}

void ReplicaGroup::sum_nodes(Context& context, std::span<const Parameter> parameters,
                             std::vector<train::GradientSum::Node> nodes) {
  if (context.dry()) return;
  const Stopwatch watch(waited_);
  NodeExchange exchange(ranks_, shares_);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    std::vector<Tensor> parts;
    for (train::GradientSum::Node& node : nodes) parts.push_back(std::move(node.gradients[i]));
    parameters[i]->gradient = exchange.add(context, std::move(parts));
  }
  exchange.finish(context);
}

void ReplicaGroup::sum_gradients(Context& context, std::span<const Parameter> parameters) {
  if (update_) {
    begin_step(context);
    return update_->sum_gradients(context);
  }
  if (context.dry()) return;
  const Stopwatch watch(waited_);
  buckets_.finish(parameters, [&](Bucket bucket, std::int64_t) { send(context, std::move(bucket)); });
  tell(context, thread_.wait());
  take_from_gpu();
}

// What goes through the host comes and goes by the context, which is this thread's.
void ReplicaGroup::send(Context& context, Bucket bucket) {
  if (context.device().kind == DeviceKind::cpu)
    return thread_.post([this, &context, bucket = std::move(bucket)] { sum(context, bucket); });
  if (is_on_gpus(context, ranks_) && !coded_) return send_from_gpu(context, std::move(bucket));
  const Stopwatch watch(under_way_);
  sum(context, bucket);
}

// What is put together is queued here; the thread's exchange waits for it and for nothing that is queued later.
void ReplicaGroup::send_from_gpu(Context& context, Bucket bucket) {
  const auto post = [&](const View& numbers) {
    thread_.post([this, numbers, mark = context.stream().mark()] {
      ranks_.after(mark);
      ranks_.all_reduce(numbers);
    });
  };
  if (bucket.size() == 1) {
    bucket.front()->gradient.count_change();
    return post(RankNumbers(context, bucket.front()->gradient, &ranks_).view());
  }
  std::int64_t count = 0;
  for (const Parameter& parameter : bucket) count += parameter->gradient.numel();
  PackedNumbers packed(context, ranks_, count, packed_);
  for (std::int64_t at = 0; const Parameter& parameter : bucket) {
    packed.put(parameter->gradient, 0, parameter->gradient.numel(), at);
    at += parameter->gradient.numel();
  }
  post(packed.view());
  on_gpu_.emplace_back(std::move(bucket), std::move(packed));
}

void ReplicaGroup::take_from_gpu() {
  for (const auto& [bucket, packed] : on_gpu_)
    for (std::int64_t at = 0; const Parameter& parameter : bucket) {
      packed.take(parameter->gradient, 0, parameter->gradient.numel(), at);
      parameter->gradient.count_change();
      at += parameter->gradient.numel();
    }
  on_gpu_.clear();
}

void ReplicaGroup::sum(Context& context, const Bucket& bucket) {
  if (coded_) return sum_coded(context, bucket);
  if (bucket.size() == 1) {
    RankNumbers numbers(context, bucket.front()->gradient);
    ranks_.all_reduce(numbers.view());
    return numbers.write_back();
  }
  packed_.clear();
  for (const Parameter& parameter : bucket) {
    RankNumbers numbers(context, parameter->gradient);
    packed_.insert(packed_.end(), numbers.span<float>().begin(), numbers.span<float>().end());
  }
  ranks_.all_reduce(view_of(std::span(packed_)));
  auto from = packed_.begin();
  for (const Parameter& parameter : bucket) {
    RankNumbers numbers(context, parameter->gradient);
    const auto count = static_cast<std::ptrdiff_t>(numbers.span<float>().size());
    std::copy(from, from + count, numbers.span<float>().begin());
    from += count;
    numbers.write_back();
  }
}

// The exchange refuses what is not finite and changes nothing; then no replica may use its own.
void ReplicaGroup::sum_coded(Context& context, const Bucket& bucket) {
  std::deque<RankNumbers> numbers;
  std::vector<comm::CodedExchange::Named> arrays;
  for (const Parameter& parameter : bucket)
    arrays.push_back({parameter->path, numbers.emplace_back(context, parameter->gradient).view()});
  const std::vector<bool> is_sound = coded_->all_reduce(arrays);
  for (std::size_t i = 0; i < bucket.size(); ++i) {
    if (!is_sound[i]) std::ranges::fill(numbers[i].span<float>(), std::numeric_limits<float>::quiet_NaN());
    numbers[i].write_back();
  }
}

void ReplicaGroup::tell(const Context& context, const std::vector<ExchangeThread::Span>& spans) {
  using std::chrono::nanoseconds;
  const auto now = ExchangeThread::Clock::now();
  for (const auto& [begin, end] : spans) {
    under_way_ += end - begin;
    if (!watcher_.tell) continue;
    const std::int64_t now_ns = watcher_.now_ns();
    const auto ago = [&](ExchangeThread::Clock::time_point time) {
      return now_ns - std::chrono::duration_cast<nanoseconds>(now - time).count();
    };
    watcher_.tell({.lane = static_cast<std::int32_t>(parallel::Lane::reduce),
                   .kind = journal::SpanKind::reduce,
                   .step = static_cast<std::int64_t>(context.step()) + 1,
                   .begin_ns = ago(begin),
                   .end_ns = ago(end)});
  }
}

train::Exchanged ReplicaGroup::exchanged() const {
  const comm::Traffic shared = ranks_.traffic();
  const comm::Traffic own = update_ ? update_->traffic() : comm::Traffic{};
  const auto seconds = [](Stopwatch::Clock::duration time) { return std::chrono::duration<double>(time).count(); };
  const auto waited = update_ ? update_->waited() : Stopwatch::Clock::duration{};
  return {"data", shared.payload_bytes + shared.overhead_bytes + own.payload_bytes + own.overhead_bytes,
          seconds(waited_ + waited), seconds(gathering_ + under_way_ + waited)};
}

}  // namespace athanor::distributed
