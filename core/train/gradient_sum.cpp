#include "core/train/gradient_sum.h"

#include "core/autograd/accumulate.h"

#include <ranges>
#include <utility>

namespace athanor::train {
namespace {

void add_all(Context& context, std::vector<Tensor>& sum, std::vector<Tensor> addend) {
  for (std::size_t i = 0; i < sum.size(); ++i) add_gradient(context, sum[i], std::move(addend[i]));
}

}  // namespace

void add_gradient(Context& context, Tensor& sum, Tensor addend) {
  if (!addend.present()) return;
  if (sum.present()) return accumulate(context, sum, std::move(addend));
  sum = std::move(addend);
}

void add_gradients(Context& context, std::span<const Parameter> parameters, std::vector<Tensor> addends) {
  for (std::size_t i = 0; i < parameters.size(); ++i)
    add_gradient(context, parameters[i]->gradient, std::move(addends[i]));
}

std::vector<SumNode> nodes_of(const MicroBatches& run) {
  std::vector<SumNode> nodes;
  for (std::int64_t i = run.first; i < run.first + run.count; ++i) {
    nodes.push_back({0, i});
    while (nodes.size() > 1 && nodes[nodes.size() - 2].joins(nodes.back())) {
      nodes.pop_back();
      nodes.back() = nodes.back().joined();
    }
  }
  return nodes;
}

void GradientSum::add(Context& context, std::span<const Parameter> parameters) {
  Node& leaf = nodes_.emplace_back();
  leaf.place = {0, next_++};
  for (const Parameter& parameter : parameters) leaf.gradients.push_back(std::exchange(parameter->gradient, {}));
  while (nodes_.size() > 1 && nodes_[nodes_.size() - 2].place.joins(nodes_.back().place)) {
    std::vector<Tensor> addend = std::move(nodes_.back().gradients);
    nodes_.pop_back();
    add_all(context, nodes_.back().gradients, std::move(addend));
    nodes_.back().place = nodes_.back().place.joined();
  }
}

void GradientSum::finish(Context& context, std::size_t parameter, Tensor& gradient) {
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    add_gradient(context, node->gradients[parameter], std::move(gradient));
    gradient = std::exchange(node->gradients[parameter], {});
  }
}

void GradientSum::finish(Context& context, std::span<const Parameter> parameters) {
  std::vector<Tensor> sum;
  std::vector<Node> nodes = take_nodes();
  for (Node& node : nodes | std::views::reverse) {
    if (!sum.empty()) add_all(context, node.gradients, std::move(sum));
    sum = std::move(node.gradients);
  }
  for (std::size_t i = 0; i < sum.size(); ++i) parameters[i]->gradient = std::move(sum[i]);
}

std::vector<GradientSum::Node> GradientSum::take_nodes() {
  next_ = first_;
  return std::exchange(nodes_, {});
}

void GradientSum::clear() { (void)take_nodes(); }

}  // namespace athanor::train
