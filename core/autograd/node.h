// The tape. A recorded op is a Node: a name, the edges of its inputs, and the function that turns the gradient of its
// one output into gradients of its inputs. Nodes are numbered in recording order; a backward pass walks them in exactly
// the reverse order, so sums of gradients have one fixed order.
#pragma once

#include "core/autograd/saved_tensor.h"
#include "core/autograd/variable.h"

#include <initializer_list>
#include <span>
#include <vector>

namespace athanor {

class BackwardCall;
using GradientFunction = std::function<void(BackwardCall&)>;

class Node {
 public:
  Node(const char* op, std::uint64_t sequence, std::vector<Edge> inputs, GradientFunction gradient)
      : op_(op), sequence_(sequence), inputs_(std::move(inputs)), gradient_(std::move(gradient)) {}

  [[nodiscard]] const char* op() const noexcept { return op_; }
  [[nodiscard]] std::uint64_t sequence() const noexcept { return sequence_; }
  [[nodiscard]] const std::vector<Edge>& inputs() const noexcept { return inputs_; }

 private:
  friend class BackwardCall;
  friend class BackwardPass;

  const char* op_;
  std::uint64_t sequence_;
  std::vector<Edge> inputs_;
  GradientFunction gradient_;  // empty once it has run
  Tensor pending_;             // what consumers have given so far
};

// What a gradient function sees: the gradient of the output, and doors for the gradients of the inputs.
class BackwardCall {
 public:
  BackwardCall(Context& context, Node& node, Tensor output_gradient, float seed)
      : context_(context), node_(node), output_gradient_(std::move(output_gradient)), seed_(seed) {}

  [[nodiscard]] Context& context() noexcept { return context_; }
  // May be written in place, or taken as the input's gradient, when unique().
  [[nodiscard]] Tensor& output_gradient();
  // The gradient of a one-element output as a number. Costs no trip to the device when this node is the root.
  [[nodiscard]] float scalar_output_gradient();

  [[nodiscard]] bool wanted(int input) const noexcept { return edge(input).wanted(); }
  // What memory for the gradient of an input is to be tagged as, so that it need not be copied.
  [[nodiscard]] MemoryTag gradient_tag(int input) const noexcept {
    return edge(input).parameter ? MemoryTag::gradients : MemoryTag::activations;
  }
  // Hands over a gradient; adds to what is there already.
  void give(int input, Tensor gradient);

 private:
  friend class ParameterSpace;
  [[nodiscard]] const Edge& edge(int input) const noexcept { return node_.inputs_[static_cast<std::size_t>(input)]; }

  Context& context_;
  Node& node_;
  Tensor output_gradient_;  // absent for a root seeded with a number
  float seed_;
};

// Room for the gradients of parameters, for kernels that can add to what is there: the first pass writes into fresh
// memory without clearing it, later passes accumulate in place.
//   ParameterSpace space(call, {{1, weight_shape}, {2, bias_shape}});
//   kernel({.accumulate_parameters = space.accumulate(), .dw = space.view(1), .dbias = space.view(2)});
//   space.commit();
class ParameterSpace {
 public:
  struct Wish {
    int input;
    Shape shape;
    DType format = DType::f32;  // that of the input
  };
  ParameterSpace(BackwardCall& call, std::initializer_list<Wish> wishes);

  [[nodiscard]] bool accumulate() const noexcept { return accumulate_; }
  // Absent when the input wants no gradient.
  [[nodiscard]] View view(int input) const noexcept;
  void commit();

 private:
  struct Place {
    int input;
    Tensor tensor;
  };
  BackwardCall& call_;
  std::vector<Place> places_;
  bool accumulate_ = false;
};

// True when the context records and at least one input wants a gradient.
[[nodiscard]] bool recording(const Context& context, std::initializer_list<const Variable*> inputs);

// Makes `output` the result of a recorded op. Call only when recording().
[[nodiscard]] Variable record(Context& context, const char* op, Tensor output,
                              std::initializer_list<const Variable*> inputs, GradientFunction gradient);
// The same for as many inputs as there are.
[[nodiscard]] Variable record_all(Context& context, const char* op, Tensor output, std::span<const Variable> inputs,
                                  GradientFunction gradient);

// Saves an input or an intermediate for the gradient. Parameters pass no hook.
[[nodiscard]] inline SavedTensor save(Context& context, const Variable& variable) {
  return {context, variable.value(), !variable.is_parameter()};
}
[[nodiscard]] inline SavedTensor save(Context& context, const Tensor& tensor) { return {context, tensor}; }
// Saves what was multiplied by: the weight itself, or the copy of it that was rounded to another format.
[[nodiscard]] inline SavedTensor save_weight(Context& context, const Variable& weight, const Tensor& rounded) {
  return rounded.storage() == weight.value().storage() ? save(context, weight) : SavedTensor(context, rounded, false);
}

}  // namespace athanor
