// Replicas that are ranks of a communicator. Numbers on GPUs go there directly where the ranks have met there, but for
// gradients in narrow formats and of unequal shares; these, and all others, go through the host.
//
// In f32 the sums of gradients have the bits that one process gets which takes all micro-batches (core/train/
// gradient_sum.h). In a narrower format they travel as core/comm/coded_exchange.h has it, with what coding takes away
// kept for the next step, and all replicas still end with the same bits.
//
// Failures are the communicator's. Used by one thread at a time.
#pragma once

#include "core/comm/coded_exchange.h"
#include "core/comm/communicator.h"
#include "core/distributed/exchange_thread.h"
#include "core/distributed/packed_numbers.h"
#include "core/distributed/replica_traffic.h"
#include "core/distributed/sharded_update.h"
#include "core/train/replicas.h"
#include "core/train/world.h"

#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace athanor::distributed {

class ReplicaGroup final : public train::Replicas {
 public:
  // `ranks` are the replicas, and outlive it. `residuals` is where what coding takes away is kept beyond this process
  // (core/comm/residual_store.h), `loss_scale` by how much gradients are larger than they mean; both may be empty. The
  // constructor is a call that all make.
  ReplicaGroup(comm::Communicator& ranks, comm::WireFormat gradients, std::filesystem::path residuals = {},
               std::function<float()> loss_scale = {});
  ~ReplicaGroup() override;
  ReplicaGroup(const ReplicaGroup&) = delete;
  ReplicaGroup& operator=(const ReplicaGroup&) = delete;

  // From now on each replica takes the step of its share alone (sharded_update.h). All outlive it. A call that all
  // make.
  void share_step(Context& context, StateShare& share, optim::Optimizer& optimizer);

  // From now on each takes so many micro-batches of every batch, by replica, at least one; an empty list stands for
  // equal shares, which are summed while the backward pass goes on. A call that all make alike, between two steps.
  // In f32, where replicas do not share the step.
  void share_micro_batches(const std::vector<std::int64_t>& shares);

  [[nodiscard]] int count() const override { return ranks_.size(); }
  [[nodiscard]] train::MicroBatches own(std::int64_t micro_batches) const override;
  [[nodiscard]] bool sums_nodes() const override { return !shares_.empty(); }
  void sum_nodes(Context& context, std::span<const Parameter> parameters,
                 std::vector<train::GradientSum::Node> nodes) override;
  [[nodiscard]] int index() const override { return ranks_.rank(); }
  void gather(Context& context, const Tensor& whole) override;
  [[nodiscard]] bool watch(const train::PassPorts& ports) override {
    watcher_ = ports;
    return !update_;
  }
  // Where a number of any replica is not finite, sums in a narrow format are NaN on all.
  // What is complete travels in buckets from a thread of its own, but where replicas share the step or it goes from a
  // GPU through the host.
  void complete(Context& context, const Parameter& parameter) override;
  void sum_gradients(Context& context, std::span<const Parameter> parameters) override;
  void undo_step(std::int64_t done) override;
  void add_alike(Context& context, std::span<const Parameter> parameters, std::vector<Tensor> alike) override;
  [[nodiscard]] train::Exchanged exchanged() const;

  // All go on from the state after `step` with what was kept until then. False on all, and nothing kept, where one of
  // them has lost it. A call that all make.
  [[nodiscard]] bool go_on_from(std::int64_t step);

  // Null in f32.
  [[nodiscard]] comm::CodedExchange* coded() noexcept { return coded_.get(); }

 private:
  using Bucket = GradientBuckets::Bucket;

  void begin_step(const Context& context);
  void send(Context& context, Bucket bucket);
  void send_from_gpu(Context& context, Bucket bucket);
  void take_from_gpu();
  void sum(Context& context, const Bucket& bucket);
  void sum_coded(Context& context, const Bucket& bucket);
  void tell(const Context& context, const std::vector<ExchangeThread::Span>& spans);

  comm::Communicator& ranks_;
  std::unique_ptr<comm::CodedExchange> coded_;
  std::optional<ShardedUpdate> update_;      // where replicas share the step
  std::vector<train::MicroBatches> shares_;  // by replica, where they were said; empty: equal
  std::function<float()> loss_scale_;
  int exceptions_ = std::uncaught_exceptions();  // on their way when it was made
  GradientBuckets buckets_;
  std::vector<float> packed_;
  std::vector<std::pair<Bucket, PackedNumbers>> on_gpu_;  // under way from there, of more than one gradient
  train::PassPorts watcher_;
  std::chrono::steady_clock::duration waited_{}, gathering_{}, under_way_{};
  ExchangeThread thread_;
};

}  // namespace athanor::distributed
