// Ops on narrow arrays: the same bits as widening, computing in f32 and rounding by hand.
#include "kernels/base/error.h"
#include "kernels/base/number_format.h"
#include "kernels/cpu/convert.h"
#include "kernels/cpu/launch.h"
#include "kernels/ops/elementwise/axpby.h"
#include "kernels/ops/gemm/linear.h"
#include "kernels/ops/quant/cast.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <vector>

namespace athanor::kernels {
namespace {

std::vector<float> random_floats(std::int64_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = normal(generator);
  return values;
}

struct Narrow {
  std::vector<std::uint16_t> codes;
  View view;

  Narrow(DType dtype, const Shape& shape) : codes(static_cast<std::size_t>(shape.numel()), 0x7FFF) {
    view = View(codes.data(), dtype, shape);
  }
  Narrow(DType dtype, const Shape& shape, std::vector<float> values) : Narrow(dtype, shape) {
    cast(Exec{}, {.x = View(values.data(), DType::f32, shape), .y = view});
  }
  [[nodiscard]] std::vector<float> wide() const {
    std::vector<float> values(codes.size());
    cast(Exec{}, {.x = view, .y = View(values.data(), DType::f32, view.shape)});
    return values;
  }
};

template <class Args>
Exec exec_with_workspace(const Args& args, int threads, std::vector<std::byte>& workspace) {
  Exec exec;
  exec.threads = threads;
  workspace.resize(widening_bytes(exec, args) + 1);
  exec.workspace = workspace.data() + 1;  // off every alignment
  exec.workspace_bytes = workspace.size() - 1;
  return exec;
}

TEST(Widening, OfEveryByteInEveryPlaceIsItsNumber) {
  for (const DType dtype : {DType::f8_e4m3, DType::f8_e5m2})
    for (std::size_t shift = 0; shift < 16; ++shift)
      for (const std::size_t stride : {1U, 5U, 37U}) {
        std::vector<std::uint8_t> codes(263);
        for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint8_t>(stride * i);
        std::vector<float> numbers(codes.size() - shift);
        cpu::widen(dtype, codes.data() + shift, numbers.data(), std::ssize(numbers));
        for (std::size_t i = 0; i < numbers.size(); ++i) {
          const std::uint8_t code = codes[i + shift];
          const float number = dtype == DType::f8_e4m3 ? Float8E4M3::decode(code) : Float8E5M2::decode(code);
          ASSERT_EQ(std::bit_cast<std::uint32_t>(numbers[i]), std::bit_cast<std::uint32_t>(number)) << int{code};
        }
      }
}

TEST(Widening, LinearOnNarrowNumbersIsTheF32ResultRoundedOnce) {
  const std::int64_t rows = 70, in = 33, out = 17;
  for (const DType dtype : {DType::bf16, DType::f16})
    for (const int threads : {1, 2}) {
      Narrow x(dtype, {rows, in}, random_floats(rows * in, 1)), w(dtype, {out, in}, random_floats(out * in, 2));
      std::vector<float> bias = random_floats(out, 3);
      Narrow y(dtype, {rows, out});
      const View bias_view(bias.data(), DType::f32, {out});
      const LinearArgs args{.x = x.view, .w = w.view, .bias = bias_view, .y = y.view};
      std::vector<std::byte> workspace;
      linear(exec_with_workspace(args, threads, workspace), args);

      std::vector<float> wide_x = x.wide(), wide_w = w.wide(), want(static_cast<std::size_t>(rows * out));
      linear(Exec{}, {.x = View(wide_x.data(), DType::f32, {rows, in}),
                      .w = View(wide_w.data(), DType::f32, {out, in}),
                      .bias = bias_view,
                      .y = View(want.data(), DType::f32, {rows, out})});
      EXPECT_EQ(y.codes, Narrow(dtype, {rows, out}, want).codes) << to_string(dtype);
    }
}

TEST(Widening, ReadsAndWritesStridedViews) {
  Narrow x(DType::bf16, {6, 10}, random_floats(60, 4));
  Narrow y(DType::bf16, {10, 6});
  View transposed(x.view.data, DType::bf16, {10, 6}, {1, 10});
  const AxpbyArgs args{.x = transposed, .y = y.view};
  std::vector<std::byte> workspace;
  axpby(exec_with_workspace(args, 2, workspace), args);
  for (std::size_t row = 0; row < 10; ++row)
    for (std::size_t col = 0; col < 6; ++col) EXPECT_EQ(y.codes[row * 6 + col], x.codes[col * 10 + row]);
}

TEST(Widening, RefusesAWorkspaceThatIsTooSmall) {
  Narrow x(DType::bf16, {4, 4}, random_floats(16, 5)), y(DType::bf16, {4, 4});
  std::vector<std::byte> workspace(16);
  Exec exec;
  exec.workspace = workspace.data();
  exec.workspace_bytes = workspace.size();
  EXPECT_THROW(axpby(exec, {.x = x.view, .y = y.view}), Failure);
}

}  // namespace
}  // namespace athanor::kernels
