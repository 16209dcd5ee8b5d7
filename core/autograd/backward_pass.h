// How a backward pass walks the tape. Private to this folder.
#pragma once

#include "core/autograd/deferral.h"
#include "core/autograd/node.h"
#include "core/autograd/open_uses.h"

#include <memory>
#include <span>
#include <vector>

namespace athanor {

class BackwardPass {
 public:
  // What becomes of the gradients of weights.
  enum class Weights : std::uint8_t { now, later };
  BackwardPass(Context& context, Weights weights) : context_(context), weights_(weights) {}

  // From seed times a loss of one element.
  void run_loss(const Variable& loss, float seed);
  // From the gradient with respect to a value, which has its shape and format.
  void run(const Variable& root, Tensor gradient);
  [[nodiscard]] std::vector<std::unique_ptr<Deferral>> take_deferrals() noexcept { return std::move(deferrals_); }

  // ---- For BackwardCall ----
  [[nodiscard]] bool defers() const noexcept { return weights_ == Weights::later; }
  Deferral& defer(std::vector<Edge> edges, std::vector<SavedTensor> kept, DeferredFunction function);
  // `call` is that of a node that recomputes; `output` was recorded for it from number `first` on.
  void continue_through(BackwardCall& call, const Variable& output, std::uint64_t first);

 private:
  using Nodes = std::vector<std::shared_ptr<Node>>;

  void start(const Variable& root, Tensor gradient, float seed);
  // Every node that the root depends on and that was recorded from number `first` on, latest first. Older ones must be
  // among `inputs`.
  [[nodiscard]] Nodes collect(const std::shared_ptr<Node>& root, std::uint64_t first, std::span<const Edge> inputs);
  void walk(Nodes nodes, Tensor gradient, float seed);
  [[nodiscard]] std::vector<int> run_node(Node& node, Tensor output_gradient, float seed);
  // `left` are the inputs of which the gradient is still to come.
  void finish_node(Node& node, const std::vector<int>& left);

  Context& context_;
  Weights weights_;
  std::shared_ptr<OpenUses> uses_ = std::make_shared<OpenUses>();
  std::vector<std::unique_ptr<Deferral>> deferrals_;
};

}  // namespace athanor
