// Numbers that a launch may read from memory instead of from its arguments: the same bits either way.
#include "kernels/ops/optim/step_values.h"

#include "kernels/ops/optim/adamw.h"
#include "kernels/ops/optim/lamb.h"
#include "kernels/ops/optim/sgd.h"
#include "kernels/ops/random/dropout.h"
#include "tests/kernels/support/op_case.h"

#include <gtest/gtest.h>

namespace athanor::kernels::test {
namespace {

template <class T>
using Shared = std::vector<T, SharedAllocator<T>>;

constexpr float kRate = 0.01f, kScale = 0.5f;
constexpr std::int64_t kStep = 7;
constexpr std::size_t kCount = 3001;

// Two segments of one optimizer's arrays with rates of their own.
struct Arrays {
  Shared<float> param = filled(1.0f), grad = filled(0.3f), m = filled(0.1f), v = filled(0.2f);

  static Shared<float> filled(float value) {
    Shared<float> out(2 * kCount);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = value * (1.0f + 0.01f * static_cast<float>(i % 97));
    return out;
  }
};

template <class Args>
struct Segments;
template <>
struct Segments<AdamWArgs> {
  using Type = AdamWSegment;
  static Type of(Arrays& a, std::size_t at) {
    return {.param = &a.param[at], .grad = &a.grad[at], .m = &a.m[at], .v = &a.v[at]};
  }
};
template <>
struct Segments<LambArgs> {
  using Type = LambSegment;
  static Type of(Arrays& a, std::size_t at) {
    return {.param = &a.param[at], .grad = &a.grad[at], .m = &a.m[at], .v = &a.v[at]};
  }
};
template <>
struct Segments<SgdArgs> {
  using Type = SgdSegment;
  static Type of(Arrays& a, std::size_t at) {
    return {.param = &a.param[at], .grad = &a.grad[at], .momentum = &a.m[at]};
  }
};

template <class Args>
struct Case {
  Arrays arrays;
  std::vector<typename Segments<Args>::Type> segments;
  Shared<double> squares = Shared<double>(1, 40.0);
  Shared<float> values;
  Shared<std::int32_t> step = Shared<std::int32_t>(1, static_cast<std::int32_t>(kStep));
  Shared<std::int64_t> nonfinite = Shared<std::int64_t>(2, 0);
  Args args{};

  explicit Case(bool on_device) {
    for (std::size_t i = 0; i < 2; ++i) {
      auto segment = Segments<Args>::of(arrays, i * kCount);
      const float own = i == 0 ? 1.0f : 0.3f;
      segment.numel = static_cast<std::int64_t>(kCount);
      segment.lr = on_device ? own : kRate * own;
      segment.weight_decay = 0.1f;
      segments.push_back(segment);
    }
    args.segments = segments;
    args.sum_squares = View(squares.data(), DType::f64, {1});
    args.max_norm = 1.0f;
    if (!on_device) args.gradient_scale = kScale;
    if constexpr (requires { args.step; }) {
      if (!on_device) args.step = kStep;
      if (on_device) args.step_on_device = View(step.data(), DType::i32, {1});
      values = {kRate, kScale, bias_correction(args.beta1, kStep), bias_correction(args.beta2, kStep)};
    } else {
      values = {kRate, kScale, 0, 0};
    }
    if (!on_device) return;
    args.values = View(values.data(), DType::f32, {StepValues::kCount});
    args.nonfinite = View(nonfinite.data(), DType::i64, {2});
  }
};

template <class Args>
using Workspace = std::size_t (*)(const Exec&, const Args&);

// By the op's own door, on the host and on a device if there is one.
template <class Args>
void run(DeviceKind device, void (*op)(const Exec&, const Args&), Workspace<Args> workspace_bytes, const Args& args) {
  Exec exec{.device = {device, 0}, .threads = 2};
  const std::size_t bytes = workspace_bytes ? workspace_bytes(exec, args) : 0;
  Shared<std::byte> workspace(bytes + 256);
  exec.workspace = workspace.data();
  exec.workspace_bytes = workspace.size();
  op(exec, args);
  if (device == DeviceKind::cuda) wait_for_device();
}

template <class Args>
void check(void (*op)(const Exec&, const Args&), Workspace<Args> workspace_bytes) {
  for (const DeviceKind device : {DeviceKind::cpu, DeviceKind::cuda}) {
    if (device == DeviceKind::cuda && cuda_refusal()) continue;
    SCOPED_TRACE(device == DeviceKind::cuda ? "cuda" : "cpu");
    const Arrays untouched;
    Case<Args> by_value(false), by_memory(true), held(true);
    held.nonfinite[1] = 3;
    run(device, op, workspace_bytes, by_value.args);
    run(device, op, workspace_bytes, by_memory.args);
    run(device, op, workspace_bytes, held.args);
    EXPECT_TRUE(by_value.arrays.param != untouched.param) << "nothing was changed";
    EXPECT_TRUE(by_value.arrays.param == by_memory.arrays.param);
    EXPECT_TRUE(by_value.arrays.m == by_memory.arrays.m);
    EXPECT_TRUE(by_value.arrays.v == by_memory.arrays.v);
    EXPECT_TRUE(held.arrays.param == untouched.param) << "a gradient was not finite";
    EXPECT_TRUE(held.arrays.m == untouched.m);
    EXPECT_TRUE(held.arrays.v == untouched.v);
  }
}

TEST(StepValues, FromMemoryMoveAdamWAsThoseOfTheArgumentsDo) { check<AdamWArgs>(adamw, adamw_workspace_bytes); }
TEST(StepValues, FromMemoryMoveLambAsThoseOfTheArgumentsDo) { check<LambArgs>(lamb, lamb_workspace_bytes); }
TEST(StepValues, FromMemoryMoveSgdAsThoseOfTheArgumentsDo) { check<SgdArgs>(sgd, nullptr); }

TEST(StepValues, OfNarrowMastersDrawTheBitsOfTheStepInMemory) {
  for (const DeviceKind device : {DeviceKind::cpu, DeviceKind::cuda}) {
    if (device == DeviceKind::cuda && cuda_refusal()) continue;
    Case<AdamWArgs> by_value(false), by_memory(true);
    std::vector<Shared<std::uint16_t>> params;
    for (Case<AdamWArgs>* each : {&by_value, &by_memory}) {
      params.emplace_back(2 * kCount, std::uint16_t{0x3F80});
      for (std::size_t i = 0; i < 2; ++i) each->segments[i].param = &params.back()[i * kCount];
      each->args.master = DType::bf16;
      run(device, adamw, adamw_workspace_bytes, each->args);
    }
    EXPECT_TRUE(params[0] == params[1]);
    EXPECT_TRUE(params[0] != Shared<std::uint16_t>(2 * kCount, 0x3F80));
  }
}

TEST(StepValues, FromMemoryDropWhatThoseOfTheArgumentsDrop) {
  for (const DeviceKind device : {DeviceKind::cpu, DeviceKind::cuda}) {
    if (device == DeviceKind::cuda && cuda_refusal()) continue;
    Shared<float> x(kCount, 1.0f), by_value(kCount), by_memory(kCount), of_another(kCount);
    Shared<std::int32_t> step(1, 5);
    const auto shape = static_cast<std::int64_t>(kCount);
    DropoutArgs args{.x = View(x.data(), DType::f32, {shape}), .probability = 0.5f, .seed = 3, .step = 5};
    args.y = View(by_value.data(), DType::f32, {shape});
    run<DropoutArgs>(device, dropout, nullptr, args);
    args.step = 6;
    args.y = View(of_another.data(), DType::f32, {shape});
    run<DropoutArgs>(device, dropout, nullptr, args);
    args.step_on_device = View(step.data(), DType::i32, {1});
    args.y = View(by_memory.data(), DType::f32, {shape});
    run<DropoutArgs>(device, dropout, nullptr, args);
    EXPECT_TRUE(by_value == by_memory);
    EXPECT_TRUE(by_value != of_another);
  }
}

}  // namespace
}  // namespace athanor::kernels::test
