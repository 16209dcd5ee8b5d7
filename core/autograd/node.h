// The tape. A recorded op is a Node: a name, the edges of its inputs, and the function that turns the gradient of its
// one output into gradients of its inputs. Nodes are numbered in recording order; a backward pass walks them in exactly
// the reverse order, so sums of gradients have one fixed order.
//
// A pass may want the gradients of inputs alone and those of large weights later (deferred_gradients.h). An op takes
// part in it with one branch at the head of its gradient function:
//   if (call.deferring(1)) call.defer({1}, {saved.x, hold(context, dy)}, launch_weight_gradient);
// What follows then finds that input 1 is not wanted. Ops without the branch give everything at once.
#pragma once

#include "core/autograd/saved_tensor.h"
#include "core/autograd/variable.h"

#include <initializer_list>
#include <span>
#include <vector>

namespace athanor {

class BackwardCall;
class BackwardPass;
using GradientFunction = std::function<void(BackwardCall&)>;
// Computes what was left for later from what was kept for it. The call wants nothing but those inputs.
using DeferredFunction = std::function<void(BackwardCall&, std::span<const Tensor> kept)>;

class Node {
 public:
  // `recomputes`: the gradient function records a part of the model anew and goes on through it.
  Node(const char* op, std::uint64_t sequence, std::vector<Edge> inputs, GradientFunction gradient,
       bool recomputes = false)
      : op_(op),
        sequence_(sequence),
        inputs_(std::move(inputs)),
        gradient_(std::move(gradient)),
        recomputes_(recomputes) {}

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
  bool recomputes_;            // and has not done so yet
};

// What a gradient function sees: the gradient of the output, and doors for the gradients of the inputs.
class BackwardCall {
 public:
  // Of a node in a pass.
  BackwardCall(Context& context, std::span<const Edge> inputs, BackwardPass& pass, Tensor output_gradient, float seed)
      : context_(context), inputs_(inputs), pass_(&pass), output_gradient_(std::move(output_gradient)), seed_(seed) {}
  // Of what was left for later. `may_accumulate` is whether the op's other parameters had a gradient at their time.
  BackwardCall(Context& context, std::span<const Edge> inputs, bool may_accumulate)
      : context_(context), inputs_(inputs), may_accumulate_(may_accumulate) {}

  [[nodiscard]] Context& context() noexcept { return context_; }
  // May be written in place, or taken as the input's gradient, when unique().
  [[nodiscard]] Tensor& output_gradient();
  // The gradient of a one-element output as a number. Costs no trip to the device when this node is the root.
  [[nodiscard]] float scalar_output_gradient();

  // Whether the gradient of an input is to be given in this call.
  [[nodiscard]] bool wanted(int input) const noexcept { return edge(input).wanted() && !left(input); }
  // What memory for the gradient of an input is to be tagged as, so that it need not be copied.
  [[nodiscard]] MemoryTag gradient_tag(int input) const noexcept {
    return edge(input).parameter ? MemoryTag::gradients : MemoryTag::activations;
  }
  // Hands over a gradient; adds to what is there already.
  void give(int input, Tensor gradient);

  // Whether defer() may take an input: it is a parameter that learns, and the pass leaves such gradients for later.
  [[nodiscard]] bool deferring(int input) const noexcept;
  // Leaves the gradients of those of the inputs that are deferring() for later. Comes before any ParameterSpace of the
  // call. Only what is kept outlives the call; `function` captures plain values, no tensors.
  void defer(std::initializer_list<int> inputs, std::vector<SavedTensor> kept, DeferredFunction function);

  // The node's inputs, carrying these values: what is computed from them is recorded, and gives its gradients to where
  // those of the inputs go.
  [[nodiscard]] std::vector<Variable> inputs_again(std::span<const SavedTensor> values) const;
  // Goes on through what was recorded from number `first` on, as far as the node's inputs; `output` takes the place of
  // the node's output. Throws Failure(internal) when it depends on an older value that is no input of the node.
  void continue_through(const Variable& output, std::uint64_t first);

 private:
  friend class BackwardPass;
  friend class ParameterSpace;
  struct Left {
    int input;
    bool has_gradient;  // by the time it is added: some is there, or owed
  };

  void give_to(const Edge& to, Tensor gradient);
  [[nodiscard]] const Edge& edge(int input) const noexcept { return inputs_[static_cast<std::size_t>(input)]; }
  [[nodiscard]] const Left* left(int input) const noexcept;
  [[nodiscard]] bool has_gradient(int input) const;

  Context& context_;
  std::span<const Edge> inputs_;
  BackwardPass* pass_ = nullptr;  // null in a call of what was left for later
  Tensor output_gradient_;        // absent for a root seeded with a number
  float seed_ = 1.0f;
  bool may_accumulate_ = true;
  std::vector<Left> left_;
  Deferral* deferral_ = nullptr;  // the last one
};

// Room for the gradients of parameters, for kernels that can add to what is there: the first pass writes into fresh
// memory without clearing it, later passes accumulate in place.
//   ParameterSpace space(call, {{1, weight_shape}, {2, bias_shape}});
//   kernel({.accumulate_parameters = space.accumulate(), .dw = space.view(1), .dbias = space.view(2)});
//   space.commit();
// What a call leaves for later is among the wishes as well: accumulate() is what it would be if all were given at once.
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
// Keeps a tensor as it is for what is left for later. Throws there when the memory was written to meanwhile.
[[nodiscard]] inline SavedTensor hold(Context& context, const Tensor& tensor) { return {context, tensor, false}; }
// Saves what was multiplied by: the weight itself, or the copy of it that was rounded to another format.
[[nodiscard]] inline SavedTensor save_weight(Context& context, const Variable& weight, const Tensor& rounded) {
  return rounded.storage() == weight.value().storage() ? save(context, weight) : SavedTensor(context, rounded, false);
}

}  // namespace athanor
