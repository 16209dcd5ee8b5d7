#include "kernels/ops/quant/scaled_matmul.h"

#include "kernels/ops/quant/quantize.h"
#include "tests/kernels/support/op_case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace athanor::kernels::test {
namespace {

struct Plan {
  std::int64_t m, n, k;
  DType a, b, c;
  Grouping a_grouping, b_grouping;
  bool bias = false, accumulate = false;
  std::int64_t block = 32;
};

struct Coded {
  View codes, scales;
};

Coded coded(OpMemory& memory, const std::string& name, const Shape& shape, DType format, Grouping grouping,
            std::int64_t block) {
  const View x = memory.input(name + " numbers", shape);
  const ScaleGrid grid = scale_grid(grouping, x, block);
  const Coded made{memory.output(name, shape, bitwise(), format),
                   memory.output(name + " scales", {grid.down(), grid.across()}, bitwise())};
  quantize_candidates().back().run(Exec{}, {.x = x,
                                            .grouping = grouping,
                                            .block = block,
                                            .format = format,
                                            .power_of_two = false,
                                            .codes = made.codes,
                                            .scales = made.scales});
  return made;
}

ScaledMatmulArgs build(OpMemory& memory, const Plan& p) {
  const Coded a = coded(memory, "a", {p.m, p.k}, p.a, p.a_grouping, p.block);
  const Coded b = coded(memory, "b", {p.n, p.k}, p.b, p.b_grouping, p.block);
  ScaledMatmulArgs args{.a = a.codes, .a_scales = a.scales, .a_grouping = p.a_grouping};
  args.b = b.codes, args.b_scales = b.scales, args.b_grouping = p.b_grouping, args.block = p.block;
  if (p.bias) args.bias = memory.input("bias", {p.n});
  args.accumulate = p.accumulate;
  Tolerance tolerance = sum_of(p.k);
  tolerance.atol *= 4;  // products of codes with scales of up to 4 * 4
  if (p.c != DType::f32) tolerance = {p.c == DType::bf16 ? 8e-3 : 1e-3, 1e-3};
  args.c = p.accumulate ? memory.updated("c", {p.m, p.n}, tolerance) : memory.output("c", {p.m, p.n}, tolerance, p.c);
  // Tensor cores keep about 14 bits of an FP8 sum; a bias is rounded to 8.
  if (p.a != DType::i8 && p.n % 16 == 0 && p.k % 16 == 0)
    memory.allow_on_cuda("c", {8e-3, 1e-2 * std::max(1.0, std::sqrt(static_cast<double>(p.k) / 64))});
  return args;
}

TEST(ScaledMatmul, EveryCandidateMatchesTheReference) {
  using enum Grouping;
  constexpr DType e4 = DType::f8_e4m3, e5 = DType::f8_e5m2, i8 = DType::i8, f32 = DType::f32, bf16 = DType::bf16;
  std::vector<OpCase<ScaledMatmulArgs>> cases;
  for (const Plan& plan :
       {Plan{1, 1, 1, e4, e4, f32, tensor, tensor}, Plan{33, 17, 70, e4, e4, f32, tensor, tensor, true},
        Plan{70, 90, 130, e5, e4, bf16, tensor, tensor}, Plan{65, 40, 96, e4, e4, bf16, stretch, square, true},
        Plan{40, 33, 100, e4, e4, f32, stretch, stretch, false, true},
        Plan{40, 33, 64, i8, i8, DType::f16, row, row, true}, Plan{0, 5, 8, e4, e4, f32, tensor, tensor},
        Plan{48, 32, 64, e4, e4, f32, tensor, tensor, true}, Plan{20, 16, 48, e5, e4, bf16, row, row, true},
        Plan{33, 32, 64, e4, e5, DType::f16, tensor, tensor}, Plan{17, 48, 32, e4, e4, f32, row, row, false, true},
        Plan{17, 16, 32, e5, e5, f32, tensor, tensor},
        Plan{36, 272, 656, e4, e4, bf16, stretch, square, true, false, 128},
        Plan{132, 16, 144, e4, e4, f32, square, stretch, true, false, 128},
        Plan{8, 32, 160, e4, e5, f32, stretch, stretch, false, true, 128},
        Plan{16, 16, 128, e4, e4, f32, square, square, false, false, 128}})
    cases.push_back(
        {"scaled_matmul " + std::to_string(plan.m) + "x" + std::to_string(plan.n) + "x" + std::to_string(plan.k),
         [plan](OpMemory& memory) { return build(memory, plan); }});
  check_cases<ScaledMatmulArgs>({scaled_matmul_candidates(), scaled_matmul_workspace_bytes}, cases);
}

}  // namespace
}  // namespace athanor::kernels::test
