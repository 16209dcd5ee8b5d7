#include "kernels/ops/conv/conv2d.h"
#include "kernels/ops/conv/pool2d.h"
#include "tests/kernels/support/numeric_gradient.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace athanor::kernels::test {
namespace {

struct ConvSize {
  std::int64_t batch, height, width, in, out, kernel;
  int stride, padding;
};

// The stem's kinds (3x3 with stride 1 and 2, patches, 1x1), odd sizes, a batch that does not fill its last chunk, a
// stride that does not fit, and no pictures.
constexpr ConvSize kConvSizes[] = {{1, 1, 1, 1, 1, 1, 1, 0},   {2, 8, 8, 3, 16, 3, 1, 1},  {19, 6, 7, 8, 8, 3, 2, 1},
                                   {9, 8, 8, 3, 5, 4, 4, 0},   {3, 6, 6, 16, 24, 2, 2, 0}, {33, 4, 4, 5, 7, 1, 1, 0},
                                   {2, 9, 10, 4, 6, 3, 2, 0},  {0, 4, 4, 3, 8, 3, 1, 1},   {3, 5, 7, 16, 24, 3, 1, 1},
                                   {70, 4, 4, 40, 16, 3, 1, 1}};

std::string describe(const ConvSize& s) {
  return "conv2d b" + std::to_string(s.batch) + " " + std::to_string(s.height) + "x" + std::to_string(s.width) + "x" +
         std::to_string(s.in) + " -> " + std::to_string(s.out) + ", k" + std::to_string(s.kernel) + " s" +
         std::to_string(s.stride) + " p" + std::to_string(s.padding);
}

// As a layer is initialised, so that outputs are of the size of inputs.
Values weight_values(const ConvSize& s) {
  return {0.0, 1.0 / std::sqrt(static_cast<double>(s.kernel * s.kernel * s.in))};
}

Shape out_shape(const ConvSize& s) {
  return {s.batch, conv_out_size(s.height, s.kernel, s.stride, s.padding),
          conv_out_size(s.width, s.kernel, s.stride, s.padding), s.out};
}

OpCase<Conv2dArgs> conv_case(const ConvSize& s, bool bias) {
  return {describe(s), [=](OpMemory& memory) {
            Conv2dArgs args{.stride = s.stride, .padding = s.padding};
            args.x = memory.input("x", {s.batch, s.height, s.width, s.in});
            args.w = memory.input("w", {s.out, s.kernel, s.kernel, s.in}, weight_values(s));
            if (bias) args.bias = memory.input("bias", {s.out});
            args.y = memory.output("y", out_shape(s), sum_of(s.kernel * s.kernel * s.in));
            memory.allow_narrow("y", bias ? 1.0 : 0.0);  // devices round the bias
            return args;
          }};
}

OpCase<Conv2dGradArgs> conv_grad_case(const ConvSize& s, bool accumulate) {
  return {describe(s), [=](OpMemory& memory) {
            Conv2dGradArgs args{.stride = s.stride, .padding = s.padding, .accumulate_parameters = accumulate};
            args.x = memory.input("x", {s.batch, s.height, s.width, s.in});
            args.w = memory.input("w", {s.out, s.kernel, s.kernel, s.in}, weight_values(s));
            args.dy = memory.input("dy", out_shape(s));
            const Tolerance tolerance = gradient_of(args.dy.numel());
            args.dx = memory.output("dx", args.x.shape, gradient_of(s.kernel * s.kernel * s.out));
            args.dw = accumulate ? memory.updated("dw", args.w.shape, tolerance)
                                 : memory.output("dw", args.w.shape, tolerance);
            args.dbias =
                accumulate ? memory.updated("dbias", {s.out}, tolerance) : memory.output("dbias", {s.out}, tolerance);
            return args;
          }};
}

TEST(Conv2d, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<Conv2dArgs>> cases;
  for (const ConvSize& size : kConvSizes)
    for (const bool bias : {false, true}) cases.push_back(conv_case(size, bias));
  check_cases<Conv2dArgs>({conv2d_candidates(), conv2d_workspace_bytes}, cases);
}

TEST(Conv2d, TakesTheDirectFormWhereMinimalFilteringWouldNotPay) {
  const auto chosen = [](const ConvSize& size) {
    OpMemory memory;
    return std::string(choose<Conv2dArgs>(Exec{}, conv_case(size, false).build(memory), conv2d_candidates()).name);
  };
  EXPECT_EQ(chosen({1, 64, 64, 16, 16, 3, 1, 1}), conv2d_candidates()[0].name);
  for (const ConvSize& size : {ConvSize{1, 66, 64, 16, 16, 3, 1, 1},
                               {1, 8, 8, 3, 16, 3, 1, 1},
                               {1, 8, 8, 16, 20, 3, 1, 1},
                               {1, 8, 8, 16, 16, 3, 2, 1},
                               {1, 8, 8, 16, 16, 1, 1, 0}})
    EXPECT_EQ(chosen(size), conv2d_candidates()[1].name) << describe(size);
}

TEST(Conv2dGrad, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<Conv2dGradArgs>> cases;
  for (const ConvSize& size : kConvSizes)
    for (const bool accumulate : {false, true}) cases.push_back(conv_grad_case(size, accumulate));
  check_cases<Conv2dGradArgs>({conv2d_grad_candidates(), conv2d_grad_workspace_bytes}, cases);
}

TEST(Conv2dGrad, LeavesOutWhatNobodyAskedFor) {
  check_cases<Conv2dGradArgs>({conv2d_grad_candidates(), conv2d_grad_workspace_bytes},
                              {{"weights only", [](OpMemory& memory) {
                                  Conv2dGradArgs args = conv_grad_case(kConvSizes[1], false).build(memory);
                                  args.dx = {};
                                  args.dbias = {};
                                  memory.blocks().erase(memory.blocks().begin() + 5);
                                  memory.blocks().erase(memory.blocks().begin() + 3);
                                  return args;
                                }}});
}

TEST(Conv2dGrad, AgreesWithDifferences) {
  const ConvSize size{2, 4, 5, 2, 3, 3, 2, 1};
  OpMemory memory;
  const Conv2dArgs args = conv_case(size, true).build(memory);
  const View dy = memory.input("dy", args.y.shape);
  const auto forward = [&] { conv2d_candidates().back().run(Exec{}, args); };
  Conv2dGradArgs grad{.x = args.x, .w = args.w, .dy = dy, .stride = size.stride, .padding = size.padding};
  grad.dx = memory.output("dx", args.x.shape, bitwise());
  grad.dw = memory.output("dw", args.w.shape, bitwise());
  grad.dbias = memory.output("dbias", {size.out}, bitwise());
  conv2d_grad_candidates().back().run(Exec{}, grad);
  expect_gradient("dx", grad.dx, numeric_gradient_of(args.x, forward, args.y, dy));
  expect_gradient("dw", grad.dw, numeric_gradient_of(args.w, forward, args.y, dy));
  expect_gradient("dbias", grad.dbias, numeric_gradient_of(args.bias, forward, args.y, dy));
}

constexpr Shape kPoolShapes[] = {{1, 2, 2, 1}, {3, 5, 7, 9}, {2, 4, 6, 16}, {1, 1, 1, 3}, {0, 4, 4, 8}, {4, 33, 32, 8}};

Shape pooled(const Shape& x) { return {x[0], x[1] / 2, x[2] / 2, x[3]}; }

TEST(Pool2d, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<Pool2dArgs>> cases;
  for (const Shape& shape : kPoolShapes)
    cases.push_back({"pool " + to_string(shape), [=](OpMemory& memory) {
                       Pool2dArgs args;
                       args.x = memory.input("x", shape, shape[0] == 3 ? Values{1e4, 300.0} : Values{});
                       args.y = memory.output("y", pooled(shape), pointwise());
                       return args;
                     }});
  check_cases<Pool2dArgs>({max_pool2d_candidates()}, cases);
  check_cases<Pool2dArgs>({avg_pool2d_candidates()}, cases);
}

TEST(Pool2dGrad, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<MaxPool2dGradArgs>> max_cases;
  std::vector<OpCase<AvgPool2dGradArgs>> avg_cases;
  for (const Shape& shape : kPoolShapes) {
    max_cases.push_back({"max_pool2d_grad " + to_string(shape), [=](OpMemory& memory) {
                           MaxPool2dGradArgs args;
                           args.x = memory.input("x", shape);
                           args.dy = memory.input("dy", pooled(shape));
                           args.dx = memory.output("dx", shape, bitwise());
                           return args;
                         }});
    avg_cases.push_back({"avg_pool2d_grad " + to_string(shape), [=](OpMemory& memory) {
                           AvgPool2dGradArgs args;
                           args.dy = memory.input("dy", pooled(shape));
                           args.dx = memory.output("dx", shape, bitwise());
                           return args;
                         }});
  }
  check_cases<MaxPool2dGradArgs>({max_pool2d_grad_candidates()}, max_cases);
  check_cases<AvgPool2dGradArgs>({avg_pool2d_grad_candidates()}, avg_cases);
}

// Of whole outputs, by differences that are too small to make another element the largest.
template <class Grad>
void expect_pool_gradient(const char* name, Candidates<Pool2dArgs> forwards, Candidates<Grad> grads) {
  OpMemory memory;
  const Pool2dArgs args{.x = memory.input("x", {2, 5, 4, 3}), .y = memory.output("y", {2, 2, 2, 3}, bitwise())};
  Grad grad;
  if constexpr (requires { grad.x; }) grad.x = args.x;
  grad.dy = memory.input("dy", {2, 2, 2, 3});
  grad.dx = memory.output("dx", {2, 5, 4, 3}, bitwise());
  grads.back().run(Exec{}, grad);
  const auto forward = [&] { forwards.back().run(Exec{}, args); };
  expect_gradient(name, grad.dx, numeric_gradient_of(args.x, forward, args.y, grad.dy, 1.0 / 1024));
}

TEST(MaxPool2dGrad, AgreesWithDifferences) {
  expect_pool_gradient<MaxPool2dGradArgs>("max", max_pool2d_candidates(), max_pool2d_grad_candidates());
}

TEST(AvgPool2dGrad, AgreesWithDifferences) {
  expect_pool_gradient<AvgPool2dGradArgs>("mean", avg_pool2d_candidates(), avg_pool2d_grad_candidates());
}

TEST(MaxPool2d, TiesGoToTheFirstPositionAndNanWins) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& candidate : with_cuda(max_pool2d_grad_candidates())) {
    SCOPED_TRACE(candidate.name);
    OpMemory memory;
    MaxPool2dGradArgs args;
    args.x = memory.input("x", {1, 2, 4, 1}, std::vector<float>{3, 3, 1, nan, 3, 2, 5, nan});
    args.dy = memory.input("dy", {1, 1, 2, 1}, std::vector<float>{1, 2});
    args.dx = memory.output("dx", {1, 2, 4, 1}, bitwise());
    if (!could_run<MaxPool2dGradArgs>({max_pool2d_grad_candidates()}, candidate, args)) continue;
    EXPECT_EQ(memory.block("dx").values(), (std::vector<double>{1, 0, 0, 2, 0, 0, 0, 0}));
  }
  for (const auto& candidate : with_cuda(max_pool2d_candidates())) {
    SCOPED_TRACE(candidate.name);
    OpMemory memory;
    Pool2dArgs args;
    args.x = memory.input("x", {1, 2, 2, 2}, std::vector<float>{1, nan, 4, 0, 2, 1, 3, 7});
    args.y = memory.output("y", {1, 1, 1, 2}, bitwise());
    if (!could_run<Pool2dArgs>({max_pool2d_candidates()}, candidate, args)) continue;
    EXPECT_EQ(args.y.as<float>()[0], 4.0f);
    EXPECT_TRUE(std::isnan(args.y.as<float>()[1]));
  }
}

}  // namespace
}  // namespace athanor::kernels::test
