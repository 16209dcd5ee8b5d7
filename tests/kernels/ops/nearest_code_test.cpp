#include "kernels/ops/index/nearest_code.h"

#include "tests/kernels/support/numeric_gradient.h"

#include <gtest/gtest.h>

#include <cmath>

namespace athanor::kernels::test {
namespace {

const OpUnderTest<NearestCodeArgs> kNearest{nearest_code_candidates(), nearest_code_workspace_bytes};

struct BookSize {
  std::int64_t rows, width, codes;
};

constexpr BookSize kBooks[] = {{1, 1, 1}, {5, 3, 7}, {203, 16, 33}, {70, 9, 300}, {0, 4, 3}};

std::vector<std::int32_t> used_codes(const BookSize& s) {
  std::vector<std::int32_t> indices(static_cast<std::size_t>(s.rows));
  for (std::size_t i = 0; i < indices.size(); ++i)
    indices[i] = static_cast<std::int32_t>((i * i + 3) % static_cast<std::size_t>(s.codes));
  return indices;
}

// Rows lie near codes, so that rounding cannot choose another.
std::vector<float> near_codes(const BookSize& s, const View& codebook) {
  const std::vector<std::int32_t> code = used_codes(s);
  std::vector<float> x;
  for (std::int64_t row = 0; row < s.rows; ++row)
    for (std::int64_t d = 0; d < s.width; ++d)
      x.push_back(codebook.as<float>()[code[static_cast<std::size_t>(row)] * s.width + d] +
                  0.004f * static_cast<float>((row + d) % 5));
  return x;
}

NearestCodeArgs build(OpMemory& memory, const BookSize& s) {
  NearestCodeArgs args{.codebook = memory.input("codebook", {s.codes, s.width}, Values{0.0, 3.0})};
  args.x = memory.input("x", {s.rows, s.width}, near_codes(s, args.codebook));
  args.codes = memory.output("codes", {s.rows, s.width}, bitwise());
  args.indices = memory.output("indices", {s.rows}, bitwise(), DType::i32);
  args.distance = memory.output("distance", {1}, {1e-5, 0.0});
  return args;
}

TEST(NearestCode, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<NearestCodeArgs>> cases;
  std::vector<OpCase<NearestCodeGradArgs>> grad_cases;
  for (const BookSize& s : kBooks) {
    const std::string name = std::to_string(s.rows) + " in " + std::to_string(s.codes);
    cases.push_back({"nearest_code " + name, [=](OpMemory& memory) { return build(memory, s); }});
    for (const bool accumulate : {false, true})
      grad_cases.push_back({"nearest_code_grad " + name, [=](OpMemory& memory) {
                              const float numbers = static_cast<float>(s.rows * s.width);
                              NearestCodeGradArgs args{.dloss = numbers, .accumulate_parameters = accumulate};
                              args.codebook = memory.input("codebook", {s.codes, s.width});
                              args.x = memory.input("x", {s.rows, s.width});
                              args.indices = memory.indices("indices", {s.rows}, used_codes(s));
                              args.dx = memory.output("dx", {s.rows, s.width}, gradient_of());
                              const Shape shape{s.codes, s.width};
                              args.dcodebook = accumulate ? memory.updated("dcodebook", shape, gradient_of(s.rows))
                                                          : memory.output("dcodebook", shape, gradient_of(s.rows));
                              return args;
                            }});
  }
  check_cases(kNearest, cases);
  check_cases<NearestCodeGradArgs>({nearest_code_grad_candidates()}, grad_cases);
}

TEST(NearestCodeGrad, AgreesWithDifferences) {
  OpMemory memory;
  const BookSize size{6, 3, 4};
  const NearestCodeArgs args = build(memory, size);
  const auto forward = [&] { nearest_code_candidates().back().run(Exec{}, args); };
  for (std::int64_t i = 0; i < 18; ++i) args.x.as<float>()[i] += i % 2 ? 0.4f : -0.3f;
  forward();
  NearestCodeGradArgs grad{.x = args.x, .codebook = args.codebook, .indices = args.indices, .commitment = 1.0f};
  grad.dx = memory.output("dx", {6, 3}, bitwise());
  grad.dcodebook = memory.output("dcodebook", {4, 3}, bitwise());
  nearest_code_grad_candidates().back().run(Exec{}, grad);
  const View weight = memory.input("weight", {1}, Values{1.0, 0.0});
  expect_gradient("dx", grad.dx, numeric_gradient_of(args.x, forward, args.distance, weight));
  expect_gradient("dcodebook", grad.dcodebook, numeric_gradient_of(args.codebook, forward, args.distance, weight));
}

TEST(NearestCode, TakesTheFirstOfEquals) {
  for (const auto& candidate : with_cuda(nearest_code_candidates())) {
    SCOPED_TRACE(candidate.name);
    OpMemory memory;
    NearestCodeArgs args = build(memory, {5, 3, 40});
    std::fill_n(args.codebook.as<float>(), 120, 1.0f);
    if (!could_run(kNearest, candidate, args)) continue;
    for (int row = 0; row < 5; ++row) EXPECT_EQ(args.indices.as<std::int32_t>()[row], 0);
  }
}

}  // namespace
}  // namespace athanor::kernels::test
