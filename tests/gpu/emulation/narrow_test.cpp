// The CUDA kernels on activations in f32, f16 and bf16 against the processor: at most a rounding apart.
#include "kernels/base/element.h"
#include "kernels/base/number_format.h"
#include "kernels/ops/elementwise/activation.h"
#include "kernels/ops/elementwise/add.h"
#include "kernels/ops/elementwise/axpby.h"
#include "kernels/ops/elementwise/fill.h"
#include "kernels/ops/norm/layer_norm.h"
#include "kernels/ops/norm/rms_norm.h"
#include "kernels/ops/quant/cast.h"
#include "kernels/ops/random/dropout.h"
#include "kernels/ops/reduce/masked_mean.h"
#include "kernels/ops/reduce/sum_leading.h"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <functional>
#include <random>

namespace athanor::kernels {
namespace {

// Memory of one call, with values that depend on the order of asking only.
class Arrays {
 public:
  View make(DType dtype, const Shape& shape, bool filled = true) {
    std::vector<float> numbers(static_cast<std::size_t>(shape.numel()), 0.0f);
    std::mt19937 generator(static_cast<unsigned>(++made_));
    std::normal_distribution<float> normal;
    if (filled)
      for (float& number : numbers) number = normal(generator);
    auto& bytes = memory_.emplace_back(storage_bytes(dtype, shape.numel()) + 64);
    const View view(bytes.data() + (is_narrow_float(dtype) ? offset_ : 0), dtype, shape);
    cast(Exec{}, {.x = View(numbers.data(), DType::f32, shape), .y = view});
    return view;
  }
  void set_offset(std::size_t offset) { offset_ = offset; }

 private:
  std::deque<std::vector<std::byte>> memory_;
  std::size_t offset_ = 0;
  int made_ = 0;
};

// Builds a call and runs it; the views are what it wrote.
using Call = std::function<std::vector<View>(Arrays&, DType, const Exec&)>;

void expect_twins(const char* name, const Call& call) {
  for (const DType format : {DType::f32, DType::f16, DType::bf16})
    for (const std::size_t offset : {std::size_t{0}, std::size_t{2}}) {
      SCOPED_TRACE(std::string(name) + " in " + to_string(format) + (offset ? " off vectors" : ""));
      std::vector<std::byte> workspace(1 << 20);
      Exec exec;
      exec.workspace = workspace.data();
      exec.workspace_bytes = workspace.size();
      Arrays on_cpu, on_cuda;
      on_cpu.set_offset(offset), on_cuda.set_offset(offset);
      const std::vector<View> want = call(on_cpu, format, exec);
      exec.device.kind = DeviceKind::cuda;
      const std::vector<View> got = call(on_cuda, format, exec);
      for (std::size_t i = 0; i < want.size(); ++i) {
        const double step = want[i].dtype == DType::f32 ? 1e-5 : format == DType::bf16 ? 1.0 / 128 : 1.0 / 1024;
        double sum = 0;
        for (std::int64_t at = 0; at < want[i].numel(); ++at) {
          const double wanted = element(want[i], at);
          sum += std::abs(wanted);
          ASSERT_NEAR(element(got[i], at), wanted, step * std::max(std::abs(wanted), 0.1)) << "array " << i;
        }
        EXPECT_GT(sum, 0) << "nothing to compare";
      }
    }
}

TEST(NarrowOnCuda, Elementwise) {
  expect_twins("activation", [](Arrays& m, DType f, const Exec& exec) {
    const ActivationArgs args{.x = m.make(f, {37}), .activation = Activation::gelu_tanh, .y = m.make(f, {37}, false)};
    activation(exec, args);
    return std::vector{args.y};
  });
  expect_twins("activation_grad", [](Arrays& m, DType f, const Exec& exec) {
    const ActivationGradArgs args{
        .x = m.make(f, {37}), .dy = m.make(f, {37}), .activation = Activation::gelu_erf, .dx = m.make(f, {37}, false)};
    activation_grad(exec, args);
    return std::vector{args.dx};
  });
  expect_twins("add", [](Arrays& m, DType f, const Exec& exec) {
    const AddArgs whole{.a = m.make(f, {5, 7}), .b = m.make(f, {5, 7}), .y = m.make(f, {5, 7}, false)};
    add(exec, whole);
    const AddArgs repeated{.a = m.make(f, {5, 7}), .b = m.make(DType::f32, {7}), .y = m.make(f, {5, 7}, false)};
    add(exec, repeated);
    return std::vector{whole.y, repeated.y};
  });
  expect_twins("axpby and fill", [](Arrays& m, DType f, const Exec& exec) {
    const AxpbyArgs args{.alpha = 0.5f, .x = m.make(f, {41}), .beta = 2.0f, .y = m.make(f, {41})};
    axpby(exec, args);
    const FillArgs all{.value = 0.3f, .y = m.make(f, {9}, false)};
    fill(exec, all);
    return std::vector{args.y, all.y};
  });
  expect_twins("dropout", [](Arrays& m, DType f, const Exec& exec) {
    DropoutArgs args{.x = m.make(f, {50})};
    args.probability = 0.4f, args.seed = 3, args.y = m.make(f, {50}, false);
    dropout(exec, args);
    return std::vector{args.y};
  });
}

TEST(NarrowOnCuda, Norms) {
  for (const std::int64_t columns : {33, 1100})
    expect_twins("layer_norm", [columns](Arrays& m, DType f, const Exec& exec) {
      const Shape shape{5, columns};
      const LayerNormArgs args{.x = m.make(f, shape),
                               .gain = m.make(DType::f32, {columns}),
                               .bias = m.make(DType::f32, {columns}),
                               .y = m.make(f, shape, false),
                               .mean = m.make(DType::f32, {5}, false),
                               .rstd = m.make(DType::f32, {5}, false)};
      layer_norm(exec, args);
      const LayerNormGradArgs grad{.x = args.x,
                                   .gain = args.gain,
                                   .mean = args.mean,
                                   .rstd = args.rstd,
                                   .dy = m.make(f, shape),
                                   .dx = m.make(f, shape, false),
                                   .dgain = m.make(DType::f32, {columns}, false),
                                   .dbias = m.make(DType::f32, {columns}, false)};
      layer_norm_grad(exec, grad);
      return std::vector{args.y, grad.dx};
    });
  expect_twins("rms_norm", [](Arrays& m, DType f, const Exec& exec) {
    const RmsNormArgs args{.x = m.make(f, {6, 40}),
                           .gain = m.make(DType::f32, {40}),
                           .y = m.make(f, {6, 40}, false),
                           .rstd = m.make(DType::f32, {6}, false)};
    rms_norm(exec, args);
    const RmsNormGradArgs grad{.x = args.x,
                               .gain = args.gain,
                               .rstd = args.rstd,
                               .dy = m.make(f, {6, 40}),
                               .dx = m.make(f, {6, 40}, false),
                               .dgain = m.make(DType::f32, {40}, false)};
    rms_norm_grad(exec, grad);
    return std::vector{args.y, grad.dx};
  });
}

TEST(NarrowOnCuda, Reductions) {
  expect_twins("masked_mean", [](Arrays& m, DType f, const Exec& exec) {
    const MaskedMeanArgs args{.x = m.make(f, {3, 4, 6}), .y = m.make(f, {3, 6}, false)};
    masked_mean(exec, args);
    const MaskedMeanGradArgs grad{.dy = m.make(f, {3, 6}), .dx = m.make(f, {3, 4, 6}, false)};
    masked_mean_grad(exec, grad);
    return std::vector{args.y, grad.dx};
  });
  expect_twins("sum_leading", [](Arrays& m, DType f, const Exec& exec) {
    const SumLeadingArgs args{.x = m.make(f, {20, 9}), .y = m.make(DType::f32, {9}, false)};
    sum_leading(exec, args);
    return std::vector{args.y};
  });
}

}  // namespace
}  // namespace athanor::kernels
