#include "kernels/ops/norm/group_norm.h"
#include "kernels/ops/norm/l2_normalize.h"
#include "kernels/ops/norm/layer_norm.h"
#include "kernels/ops/norm/rms_norm.h"
#include "tests/kernels/support/numeric_gradient.h"

#include <gtest/gtest.h>

namespace athanor::kernels::test {
namespace {

struct RowsCase {
  std::int64_t rows, cols;
  Values values;
};

// One, odd, more than one block of rows, a mean far from zero, nothing.
const RowsCase kRows[] = {{1, 1, {}}, {3, 7, {}}, {130, 33, {}}, {70, 128, {}}, {5, 64, {1e4, 1.0}}, {0, 8, {}}};

// Inverse lengths of rows far from 0 are smaller than what the absolute part would let pass.
Tolerance statistic_of(const RowsCase& c) { return c.values.mean == 0.0 ? pointwise() : Tolerance{1.3e-6, 0.0}; }

View parameter_gradient(OpMemory& memory, const std::string& name, std::int64_t cols, std::int64_t rows,
                        bool accumulate) {
  return accumulate ? memory.updated(name, {cols}, gradient_of(rows)) : memory.output(name, {cols}, gradient_of(rows));
}

OpCase<LayerNormArgs> layer_norm_case(const RowsCase& c, bool affine) {
  return {"layer_norm " + std::to_string(c.rows) + "x" + std::to_string(c.cols), [=](OpMemory& memory) {
            LayerNormArgs args;
            args.x = memory.input("x", {c.rows, c.cols}, c.values);
            if (affine) args.gain = memory.input("gain", {c.cols});
            if (affine) args.bias = memory.input("bias", {c.cols});
            args.y = memory.output("y", {c.rows, c.cols}, pointwise());
            args.mean = memory.output("mean", {c.rows}, pointwise());
            args.rstd = memory.output("rstd", {c.rows}, pointwise());
            return args;
          }};
}

// The statistics that the reference saves for x.
void add_statistics(OpMemory& memory, LayerNormGradArgs& args) {
  const std::int64_t rows = args.x.dim(0);
  std::vector<float> y(static_cast<std::size_t>(args.x.numel())), other(static_cast<std::size_t>(rows));
  const auto run = [&](const View& mean, const View& rstd) {
    layer_norm_candidates().back().run(
        Exec{}, {.x = args.x, .y = View(y.data(), DType::f32, args.x.shape), .mean = mean, .rstd = rstd});
  };
  const View spare(other.data(), DType::f32, {rows});
  args.mean = memory.input_from("mean", {rows}, [&](const View& mean) { run(mean, spare); });
  args.rstd = memory.input_from("rstd", {rows}, [&](const View& rstd) { run(spare, rstd); });
}

OpCase<LayerNormGradArgs> layer_norm_grad_case(const RowsCase& c, bool affine, bool accumulate) {
  return {"layer_norm_grad " + std::to_string(c.rows) + "x" + std::to_string(c.cols), [=](OpMemory& memory) {
            LayerNormGradArgs args;
            args.x = memory.input("x", {c.rows, c.cols}, c.values);
            if (affine) args.gain = memory.input("gain", {c.cols});
            add_statistics(memory, args);
            args.dy = memory.input("dy", {c.rows, c.cols});
            args.accumulate_parameters = accumulate;
            args.dx = memory.output("dx", {c.rows, c.cols}, gradient_of());
            args.dgain = parameter_gradient(memory, "dgain", c.cols, c.rows, accumulate);
            args.dbias = parameter_gradient(memory, "dbias", c.cols, c.rows, accumulate);
            return args;
          }};
}

TEST(LayerNorm, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<LayerNormArgs>> cases;
  for (const RowsCase& rows : kRows)
    for (const bool affine : {false, true}) cases.push_back(layer_norm_case(rows, affine));
  check_cases<LayerNormArgs>({layer_norm_candidates()}, cases);
}

TEST(LayerNormGrad, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<LayerNormGradArgs>> cases;
  for (const RowsCase& rows : kRows)
    for (const bool affine : {false, true}) cases.push_back(layer_norm_grad_case(rows, affine, affine));
  check_cases<LayerNormGradArgs>({layer_norm_grad_candidates(), layer_norm_grad_workspace_bytes}, cases);
}

TEST(LayerNorm, AConstantRowGivesTheBias) {
  for (const auto& candidate : with_cuda(layer_norm_candidates())) {
    SCOPED_TRACE(candidate.name);
    OpMemory memory;
    LayerNormArgs args = layer_norm_case({4, 37, {12345.678, 0.0}}, true).build(memory);
    if (!could_run<LayerNormArgs>({layer_norm_candidates()}, candidate, args)) continue;
    for (std::int64_t i = 0; i < args.y.numel(); ++i) ASSERT_EQ(args.y.as<float>()[i], args.bias.as<float>()[i % 37]);
  }
}

TEST(LayerNormGrad, AgreesWithDifferences) {
  OpMemory memory;
  const LayerNormArgs args = layer_norm_case({3, 6, {}}, true).build(memory);
  const View dy = memory.input("dy", {3, 6});
  const auto forward = [&] { layer_norm_candidates().back().run(Exec{}, args); };
  forward();
  LayerNormGradArgs grad{.x = args.x, .gain = args.gain, .mean = args.mean, .rstd = args.rstd, .dy = dy};
  grad.dx = memory.output("dx", {3, 6}, bitwise());
  grad.dgain = memory.output("dgain", {6}, bitwise());
  grad.dbias = memory.output("dbias", {6}, bitwise());
  layer_norm_grad_candidates().back().run(Exec{}, grad);
  expect_gradient("dx", grad.dx, numeric_gradient_of(args.x, forward, args.y, dy));
  expect_gradient("dgain", grad.dgain, numeric_gradient_of(args.gain, forward, args.y, dy));
  expect_gradient("dbias", grad.dbias, numeric_gradient_of(args.bias, forward, args.y, dy));
}

OpCase<RmsNormArgs> rms_norm_case(const RowsCase& c, bool gain) {
  return {"rms_norm " + std::to_string(c.rows) + "x" + std::to_string(c.cols), [=](OpMemory& memory) {
            RmsNormArgs args;
            args.x = memory.input("x", {c.rows, c.cols}, c.values);
            if (gain) args.gain = memory.input("gain", {c.cols});
            args.y = memory.output("y", {c.rows, c.cols}, pointwise());
            args.rstd = memory.output("rstd", {c.rows}, statistic_of(c));
            return args;
          }};
}

TEST(RmsNorm, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<RmsNormArgs>> cases;
  std::vector<OpCase<RmsNormGradArgs>> grad_cases;
  for (const RowsCase& c : kRows)
    for (const bool gain : {false, true}) {
      // A large mean gives all rows one length, which no tolerance can tell from shuffled ones.
      if (c.values.mean == 0.0) cases.push_back(rms_norm_case(c, gain));
      grad_cases.push_back(
          {"rms_norm_grad " + std::to_string(c.rows) + "x" + std::to_string(c.cols), [=](OpMemory& memory) {
             RmsNormGradArgs args;
             args.x = memory.input("x", {c.rows, c.cols}, c.values);
             if (gain) args.gain = memory.input("gain", {c.cols});
             args.rstd = memory.input("rstd", {c.rows}, Values{1.0 / (1.0 + c.values.mean), 1e-6});
             args.dy = memory.input("dy", {c.rows, c.cols});
             args.accumulate_parameters = gain;
             args.dx = memory.output("dx", {c.rows, c.cols}, gradient_of());
             args.dgain = parameter_gradient(memory, "dgain", c.cols, c.rows, gain);
             return args;
           }});
    }
  cases.push_back(rms_norm_case({5, 64, {1e4, 1e3}}, true));
  check_cases<RmsNormArgs>({rms_norm_candidates()}, cases);
  check_cases<RmsNormGradArgs>({rms_norm_grad_candidates(), rms_norm_grad_workspace_bytes}, grad_cases);
}

TEST(RmsNormGrad, AgreesWithDifferences) {
  OpMemory memory;
  const RmsNormArgs args = rms_norm_case({3, 6, {}}, true).build(memory);
  const View dy = memory.input("dy", {3, 6});
  const auto forward = [&] { rms_norm_candidates().back().run(Exec{}, args); };
  forward();
  RmsNormGradArgs grad{.x = args.x, .gain = args.gain, .rstd = args.rstd, .dy = dy};
  grad.dx = memory.output("dx", {3, 6}, bitwise());
  grad.dgain = memory.output("dgain", {6}, bitwise());
  rms_norm_grad_candidates().back().run(Exec{}, grad);
  expect_gradient("dx", grad.dx, numeric_gradient_of(args.x, forward, args.y, dy));
  expect_gradient("dgain", grad.dgain, numeric_gradient_of(args.gain, forward, args.y, dy));
}

struct GroupCase {
  std::int64_t batch, height, width, channels;
  int groups;
  Values values;
};

const GroupCase kGroups[] = {{1, 1, 1, 8, 1, {}},  {2, 3, 5, 6, 2, {}},          {3, 4, 4, 40, 5, {}},
                             {5, 8, 9, 32, 8, {}}, {2, 5, 4, 16, 4, {1e4, 1.0}}, {2, 3, 3, 16, 16, {}},
                             {0, 4, 4, 8, 2, {}}};

std::string describe(const GroupCase& c, Activation activation) {
  return "group_norm b" + std::to_string(c.batch) + " c" + std::to_string(c.channels) + " g" +
         std::to_string(c.groups) + " " + to_string(activation);
}

OpCase<GroupNormArgs> group_norm_case(const GroupCase& c, Activation activation, bool affine) {
  return {describe(c, activation), [=](OpMemory& memory) {
            GroupNormArgs args{.groups = c.groups, .activation = activation};
            args.x = memory.input("x", {c.batch, c.height, c.width, c.channels}, c.values);
            if (affine) args.gain = memory.input("gain", {c.channels});
            if (affine) args.bias = memory.input("bias", {c.channels});
            args.y = memory.output("y", args.x.shape, pointwise());
            args.mean = memory.output("mean", {c.batch, c.groups}, pointwise());
            args.rstd = memory.output("rstd", {c.batch, c.groups}, pointwise());
            return args;
          }};
}

void add_statistics(OpMemory& memory, GroupNormGradArgs& args) {
  const Shape shape{args.x.dim(0), args.groups};
  std::vector<float> y(static_cast<std::size_t>(args.x.numel())), other(static_cast<std::size_t>(shape.numel()));
  const auto run = [&](const View& mean, const View& rstd) {
    group_norm_candidates().back().run(Exec{}, {.x = args.x,
                                                .groups = args.groups,
                                                .y = View(y.data(), DType::f32, args.x.shape),
                                                .mean = mean,
                                                .rstd = rstd});
  };
  const View spare(other.data(), DType::f32, shape);
  args.mean = memory.input_from("mean", shape, [&](const View& mean) { run(mean, spare); });
  args.rstd = memory.input_from("rstd", shape, [&](const View& rstd) { run(spare, rstd); });
}

TEST(GroupNorm, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<GroupNormArgs>> cases;
  for (const GroupCase& c : kGroups)
    for (const Activation activation :
         {Activation::none, Activation::relu, Activation::gelu_erf, Activation::gelu_tanh})
      cases.push_back(group_norm_case(c, activation, activation != Activation::relu));
  check_cases<GroupNormArgs>({group_norm_candidates()}, cases);
}

TEST(GroupNormGrad, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<GroupNormGradArgs>> cases;
  for (const GroupCase& c : kGroups)
    // The kink of relu may fall on either side when z is nearly 0, so it is left to the smooth ones.
    for (const Activation activation : {Activation::none, Activation::gelu_erf, Activation::gelu_tanh})
      for (const bool accumulate : {false, true})
        cases.push_back({describe(c, activation), [=](OpMemory& memory) {
                           GroupNormGradArgs args{
                               .groups = c.groups, .activation = activation, .accumulate_parameters = accumulate};
                           args.x = memory.input("x", {c.batch, c.height, c.width, c.channels}, c.values);
                           args.gain = memory.input("gain", {c.channels});
                           args.bias = memory.input("bias", {c.channels});
                           add_statistics(memory, args);
                           args.dy = memory.input("dy", args.x.shape);
                           args.dx = memory.output("dx", args.x.shape, gradient_of());
                           args.dgain = parameter_gradient(memory, "dgain", c.channels, c.batch, accumulate);
                           args.dbias = parameter_gradient(memory, "dbias", c.channels, c.batch, accumulate);
                           return args;
                         }});
  check_cases<GroupNormGradArgs>({group_norm_grad_candidates(), group_norm_grad_workspace_bytes}, cases);
}

TEST(GroupNormGrad, AgreesWithDifferences) {
  OpMemory memory;
  const GroupNormArgs args = group_norm_case({2, 2, 2, 4, 2, {}}, Activation::gelu_tanh, true).build(memory);
  const View dy = memory.input("dy", args.x.shape);
  const auto forward = [&] { group_norm_candidates().back().run(Exec{}, args); };
  forward();
  GroupNormGradArgs grad{.x = args.x,
                         .gain = args.gain,
                         .bias = args.bias,
                         .mean = args.mean,
                         .rstd = args.rstd,
                         .dy = dy,
                         .groups = args.groups,
                         .activation = args.activation};
  grad.dx = memory.output("dx", args.x.shape, bitwise());
  grad.dgain = memory.output("dgain", {4}, bitwise());
  grad.dbias = memory.output("dbias", {4}, bitwise());
  group_norm_grad_candidates().back().run(Exec{}, grad);
  expect_gradient("dx", grad.dx, numeric_gradient_of(args.x, forward, args.y, dy));
  expect_gradient("dgain", grad.dgain, numeric_gradient_of(args.gain, forward, args.y, dy));
  expect_gradient("dbias", grad.dbias, numeric_gradient_of(args.bias, forward, args.y, dy));
}

OpCase<L2NormalizeArgs> l2_case(const RowsCase& c) {
  return {"l2_normalize " + std::to_string(c.rows) + "x" + std::to_string(c.cols), [=](OpMemory& memory) {
            L2NormalizeArgs args;
            args.x = memory.input("x", {c.rows, c.cols}, c.values);
            args.y = memory.output("y", {c.rows, c.cols}, pointwise());
            args.inverse_norm = memory.output("inverse_norm", {c.rows}, statistic_of(c));
            return args;
          }};
}

TEST(L2Normalize, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<L2NormalizeArgs>> cases;
  std::vector<OpCase<L2NormalizeGradArgs>> grad_cases;
  for (const RowsCase& c : kRows) {
    // A large mean makes all rows the same direction, which no tolerance can tell from a shuffled one.
    if (c.values.mean != 0.0) continue;
    cases.push_back(l2_case(c));
    grad_cases.push_back(
        {"l2_normalize_grad " + std::to_string(c.rows) + "x" + std::to_string(c.cols), [=](OpMemory& memory) {
           L2NormalizeGradArgs args;
           args.y = memory.input("y", {c.rows, c.cols}, Values{0.0, 0.2});
           args.inverse_norm = memory.input("inverse_norm", {c.rows});
           args.dy = memory.input("dy", {c.rows, c.cols});
           args.dx = memory.output("dx", {c.rows, c.cols}, gradient_of());
           return args;
         }});
  }
  cases.push_back(l2_case({5, 64, {1e4, 1e3}}));
  grad_cases.push_back({"l2_normalize_grad far from 0", [](OpMemory& memory) {
                          L2NormalizeGradArgs args;
                          args.y = memory.input("y", {5, 64}, Values{0.0, 0.1});
                          args.inverse_norm = memory.input("inverse_norm", {5});
                          args.dy = memory.input("dy", {5, 64}, Values{1e4, 1.0});
                          // What is left of dy after its share along y is taken away.
                          args.dx = memory.output("dx", {5, 64}, {1e-4, 1e-2});
                          return args;
                        }});
  check_cases<L2NormalizeArgs>({l2_normalize_candidates()}, cases);
  check_cases<L2NormalizeGradArgs>({l2_normalize_grad_candidates()}, grad_cases);
}

TEST(L2Normalize, RowsGetLengthOneAndZeroRowsStayZero) {
  for (const auto& candidate : with_cuda(l2_normalize_candidates())) {
    OpMemory memory;
    L2NormalizeArgs args;
    args.x = memory.input("x", {2, 2}, std::vector<float>{3, 4, 0, 0});
    args.y = memory.output("y", {2, 2}, bitwise());
    if (!could_run<L2NormalizeArgs>({l2_normalize_candidates()}, candidate, args)) continue;
    EXPECT_EQ(memory.block("y").values(), (std::vector<double>{double{0.6f}, double{0.8f}, 0, 0})) << candidate.name;
  }
}

TEST(L2NormalizeGrad, AgreesWithDifferences) {
  OpMemory memory;
  const L2NormalizeArgs args = l2_case({3, 5, {}}).build(memory);
  const View dy = memory.input("dy", {3, 5});
  const auto forward = [&] { l2_normalize_candidates().back().run(Exec{}, args); };
  forward();
  L2NormalizeGradArgs grad{
      .y = args.y, .inverse_norm = args.inverse_norm, .dy = dy, .dx = memory.output("dx", {3, 5}, bitwise())};
  l2_normalize_grad_candidates().back().run(Exec{}, grad);
  expect_gradient("dx", grad.dx, numeric_gradient_of(args.x, forward, args.y, dy));
}

}  // namespace
}  // namespace athanor::kernels::test
