// A tensor that remembers how it was made, and the leaves of that memory: parameters.
//
// Ops take and return Variables. A Variable made from a plain Tensor is a constant. Copying is cheap: all parts are
// shared.
#pragma once

#include "core/tensor/tensor.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace athanor {

class Context;
class Deferral;
class Node;
struct LowRank;  // core/nn/low_rank.h
struct ParameterState;
struct Shard;  // core/autograd/shard.h
using Parameter = std::shared_ptr<ParameterState>;

// A named tensor that learns. `path` is its logical dotted name for life: checkpoints, optimizer groups and plans key
// on it, whatever wraps the module.
struct ParameterState {
  std::string path;  // "image_tower.blocks.0.attention.qkv.weight"
  Tensor value;
  Tensor gradient;                     // absent until a backward pass reaches it; further passes add to it
  bool decays = true;                  // weight decay applies
  float rate = 1.0f;                   // multiplies the learning rate
  bool trainable = true;               // false: treated as a constant
  bool product = false;                // the weight [out, in] of a linear layer, which may be given an adapter
  std::shared_ptr<LowRank> adapter;    // null for most
  std::shared_ptr<const Shard> shard;  // which part of the logical array this rank holds; null: all of it
  // Called in order, in a backward pass, once the gradient of this pass is complete; where the pass left some of it for
  // later, when that has been added. Reducers hang here.
  std::vector<std::function<void(Context&, ParameterState&)>> hooks;
  // Gradients that passes have left for later, in the order in which they are to be added. Not owned; deferral.h.
  std::vector<Deferral*> owed;
};

[[nodiscard]] inline Parameter make_parameter(std::string path, Tensor value, bool decays = true) {
  auto parameter = std::make_shared<ParameterState>();
  parameter->path = std::move(path);
  parameter->value = std::move(value);
  parameter->decays = decays;
  return parameter;
}

// Where a gradient goes: to the node that made the value, to a parameter, or nowhere.
struct Edge {
  std::shared_ptr<Node> node;
  Parameter parameter;
  [[nodiscard]] bool wanted() const noexcept { return node != nullptr || parameter != nullptr; }
};

class Variable {
 public:
  Variable() = default;                                 // absent
  Variable(Tensor value) : value_(std::move(value)) {}  // NOLINT: constants convert on purpose
  Variable(const Parameter& parameter) {                // NOLINT: so do leaves; a null one is absent
    if (!parameter) return;
    parameter->value.need();
    value_ = parameter->value;
    if (parameter->trainable) edge_.parameter = parameter;
  }
  Variable(Tensor value, std::shared_ptr<Node> maker) : value_(std::move(value)) { edge_.node = std::move(maker); }
  Variable(Tensor value, Edge edge) : value_(std::move(value)), edge_(std::move(edge)) {}

  [[nodiscard]] const Tensor& value() const noexcept { return value_; }
  [[nodiscard]] const Edge& edge() const noexcept { return edge_; }
  [[nodiscard]] bool wants_gradient() const noexcept { return edge_.wanted(); }
  [[nodiscard]] bool is_parameter() const noexcept { return edge_.parameter != nullptr; }
  // The same numbers as a constant.
  [[nodiscard]] Variable detach() const { return Variable(value_); }

  [[nodiscard]] bool present() const noexcept { return value_.present(); }
  [[nodiscard]] const Shape& shape() const noexcept { return value_.shape(); }
  [[nodiscard]] int rank() const noexcept { return value_.rank(); }
  [[nodiscard]] std::int64_t dim(int i) const noexcept { return value_.dim(i); }
  [[nodiscard]] std::int64_t numel() const noexcept { return value_.numel(); }
  [[nodiscard]] View view() const noexcept { return value_.view(); }

 private:
  Tensor value_;
  Edge edge_;
};

}  // namespace athanor
