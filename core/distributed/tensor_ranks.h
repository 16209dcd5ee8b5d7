// The ranks of a tensor group as ranks of a communicator; sums are those of core/comm/combine.h. Numbers on GPUs go
// through the host where the ranks have not met there. Failures are the communicator's. Used by one thread at a time.
#pragma once

#include "core/comm/communicator.h"
#include "core/ops/tensor_group.h"
#include "core/optim/square_sums.h"
#include "core/train/world.h"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace athanor::distributed {

class TensorRanks final : public ops::TensorGroup {
 public:
  // Of a model that is built before its ranks have met.
  TensorRanks(int index, int count, bool divides_rows) : index_(index), count_(count), divides_rows_(divides_rows) {}
  TensorRanks(comm::Communicator& ranks, bool divides_rows) : TensorRanks(ranks.rank(), ranks.size(), divides_rows) {
    meet(ranks);
  }
  // From now on they exchange over `ranks`, which outlive that; until they leave, and meet anew.
  void meet(comm::Communicator& ranks);
  void leave() noexcept { ranks_ = nullptr; }
  // To see how long one rank takes without the others: nothing is exchanged, and every rank's numbers are this one's.
  void pretend() noexcept { pretends_ = true; }
  // Dry contexts give what ranks take that have met on their GPUs.
  void rehearse_on_gpus() noexcept { rehearses_on_gpus_ = true; }

  [[nodiscard]] int count() const override { return count_; }
  [[nodiscard]] int index() const override { return index_; }
  [[nodiscard]] bool divides_rows() const override { return divides_rows_; }
  // Of dry tensors nothing is exchanged, and all is counted. Throw Failure(internal) where the ranks have not met.
  void all_reduce(Context& context, const Tensor& x, Reduce reduce) override;
  void all_gather(Context& context, const Tensor& part, const Tensor& whole) override;
  void reduce_scatter(Context& context, const Tensor& whole, const Tensor& part) override;

  // In which this rank did nothing but exchange.
  [[nodiscard]] std::chrono::steady_clock::duration waited() const noexcept { return waited_; }
  // What this rank has sent, or would have in a dry context.
  [[nodiscard]] const comm::Traffic& sent() const noexcept { return sent_; }

 private:
  // Whether there is something to exchange.
  [[nodiscard]] bool begins(const Tensor& tensor) const;
  void rehearse(Context& context, const Tensor& from, const Tensor& to) const;
  // Each rank's part goes to every other one.
  void count_parts(const Tensor& part);

  int index_, count_;
  bool divides_rows_;
  bool pretends_ = false, rehearses_on_gpus_ = false;
  comm::Communicator* ranks_ = nullptr;
  comm::Traffic sent_;
  std::chrono::steady_clock::duration waited_{};
};

// What a norm calls a shard of a parameter, and those of a model that learn, for optim::SquareSums: what is divided
// stands there once for each shard.
[[nodiscard]] std::string shard_name(const std::string& path, int index);
[[nodiscard]] std::vector<optim::ParameterSize> sizes_of_all(std::span<const Parameter> parameters);

// For as long as it lives a rank exchanges with the others of its tensor group.
class TensorTie {
 public:
  // Both are referred to and outlive it.
  TensorTie(TensorRanks& group, comm::Communicator& ranks) : group_(group), ranks_(ranks) { group_.meet(ranks); }
  ~TensorTie() { group_.leave(); }
  TensorTie(const TensorTie&) = delete;
  TensorTie& operator=(const TensorTie&) = delete;

  [[nodiscard]] train::Exchanged exchanged() const;

 private:
  TensorRanks& group_;
  comm::Communicator& ranks_;
};

}  // namespace athanor::distributed
