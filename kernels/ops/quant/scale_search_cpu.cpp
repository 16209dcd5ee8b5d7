#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/ops/quant/scale_search.h"
#include "kernels/ops/quant/scale_search_avx2.h"

#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace athanor::kernels {

namespace {

constexpr int kCandidates = ScaleSearchArgs::kCandidates;
static_assert(kCandidates == kSearchedScales);
constexpr std::int64_t kRowsPerBand = 32;
constexpr std::uint32_t kLeastNormal = (127 - 6) << 23, kInfinity = 0xFFu << 23, kTwenty = 20u << 23;
constexpr std::uint32_t kDropped = 20;          // bits of f32 that a code has not
constexpr float kAboveSubnormals = 0x1.02p-6f;  // the least normal code and what rounding may take from it

using PerCandidate = std::array<float, kCandidates>;

// What the AVX2 version does in each lane, in the same order.
template <class Code>
void add_squares(const float* x, std::int64_t count, const float* inverse, float* squares, Code code_of) {
  for (int k = 0; k < kCandidates; ++k) {
    std::array<float, 8> lanes{};
    for (std::int64_t i = 0; i < count; ++i) {
      const float value = std::fabs(x[i]);
      const float error = std::fma(-value, inverse[k], code_of(value, inverse[k]));
      float& lane = lanes[static_cast<std::size_t>(i % 8)];
      lane = std::fma(error, error, lane);
    }
    for (std::size_t half = 4; half > 0; half /= 2)
      for (std::size_t i = 0; i < half; ++i) lanes[i] += lanes[i + half];
    squares[k] = lanes[0];
  }
}

void code_errors_reference(const float* x, std::int64_t count, const float* inverse, float* squares) {
  add_squares(x, count, inverse, squares, [](float value, float factor) {
    const std::uint32_t power = std::bit_cast<std::uint32_t>(value * factor) & kInfinity;
    const auto rounder = std::bit_cast<float>(std::max(power, kLeastNormal) + kTwenty);
    return std::fma(value, factor, rounder) - rounder;
  });
}

float normal_code_errors_reference(const float* x, std::int64_t count, const float* inverse, float* squares) {
  add_squares(x, count, inverse, squares, [](float value, float factor) {
    const std::uint32_t scaled = std::bit_cast<std::uint32_t>(value * factor) + (1u << (kDropped - 1));
    return std::bit_cast<float>(scaled >> kDropped << kDropped);
  });
  float least = std::numeric_limits<float>::infinity();
  for (std::int64_t i = 0; i < count; ++i)
    if (x[i] != 0) least = std::min(least, std::fabs(x[i]));
  return least;
}

// No comparison holds where the squares are NaN.
template <class NormalErrors, class Errors>
float nearest_scale(const float* x, std::int64_t count, float scale, NormalErrors normal_errors, Errors errors) {
  PerCandidate scales{}, inverse{}, squares{};
  for (std::uint32_t k = 0; k < kCandidates; ++k) {
    scales[k] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(scale) + (ScaleSearchArgs::kMore[k] << 16));
    inverse[k] = 1.0f / scales[k];
  }
  const float least = normal_errors(x, count, inverse.data(), squares.data());
  if (!(least > kAboveSubnormals * scales.back())) errors(x, count, inverse.data(), squares.data());
  std::size_t best = 0;
  for (std::size_t k = 0; k < kCandidates; ++k) {
    const float above = scales[k] / scale;
    squares[k] *= above * above;
    if (squares[k] < squares[best]) best = k;
  }
  return scales[best];
}

template <auto kNormalErrors, auto kErrors>
void search_rows(const Exec& exec, const ScaleSearchArgs& args) {
  if (args.x.numel() == 0) return;
  const std::int64_t columns = args.x.dim(-1);
  auto* scales = args.scales.as<float>();
  cpu::parallel_ranges(exec.threads, args.scales.numel(), kRowsPerBand, [&](cpu::BlockRange rows) {
    for (std::int64_t row = rows.begin; row < rows.end; ++row)
      scales[row] = nearest_scale(args.x.as<float>() + row * columns, columns, scales[row], kNormalErrors, kErrors);
  });
}

const char* refuse(const Exec&, const ScaleSearchArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<ScaleSearchArgs>, 2> kAll{{
    {"scale_search_cpu_avx2", refuse, search_rows<normal_code_errors_avx2, code_errors_avx2>},
    {"scale_search_cpu_reference", nullptr, search_rows<normal_code_errors_reference, code_errors_reference>},
}};

}  // namespace

Candidates<ScaleSearchArgs> scale_search_candidates() { return kAll; }

void scale_search(const Exec& exec, const ScaleSearchArgs& args) {
  const TraceScope scope(exec, "scale_search");
  choose<ScaleSearchArgs>(exec, args, scale_search_candidates()).run(exec, args);
}

}  // namespace athanor::kernels
