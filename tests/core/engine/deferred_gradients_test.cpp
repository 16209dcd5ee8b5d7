// The backward pass in two halves, op by op: the bits, what is left for later, and the memory in between.
#include "core/autograd/deferred_gradients.h"

#include "core/ops/conv.h"
#include "core/ops/elementwise.h"
#include "core/ops/gemm.h"
#include "core/ops/index.h"
#include "core/ops/loss.h"
#include "core/ops/norm.h"
#include "core/ops/quantized.h"
#include "kernels/base/error.h"
#include "kernels/ops/conv/conv2d.h"
#include "kernels/ops/gemm/linear.h"
#include "tests/core/engine/halves.h"

#include <array>
#include <map>

namespace athanor {
namespace {

using test::Build;
using test::expect_halves_equal_whole;
using test::failure_text;
using test::ids;
using test::random_parameter;
using test::Subject;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// ---- Every op that leaves something for later ----

using Op = std::function<Variable(Context&, const Variable& x, const std::vector<Parameter>& p)>;

Build subject(const Shape& input, const std::vector<Shape>& parameters, const Op& op, DType format = DType::f32) {
  return [=](Context& context) {
    Subject made{.parameters = {}, .input = input, .forward = {}, .format = format};
    for (const Shape& shape : parameters) {
      const std::size_t index = made.parameters.size();
      made.parameters.push_back(random_parameter(context, std::to_string(index), shape, 9 + index));
    }
    made.forward = [op, all = made.parameters](Context& c, const Variable& x, int) { return op(c, x, all); };
    return made;
  };
}

struct Case {
  std::string name;
  Shape input;
  std::vector<Shape> parameters;
  Op op;
};
using P = std::vector<Parameter>;

std::vector<Case> product_cases() {
  return {
      {"linear",
       {70, 33},
       {{18, 33}, {18}},
       [](Context& c, const Variable& x, const P& p) { return ops::linear(c, x, p[0], p[1]); }},
      {"linear with activation and residual",
       {140, 256},
       {{256, 256}, {256}},
       [](Context& c, const Variable& x, const P& p) {
         return ops::linear(c, x, p[0], p[1], {.activation = Activation::gelu_tanh, .residual = x});
       }},
      {"linear without bias",
       {5, 33},
       {{18, 33}},
       [](Context& c, const Variable& x, const P& p) { return ops::linear(c, x, p[0], {}); }},
      {"batched_matmul",
       {2, 3, 5, 7},
       {{3, 7, 6}, {6}},
       [](Context& c, const Variable& x, const P& p) {
         return ops::batched_matmul(c, x, ops::cast(c, p[0], x.value().dtype()),
                                    {.bias = p[1], .activation = Activation::silu});
       }},
      {"conv2d by minimal filtering",
       {9, 6, 6, 8},
       {{16, 3, 3, 8}, {16}},
       [](Context& c, const Variable& x, const P& p) { return ops::conv2d(c, x, p[0], p[1], {.padding = 1}); }},
      {"conv2d",
       {18, 7, 6, 5},
       {{4, 3, 2, 5}, {4}},
       [](Context& c, const Variable& x, const P& p) { return ops::conv2d(c, x, p[0], p[1], {.stride = 2}); }},
  };
}

std::vector<Case> transposed_cases() {
  std::vector<Case> cases;
  for (const bool ta : {false, true})
    for (const bool tb : {false, true}) {
      const auto named = [ta, tb](const char* op) {
        return std::string(op) + (ta ? " A^T" : " A") + (tb ? " B^T" : " B");
      };
      const Shape a = ta ? Shape{7, 5} : Shape{5, 7}, b = tb ? Shape{6, 7} : Shape{7, 6};
      const ops::MatmulOptions how{.transpose_a = ta, .transpose_b = tb, .alpha = 0.7f};
      cases.push_back({named("matmul by a parameter"), a, {b}, [how](Context& c, const Variable& x, const P& p) {
                         return ops::matmul(c, x, p[0], how);
                       }});
      cases.push_back({named("matmul of a parameter"), b, {a}, [how](Context& c, const Variable& x, const P& p) {
                         return ops::matmul(c, p[0], x, how);
                       }});
      cases.push_back({named("batched_matmul of a parameter"), b, {a}, [=](Context& c, const Variable& x, const P& p) {
                         return ops::batched_matmul(c, p[0], x, {.transpose_a = ta, .transpose_b = tb});
                       }});
      cases.push_back({named("matmul of parameters"), {5, 6}, {a, b}, [how](Context& c, const Variable& x, const P& p) {
                         return ops::add(c, ops::matmul(c, p[0], p[1], how), x);
                       }});
    }
  return cases;
}

Variable look_up(Context& context, const Parameter& table) {
  return ops::embedding(context, table, ids(context, {1, 0, 3, 1, 1}, {5}));
}

// A parameter that several ops use, or only one of its op's parameters has a gradient already.
std::vector<Case> shared_cases() {
  return {
      {"embedding",
       {5, 6},
       {{4, 6}},
       [](Context& c, const Variable& x, const P& p) { return ops::add(c, x, look_up(c, p[0])); }},
      {"one weight with two biases",
       {70, 33},
       {{33, 33}, {33}, {33}},
       [](Context& c, const Variable& x, const P& p) {
         return ops::linear(c, ops::linear(c, x, p[0], p[1]), p[0], p[2]);
       }},
      {"one bias with two weights",
       {70, 33},
       {{33, 33}, {33, 33}, {33}},
       [](Context& c, const Variable& x, const P& p) {
         return ops::linear(c, ops::linear(c, x, p[0], p[2]), p[1], p[2]);
       }},
      {"a weight that is also added and normed by",
       {200, 4, 6},
       {{4, 6}, {6}},
       [](Context& c, const Variable& x, const P& p) {
         const Variable y = ops::add(c, ops::layer_norm(c, x, p[1], {}), p[0]);
         return ops::add(c, ops::linear(c, y, p[0], {}), ops::matmul(c, p[0], p[0], {.transpose_b = true}));
       }},
      {"a bias of conv2d that is also a gain",
       {70, 3, 3, 4},
       {{4, 3, 3, 4}, {4}},
       [](Context& c, const Variable& x, const P& p) {
         const Variable y = ops::conv2d(c, ops::rms_norm(c, x, p[1]), p[0], p[1], {.padding = 1});
         return ops::rms_norm(c, y, p[1]);
       }},
      {"a tied table",
       {5, 6},
       {{4, 6}},
       [](Context& c, const Variable& x, const P& p) {
         const Variable hidden = ops::add(c, look_up(c, p[0]), x);
         return ops::linear_cross_entropy(c, hidden, p[0], {}, ids(c, {0, 1, 2, 3, 0}, {5}));
       }},
  };
}

TEST(DeferredGradients, OfEveryProductHaveTheBitsOfTheWholePass) {
  for (const auto& cases : {product_cases(), transposed_cases(), shared_cases()})
    for (const Case& it : cases) expect_halves_equal_whole(subject(it.input, it.parameters, it.op), it.name);
}

TEST(DeferredGradients, HaveTheBitsOfTheWholePassInNarrowFormats) {
  for (const DType format : {DType::f16, DType::bf16})
    for (const Case& it : product_cases())
      expect_halves_equal_whole(subject(it.input, it.parameters, it.op, format), it.name + " in " + to_string(format));
}

TEST(DeferredGradients, HaveTheBitsOfTheWholePassOverCodes) {
  using kernels::Grouping;
  for (const Grouping grouping : {Grouping::tensor, Grouping::stretch, Grouping::square})
    for (const bool backward_codes : {true, false}) {
      ops::ScaledLinearOptions how;
      for (ops::CodeFormat* format : {&how.forward.activation, &how.forward.weight, &how.backward.activation,
                                      &how.backward.weight, &how.backward.gradient})
        *format = {.grouping = grouping, .block = 16};
      how.backward.codes = backward_codes;
      const Op op = [how](Context& c, const Variable& x, const P& p) {
        return ops::scaled_linear(c, ops::linear(c, x, p[0], {}), p[1], p[2], how);
      };
      for (const DType format : {DType::f32, DType::bf16})
        expect_halves_equal_whole(subject({37, 33}, {{33, 33}, {18, 33}, {18}}, op, format),
                                  std::string("by ") + to_string(grouping));
    }
}

// Gradients of inputs and of parameters from every CPU candidate, at once or by two calls that are shown no more than
// the shapes of what they need not read.
template <class Args>
void expect_parts_equal_whole(kernels::Candidates<Args> candidates, Args args) {
  Context context({.threads = 2});
  const Tensor workspace = context.zeros({1 << 20});
  Exec exec = context.exec();
  exec.workspace = workspace.view().data;
  exec.workspace_bytes = workspace.bytes();
  const Tensor x = test::random_tensor(context, args.x.shape, 1), w = test::random_tensor(context, args.w.shape, 2);
  const Tensor dy = test::random_tensor(context, args.dy.shape, 3);
  for (const auto& candidate : candidates) {
    SCOPED_TRACE(candidate.name);
    const auto run = [&](bool inputs, bool parameters) {
      const Tensor dx = context.zeros(x.shape()), dw = context.zeros(w.shape()), dbias = context.zeros({w.dim(0)});
      args.x.data = parameters ? x.view().data : nullptr;
      args.w.data = inputs ? w.view().data : nullptr;
      args.dy = dy.view();
      args.dx = inputs ? dx.view() : View();
      args.dw = parameters ? dw.view() : View();
      args.dbias = parameters ? dbias.view() : View();
      candidate.run(exec, args);
      return std::array{test::bits(context, dx), test::bits(context, dw), test::bits(context, dbias)};
    };
    const auto whole = run(true, true), inputs = run(true, false), parameters = run(false, true);
    EXPECT_EQ(inputs[0], whole[0]);
    EXPECT_EQ(parameters[1], whole[1]);
    EXPECT_EQ(parameters[2], whole[2]);
  }
}

View shape_alone(const Shape& shape) { return {nullptr, DType::f32, shape}; }

TEST(DeferredGradients, ComeFromKernelsThatReadOnlyWhatTheyNeed) {
  kernels::LinearGradArgs linear;
  linear.x = shape_alone({70, 33}), linear.w = shape_alone({18, 33}), linear.dy = shape_alone({70, 18});
  expect_parts_equal_whole<kernels::LinearGradArgs>(kernels::linear_grad_candidates(), linear);
  kernels::Conv2dGradArgs conv;
  conv.x = shape_alone({9, 6, 6, 8}), conv.w = shape_alone({16, 3, 3, 8}), conv.dy = shape_alone({9, 6, 6, 16});
  conv.padding = 1;
  expect_parts_equal_whole<kernels::Conv2dGradArgs>(kernels::conv2d_grad_candidates(), conv);
}

// ---- What is left, and when ----

class HalvesTest : public ::testing::Test {
 protected:
  Context context_{test::options()};
  Parameter weight_ = random_parameter(context_, "weight", {64, 32}, 1),
            bias_ = random_parameter(context_, "bias", {64}, 2);
  Parameter gain_ = random_parameter(context_, "gain", {32}, 3);
  InputLeaf input_{context_, test::random_tensor(context_, {16, 32}, 4)};
  Tensor dy_ = test::random_tensor(context_, {16, 64}, 5);

  Variable output() { return ops::linear(context_, ops::rms_norm(context_, input_.variable(), gain_), weight_, bias_); }
};

TEST_F(HalvesTest, LeaveOnlyTheWeightForLater) {
  DeferredGradients later = input_gradients(context_, output(), dy_);
  EXPECT_TRUE(bias_->gradient.present());
  EXPECT_TRUE(gain_->gradient.present());
  EXPECT_EQ(input_.take_gradient().shape(), Shape({16, 32}));
  EXPECT_FALSE(input_.take_gradient().present()) << "it is handed over once";
  EXPECT_FALSE(weight_->gradient.present());
  later.run();
  EXPECT_EQ(weight_->gradient.shape(), weight_->value.shape());
  EXPECT_EQ(weight_->gradient.storage()->tag(), MemoryTag::gradients);
}

TEST_F(HalvesTest, KeepNothingForAWeightThatIsFrozen) {
  weight_->trainable = false;
  DeferredGradients later = input_gradients(context_, output(), dy_);
  EXPECT_EQ(later.bytes(), 0u);
  EXPECT_TRUE(weight_->owed.empty());
  later.run();
  EXPECT_FALSE(weight_->gradient.present());
  EXPECT_TRUE(bias_->gradient.present());
}

TEST_F(HalvesTest, AreRunOnce) {
  DeferredGradients later = input_gradients(context_, output(), dy_);
  DeferredGradients moved = std::move(later);
  EXPECT_THAT(failure_text([&] { later.run(); }), HasSubstr("belong to another value by now"));
  moved.run();
  EXPECT_THAT(failure_text([&] { moved.run(); }), HasSubstr("added already"));
}

TEST_F(HalvesTest, AreLostWhenDropped) {
  (void)input_gradients(context_, output(), dy_);
  EXPECT_TRUE(weight_->owed.empty());
  EXPECT_FALSE(weight_->gradient.present());
}

TEST_F(HalvesTest, NoticeThatAnOutputGradientWasWrittenTo) {
  DeferredGradients later = input_gradients(context_, output(), dy_);
  context_.write(dy_, std::vector<float>(16 * 64, 1.0f));
  EXPECT_THAT(failure_text([&] { later.run(); }), HasSubstr("was written to after"));
  EXPECT_TRUE(weight_->owed.empty());
}

TEST_F(HalvesTest, CallAHookWhenTheLastGradientHasCome) {
  std::vector<std::string> told;
  for (const Parameter& parameter : {weight_, bias_, gain_})
    parameter->hooks.push_back([&](Context&, ParameterState& of) { told.push_back(of.path); });
  // The gradient of the weight comes in two: one is left for later, the other given at once.
  const Variable first = output();
  const Variable second = ops::linear(context_, ops::leading(context_, weight_, 16), weight_, {});
  const Variable y = ops::add(context_, first, second);
  DeferredGradients later = input_gradients(context_, y, dy_);
  EXPECT_THAT(told, ElementsAre("bias", "gain"));
  later.run();
  EXPECT_THAT(told, ElementsAre("bias", "gain", "weight"));
}

// ---- Memory ----

// Every block that is handed out, by owner.
class Ledger final : public MemoryObserver {
 public:
  explicit Ledger(Context& context) : context_(context) { context_.allocator().set_observer(this); }
  ~Ledger() override { context_.allocator().set_observer(nullptr); }
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  void on_memory(const MemoryEvent& event) noexcept override {
    if (event.kind == MemoryEventKind::allocate) blocks_[event.block] = event;
    if (event.kind == MemoryEventKind::release) blocks_.erase(event.block);
  }
  // Sizes of the blocks of one owner, smallest first.
  [[nodiscard]] std::vector<std::size_t> sizes(MemoryTag tag) const {
    std::vector<std::size_t> sizes;
    for (const auto& [block, event] : blocks_)
      if (event.tag == tag) sizes.push_back(event.bytes);
    std::ranges::sort(sizes);
    return sizes;
  }

 private:
  Context& context_;
  std::map<const void*, MemoryEvent> blocks_;
};

// norm -> linear [C -> 2C] -> gelu -> linear [2C -> C] -> sum
struct Branch {
  static constexpr std::int64_t kRows = 64, kWidth = 32;
  static constexpr std::size_t kBytes = kRows * kWidth * sizeof(float);

  explicit Branch(Context& context)
      : gain(random_parameter(context, "gain", {kWidth}, 1)),
        up(random_parameter(context, "up", {2 * kWidth, kWidth}, 2)),
        down(random_parameter(context, "down", {kWidth, 2 * kWidth}, 3)) {}
  Variable forward(Context& c, const Variable& x) const {
    const Variable hidden = ops::linear(c, ops::rms_norm(c, x, gain), up, {});
    return ops::add(c, x, ops::linear(c, ops::activation(c, hidden, Activation::gelu_erf), down, {}));
  }
  Parameter gain, up, down;
};

TEST(DeferredMemory, HoldsInputsAndOutputGradientsOfProductsAlone) {
  Context context(test::options());
  const Branch branch(context);
  const Tensor x = test::random_tensor(context, {Branch::kRows, Branch::kWidth}, 4);
  const Ledger ledger(context);
  std::optional<DeferredGradients> later;
  {
    InputLeaf input(context, x);
    const Variable y = branch.forward(context, input.variable());
    later = input_gradients(context, y, context.full(y.shape(), 0.5f));
  }
  // dy of down, x of up; dy of up and x of down, which are twice as wide.
  EXPECT_THAT(ledger.sizes(MemoryTag::activations),
              ElementsAre(Branch::kBytes, Branch::kBytes, 2 * Branch::kBytes, 2 * Branch::kBytes));
  EXPECT_EQ(later->bytes(), 6 * Branch::kBytes);
  later->run();
  EXPECT_EQ(later->bytes(), 0u);
  EXPECT_THAT(ledger.sizes(MemoryTag::activations), ElementsAre());
  EXPECT_EQ(ledger.sizes(MemoryTag::gradients).size(), 3u);
}

TEST(DeferredMemory, KeepsThePreactivationOfAnActivationInTheProduct) {
  Context context(test::options());
  const Parameter weight = random_parameter(context, "weight", {64, 32}, 1);
  const Tensor x = test::random_tensor(context, {16, 32}, 4);
  const Ledger ledger(context);
  DeferredGradients later = [&] {
    const Variable y = ops::linear(context, x, weight, {}, {.activation = Activation::gelu_erf});
    return input_gradients(context, y, context.full(y.shape(), 0.5f));
  }();
  const std::size_t wide = 16 * 64 * sizeof(float);
  EXPECT_THAT(ledger.sizes(MemoryTag::activations), ElementsAre(wide, wide)) << "dy and the preactivation";
  EXPECT_EQ(later.bytes(), 2 * wide + x.bytes());
}

TEST(DeferredMemory, FreesTheRoundedCopyOfAWeight) {
  Context context(test::options());
  const Parameter weight = random_parameter(context, "weight", {64, 32}, 1);
  const Ledger ledger(context);
  std::optional<DeferredGradients> later;
  {
    InputLeaf input(context, context.full({128, 32}, 0.5f, MemoryTag::data, DType::bf16));
    const Variable y = ops::linear(context, input.variable(), weight, {});
    later = input_gradients(context, y, context.full(y.shape(), 0.5f, MemoryTag::activations, DType::bf16));
  }
  EXPECT_THAT(ledger.sizes(MemoryTag::activations), ElementsAre(std::size_t{128 * 64 * 2})) << "dy";
}

TEST(DeferredMemory, LeavesWhatAHookHasPackedWhereItIs) {
  Context context(test::options());
  const Branch branch(context);
  const Tensor x = test::random_tensor(context, {Branch::kRows, Branch::kWidth}, 4);
  test::Offload hooks;
  context.set_saved_tensor_hooks(&hooks);
  const Ledger ledger(context);
  std::optional<DeferredGradients> later;
  {
    InputLeaf input(context, x);
    const Variable y = branch.forward(context, input.variable());
    later = input_gradients(context, y, context.full(y.shape(), 0.5f));
  }
  EXPECT_THAT(ledger.sizes(MemoryTag::activations), ElementsAre(Branch::kBytes, 2 * Branch::kBytes));
  EXPECT_EQ(later->bytes(), 3 * Branch::kBytes);
  later->run();
}

TEST(DeferredGradients, HaveTheBitsOfTheWholePassWithHooks) {
  test::Offload hooks;
  for (const auto& cases : {product_cases(), shared_cases()})
    for (const Case& it : cases) expect_halves_equal_whole(subject(it.input, it.parameters, it.op), it.name, &hooks);
}

}  // namespace
}  // namespace athanor
