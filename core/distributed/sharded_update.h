// The step of one of several replicas that share the optimizer's work: sums of gradients go to whoever takes the step
// of those numbers, and the parameters come back from there. With the bits of one process that has all of it: the sums
// have the order of core/comm/combine.h.
//
// With Shard::optimizer a gradient keeps its memory while this replica owns any of it; from Shard::gradients on, what
// another one owns is freed as soon as it was sent, in the last backward pass of a step already.
#pragma once

#include "core/comm/coded_exchange.h"
#include "core/distributed/parameter_window.h"
#include "core/distributed/state_share.h"

#include <chrono>
#include <optional>
#include <unordered_map>
#include <vector>

namespace athanor::distributed {

class ShardedUpdate {
 public:
  // A call that all replicas make. All are referred to and outlive it; in a dry context `replicas` must be silent
  // (core/comm/silent_communicator.h) and `coded` is null, as where gradients travel in f32. While it lives, it is
  // called in every backward pass and in every step of the optimizer.
  ShardedUpdate(Context& context, comm::Communicator* replicas, comm::CodedExchange* coded, StateShare& share,
                optim::Optimizer& optimizer);
  ~ShardedUpdate();
  ShardedUpdate(const ShardedUpdate&) = delete;
  ShardedUpdate& operator=(const ShardedUpdate&) = delete;

  // See train::Replicas.
  void complete(Context& context, const Parameter& parameter);
  void sum_gradients(Context& context);
  void add_alike(Context& context, std::span<const Parameter> parameters, std::vector<Tensor> alike);

  // What its exchanges have taken so far.
  [[nodiscard]] std::chrono::steady_clock::duration waited() const noexcept {
    return waited_ + (window_ ? window_->waited() : std::chrono::steady_clock::duration{});
  }
  // Of communicators of its own.
  [[nodiscard]] comm::Traffic traffic() const { return window_ ? window_->traffic() : comm::Traffic{}; }

 private:
  using Place = StateShare::Place;
  // Numbers of gradients that travel together.
  static constexpr std::int64_t kBucketNumbers = 1 << 20;

  void add(Context& context, const Place& place);
  void send_bucket(Context& context);
  void sum_bucket(Context& context);
  void sum_coded(Context& context);
  void keep_own(Context& context, const Place& place);
  void give_out(Context& context);
  void give_out(Context& context, std::span<const Place* const> bucket);
  [[nodiscard]] std::vector<comm::Piece> pieces_of(std::span<const Place* const> bucket) const;

  comm::Communicator* replicas_;
  comm::CodedExchange* coded_;
  StateShare& share_;
  optim::Optimizer& optimizer_;
  std::unordered_map<const ParameterState*, const Place*> by_parameter_;
  std::optional<ParameterWindow> window_;  // where parameters are cut
  std::vector<const Place*> bucket_;       // complete, and not yet sent
  std::int64_t bucket_numbers_ = 0;
  std::vector<float> packed_;
  std::chrono::steady_clock::duration waited_{};
};

}  // namespace athanor::distributed
