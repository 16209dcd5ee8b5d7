#include "core/autograd/backward_pass.h"

#include "kernels/base/error.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace athanor {

namespace {

void require_unused(const Node& node, bool unused) {
  if (unused) return;
  throw Failure(ErrorKind::internal, std::string("run backward through ") + node.op(),
                "an earlier backward pass has already freed what it saved");
}

// Gradients that leave a recomputed part go to its inputs and to parameters alone.
void require_input(const char* op, const Edge& edge, std::span<const Edge> inputs) {
  if (std::ranges::any_of(inputs, [&](const Edge& input) { return input.node == edge.node; })) return;
  throw Failure(ErrorKind::internal, std::string("run backward through ") + op,
                std::string("it was recomputed from the result of ") + edge.node->op() +
                    ", which is not among the inputs of its part",
                "Pass every value that wants a gradient to recompute() as an input");
}

}  // namespace

void BackwardPass::run_loss(const Variable& loss, float seed) {
  if (loss.numel() != 1)
    throw Failure(ErrorKind::internal, "run backward from a loss", "its shape is " + to_string(loss.shape()));
  start(loss, {}, seed);
}

void BackwardPass::run(const Variable& root, Tensor gradient) {
  if (root.shape() != gradient.shape())
    throw Failure(ErrorKind::internal, "run backward",
                  "the gradient has shape " + to_string(gradient.shape()) + ", the value " + to_string(root.shape()));
  if (root.value().dtype() != gradient.dtype())
    throw Failure(ErrorKind::internal, "run backward",
                  std::string("the gradient holds ") + to_string(gradient.dtype()) + ", the value " +
                      to_string(root.value().dtype()));
  start(root, std::move(gradient), 1.0f);
}

void BackwardPass::start(const Variable& root, Tensor gradient, float seed) {
  if (!root.edge().node)
    throw Failure(ErrorKind::internal, "run backward",
                  "nothing was recorded: no input wants a gradient, or the context was not recording");
  const NoGradient scope(context_);
  walk(collect(root.edge().node, 0, {}), std::move(gradient), seed);
}

BackwardPass::Nodes BackwardPass::collect(const std::shared_ptr<Node>& root, std::uint64_t first,
                                          std::span<const Edge> inputs) {
  std::unordered_set<const Node*> seen{root.get()};
  Nodes nodes{root};
  for (std::size_t next = 0; next < nodes.size(); ++next) {
    const auto node = nodes[next];
    require_unused(*node, node->gradient_ != nullptr);
    if (node->recomputes_) uses_->hold();
    for (const Edge& edge : node->inputs()) {
      if (edge.parameter) uses_->open(edge.parameter);
      if (!edge.node || !seen.insert(edge.node.get()).second) continue;
      if (edge.node->sequence() >= first)
        nodes.push_back(edge.node);
      else
        require_input(node->op(), edge, inputs);
    }
  }
  std::sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a->sequence() > b->sequence(); });
  return nodes;
}

void BackwardPass::walk(Nodes nodes, Tensor gradient, float seed) {
  for (auto& node : nodes) {
    const bool is_root = &node == &nodes.front();
    Tensor output_gradient = is_root ? std::move(gradient) : std::move(node->pending_);
    std::vector<int> left;
    // A node without a gradient fed only ops that gave it none.
    if (is_root || output_gradient.present()) left = run_node(*node, std::move(output_gradient), seed);
    finish_node(*node, left);
    node.reset();
  }
}

std::vector<int> BackwardPass::run_node(Node& node, Tensor output_gradient, float seed) {
  BackwardCall call(context_, node.inputs_, *this, std::move(output_gradient), seed);
  node.gradient_(call);
  std::vector<int> left;
  for (const BackwardCall::Left& input : call.left_) left.push_back(input.input);
  return left;
}

void BackwardPass::finish_node(Node& node, const std::vector<int>& left) {
  node.gradient_ = nullptr;
  const std::vector<Edge> inputs = std::exchange(node.inputs_, {});
  // Its uses of parameters are known by now.
  if (std::exchange(node.recomputes_, false)) uses_->release(context_);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].parameter && std::ranges::find(left, static_cast<int>(i)) == left.end())
      uses_->close(context_, inputs[i].parameter);
}

Deferral& BackwardPass::defer(std::vector<Edge> edges, std::vector<SavedTensor> kept, DeferredFunction function) {
  deferrals_.push_back(
      std::make_unique<Deferral>(context_, uses_, std::move(edges), std::move(kept), std::move(function)));
  return *deferrals_.back();
}

void BackwardPass::continue_through(BackwardCall& call, const Variable& output, std::uint64_t first) {
  const Edge& root = output.edge();
  if (root.node && root.node->sequence() >= first) {
    Nodes nodes = collect(root.node, first, call.inputs_);
    return walk(std::move(nodes), std::move(call.output_gradient_), call.seed_);
  }
  // A part may give back an input or a parameter as it is.
  if (!root.wanted()) return;
  if (root.node) require_input("recompute", root, call.inputs_);
  if (root.parameter) uses_->open(root.parameter);
  call.give_to(root, std::move(call.output_gradient()));
  if (root.parameter) uses_->close(context_, root.parameter);
}

}  // namespace athanor
