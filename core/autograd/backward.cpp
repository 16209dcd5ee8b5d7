#include "core/autograd/backward.h"

#include "core/autograd/node.h"
#include "kernels/base/error.h"

#include <algorithm>
#include <map>
#include <unordered_set>

namespace athanor {

class BackwardPass {
 public:
  BackwardPass(Context& context, const std::shared_ptr<Node>& root) : context_(context) { collect(root); }

  void run(Tensor gradient, float seed) {
    const NoGradient scope(context_);
    for (auto& node : nodes_) {
      const bool is_root = &node == &nodes_.front();
      Tensor output_gradient = is_root ? std::move(gradient) : std::move(node->pending_);
      // A node without a gradient fed only ops that gave it none.
      if (is_root || output_gradient.present()) run_node(*node, std::move(output_gradient), seed);
      finish_node(*node);
      node.reset();
    }
  }

 private:
  // Every node the root depends on, latest first, and how often each parameter is used.
  void collect(const std::shared_ptr<Node>& root) {
    std::unordered_set<const Node*> seen{root.get()};
    nodes_.push_back(root);
    for (std::size_t next = 0; next < nodes_.size(); ++next) {
      const auto node = nodes_[next];
      require_unused(*node);
      for (const Edge& edge : node->inputs()) {
        if (edge.parameter) ++uses_[edge.parameter.get()];
        if (edge.node && seen.insert(edge.node.get()).second) nodes_.push_back(edge.node);
      }
    }
    std::sort(nodes_.begin(), nodes_.end(), [](const auto& a, const auto& b) { return a->sequence() > b->sequence(); });
  }

  static void require_unused(const Node& node) {
    if (node.gradient_) return;
    throw Failure(ErrorKind::internal, std::string("run backward through ") + node.op(),
                  "an earlier backward pass has already freed what it saved");
  }

  void run_node(Node& node, Tensor output_gradient, float seed) {
    BackwardCall call(context_, node, std::move(output_gradient), seed);
    node.gradient_(call);
  }

  void finish_node(Node& node) {
    node.gradient_ = nullptr;
    const std::vector<Edge> inputs = std::move(node.inputs_);
    node.inputs_.clear();
    for (const Edge& edge : inputs) {
      if (!edge.parameter || --uses_[edge.parameter.get()] > 0) continue;
      if (!edge.parameter->gradient.present()) continue;
      for (const auto& hook : edge.parameter->hooks) hook(context_, *edge.parameter);
    }
  }

  Context& context_;
  std::vector<std::shared_ptr<Node>> nodes_;
  std::map<const ParameterState*, int> uses_;
};

namespace {

const std::shared_ptr<Node>& root_of(const Variable& value) {
  if (!value.edge().node)
    throw Failure(ErrorKind::internal, "run backward",
                  "nothing was recorded: no input wants a gradient, or the context was not recording");
  return value.edge().node;
}

}  // namespace

void backward(Context& context, const Variable& loss, float seed) {
  if (loss.numel() != 1)
    throw Failure(ErrorKind::internal, "run backward from a loss", "its shape is " + to_string(loss.shape()));
  BackwardPass(context, root_of(loss)).run({}, seed);
}

void backward(Context& context, const Variable& root, Tensor gradient) {
  if (root.shape() != gradient.shape())
    throw Failure(ErrorKind::internal, "run backward",
                  "the gradient has shape " + to_string(gradient.shape()) + ", the value " + to_string(root.shape()));
  if (root.value().dtype() != gradient.dtype())
    throw Failure(ErrorKind::internal, "run backward",
                  std::string("the gradient holds ") + to_string(gradient.dtype()) + ", the value " +
                      to_string(root.value().dtype()));
  BackwardPass(context, root_of(root)).run(std::move(gradient), 1.0f);
}

}  // namespace athanor
