// What one of several replicas holds of a model's training state: of each parameter that learns one range of its
// numbers, of which it alone keeps the optimizer's state and takes the step (ZeRO; Rajbhandari et al. 2020, arXiv
// 1910.02054). Ranges are those of parallel::flat_shares().
//
// With Shard::parameters every replica keeps nothing of a parameter but its own range, unless it is so small that it is
// never cut; parameter_window.h puts them together where they are used.
//
// Not for concurrent use; refers to the parameters it was made of.
#pragma once

#include "core/optim/optimizer.h"
#include "core/optim/square_sums.h"
#include "core/parallel/shard_layout.h"
#include "core/tensor/context.h"
#include "core/train/held.h"

#include <span>
#include <vector>

namespace athanor::distributed {

class StateShare {
 public:
  // Alike on all replicas but for `replica`, the one that this is.
  StateShare(Context& context, const std::vector<Parameter>& parameters, parallel::Shard shard, int replicas,
             int replica);
  StateShare(const StateShare&) = delete;
  StateShare& operator=(const StateShare&) = delete;

  struct Place {
    Parameter whole;
    std::vector<parallel::Range> ranges;  // by replica
    Parameter piece;                      // null where this replica's range is empty
    parallel::Range own;
    bool is_cut = false;  // the whole is vacant but while it is at work, and the piece has memory of its own
  };
  // Of the parameters that learn, in their order.
  [[nodiscard]] std::span<const Place> places() const noexcept { return places_; }
  // For make_optimizer(): parameters under the paths of the whole ones, whose values are a range of theirs.
  [[nodiscard]] const std::vector<Parameter>& pieces() const noexcept { return pieces_; }
  [[nodiscard]] parallel::Shard shard() const noexcept { return shard_; }
  [[nodiscard]] int replica() const noexcept { return replica_; }

  // What this replica writes of a checkpoint, so that all replicas together write everything once.
  [[nodiscard]] std::vector<train::Held> written(const optim::Optimizer& optimizer) const;
  // What it needs of one.
  [[nodiscard]] std::vector<train::Held> needed(const optim::Optimizer& optimizer) const;

 private:
  void hold_state(const optim::Optimizer& optimizer, std::vector<train::Held>& out) const;

  std::vector<Parameter> parameters_;
  parallel::Shard shard_;
  int replicas_, replica_;
  std::vector<Place> places_;
  std::vector<Parameter> pieces_;
};

}  // namespace athanor::distributed
