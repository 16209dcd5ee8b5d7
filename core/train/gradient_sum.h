// Gradients of micro-batches added in an order that depends on nothing but their number: neighbours first, then pairs
// of pairs, as a binary counter adds its leaves. It is the order in which core/comm/combine.h adds over ranks, so that
// ranks that each add a power of two of micro-batches, and are then added themselves, give the bits of one that adds
// all. Ranks with other runs of them hand over the sums that the tree of all has, its nodes, and add those in its
// order.
//
// Memory: one copy of all gradients for each node that waits for its neighbour, at most log2 of the number of
// micro-batches, twice that in a run which begins amid the tree, besides the gradients of the one at work.
#pragma once

#include "core/autograd/variable.h"
#include "core/tensor/context.h"

#include <cstdint>
#include <span>
#include <vector>

namespace athanor::train {

// Micro-batches of a batch that follow one another.
struct MicroBatches {
  std::int64_t first = 0, count = 1;
};

// The sum of the 2^level micro-batches from index 2^level on.
struct SumNode {
  int level = 0;
  std::int64_t index = 0;

  // Whether the two are added to one, this one first.
  [[nodiscard]] bool joins(const SumNode& next) const noexcept {
    return level == next.level && index % 2 == 0 && index + 1 == next.index;
  }
  [[nodiscard]] SumNode joined() const noexcept { return {level + 1, index / 2}; }
  [[nodiscard]] bool operator==(const SumNode&) const = default;
};
// The nodes that a run comes to by itself, in order.
[[nodiscard]] std::vector<SumNode> nodes_of(const MicroBatches& run);

class GradientSum {
 public:
  struct Node {
    SumNode place;
    std::vector<Tensor> gradients;  // by parameter; absent where it has none
  };
  // Of a run that begins with this micro-batch of the batch.
  explicit GradientSum(std::int64_t first) : first_(first), next_(first) {}
  GradientSum() : GradientSum(0) {}

  // Takes the gradients of the next micro-batch out of the parameters, always the same ones.
  void add(Context& context, std::span<const Parameter> parameters);
  // Puts the sums back, as the parameters' gradients; the next add() begins anew.
  void finish(Context& context, std::span<const Parameter> parameters);
  // Instead of the last add() and finish(), one parameter after the other as their gradients become complete: adds what
  // was added before to the gradient of the last micro-batch. Once for each parameter, then clear().
  void finish(Context& context, std::size_t parameter, Tensor& gradient);
  // Instead of finish(): what nodes_of() says. The next add() begins anew.
  [[nodiscard]] std::vector<Node> take_nodes();
  void clear();

 private:
  std::int64_t first_, next_;
  std::vector<Node> nodes_;
};

// sum += addend; either may be absent, which counts as zero.
void add_gradient(Context& context, Tensor& sum, Tensor addend);
// The same for the gradients of all parameters.
void add_gradients(Context& context, std::span<const Parameter> parameters, std::vector<Tensor> addends);

}  // namespace athanor::train
