// Runs the backward passes of several micro-batches, whole or in halves, in a given order, and tells the gradients bit
// by bit.
#pragma once

#include "core/autograd/backward.h"
#include "core/autograd/deferred_gradients.h"
#include "core/autograd/input_leaf.h"
#include "core/autograd/saved_tensor.h"
#include "tests/core/engine/support.h"

#include <bit>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace athanor::test {

using Bits = std::vector<std::uint32_t>;
inline Bits bits(const Context& context, const Tensor& tensor) {
  Bits out;
  if (tensor.present())
    for (const float value : context.download(tensor)) out.push_back(std::bit_cast<std::uint32_t>(value));
  return out;
}

enum class Half : char { inputs = 'I', weights = 'W', both = 'B' };
struct Turn {
  Half half;
  int micro_batch;
};
using Order = std::vector<Turn>;

// "I0 I1 W0 B2 W1"
inline Order order_of(const std::string& text) {
  Order order;
  for (std::size_t i = 0; i + 1 < text.size(); i += 3) order.push_back({static_cast<Half>(text[i]), text[i + 1] - '0'});
  return order;
}
// Each begins its backward passes with 0, then 1, then 2.
inline const std::vector<std::string> kOrders{"I0 W0 I1 W1 I2 W2", "I0 I1 I2 W0 W1 W2", "I0 I1 W0 I2 W1 W2",
                                              "I0 I1 I2 W2 W0 W1", "I0 B1 I2 W2 W0"};

// What is differentiated: parameters, and one value of a micro-batch from an input of this shape.
struct Subject {
  std::vector<Parameter> parameters;
  Shape input;
  std::function<Variable(Context&, const Variable& x, int micro_batch)> forward;
  DType format = DType::f32;         // of the input
  std::shared_ptr<void> keeps = {};  // whatever must live as long
};
using Build = std::function<Subject(Context&)>;

struct Gradients {
  std::map<int, Bits> of_inputs;
  std::map<std::string, Bits> of_parameters;
};

inline Gradients gradients_in(const Build& build, const Order& order, int threads = 1,
                              SavedTensorHooks* hooks = nullptr) {
  Context context(options(threads));
  const Subject subject = build(context);
  context.set_saved_tensor_hooks(hooks);
  std::map<int, DeferredGradients> later;
  Gradients out;
  for (const auto& [half, micro_batch] : order) {
    if (half == Half::weights) {
      later.at(micro_batch).run();
      continue;
    }
    const auto seed = static_cast<std::uint64_t>(micro_batch);
    InputLeaf input(context,
                    context.upload_as(subject.format, random_numbers(subject.input.numel(), 50 + seed), subject.input));
    const Variable y = subject.forward(context, input.variable(), micro_batch);
    const Tensor dy = context.upload_as(y.value().dtype(), random_numbers(y.numel(), 70 + seed), y.shape());
    if (half == Half::both)
      backward(context, y, dy);
    else
      later.emplace(micro_batch, input_gradients(context, y, dy));
    out.of_inputs[micro_batch] = bits(context, input.take_gradient());
  }
  for (const Parameter& parameter : subject.parameters)
    out.of_parameters[parameter->path] = bits(context, parameter->gradient);
  return out;
}

inline void expect_same(const Gradients& got, const Gradients& want) {
  EXPECT_EQ(got.of_inputs, want.of_inputs);
  for (const auto& [path, expected] : want.of_parameters) EXPECT_EQ(got.of_parameters.at(path), expected) << path;
}

// Takes what is saved to the host.
class Offload final : public SavedTensorHooks {
 public:
  struct Packed final : PackedTensor {
    Packed(std::vector<float> values, const Tensor& of)
        : numbers(std::move(values)), shape(of.shape()), format(of.dtype()) {}
    Tensor unpack(Context& context) override {
      EXPECT_FALSE(std::exchange(unpacked, true)) << "numbers are asked for once";
      return context.upload_as(format, numbers, shape);
    }
    std::vector<float> numbers;
    Shape shape;
    DType format;
    bool unpacked = false;
  };
  std::unique_ptr<PackedTensor> pack(Context& context, const Tensor& tensor) override {
    return std::make_unique<Packed>(context.download(tensor), tensor);
  }
};

// I and W give the bits of B, in every order of three micro-batches and with one and two threads.
inline void expect_halves_equal_whole(const Build& build, const std::string& name, SavedTensorHooks* hooks = nullptr) {
  const Gradients whole = gradients_in(build, order_of("B0 B1 B2"));
  for (const auto& [path, gradient] : whole.of_parameters) EXPECT_FALSE(gradient.empty()) << name << ": " << path;
  for (const int threads : {1, 2})
    for (const std::string& order : kOrders) {
      SCOPED_TRACE(name + " in " + order + " with " + std::to_string(threads) + " threads");
      expect_same(gradients_in(build, order_of(order), threads, hooks), whole);
    }
}

}  // namespace athanor::test
