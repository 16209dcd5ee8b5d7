#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/scalar_math.h"
#include "kernels/ops/elementwise/swiglu.h"
#include "kernels/ops/elementwise/swiglu_avx2.h"

#include <algorithm>
#include <array>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kElementsPerBlock = 16384;

// Of an array of rows of `cols` elements.
std::int64_t row_count(const View& view, std::int64_t cols) { return cols == 0 ? 0 : view.numel() / cols; }

double at(const View& view, std::int64_t i) { return static_cast<double>(view.as<float>()[i]); }

void swiglu_reference(const Exec&, const SwigluArgs& args) {
  const std::int64_t cols = args.y.dim(-1);
  for (std::int64_t i = 0; i < args.y.numel(); ++i) {
    const std::int64_t gate = i / cols * 2 * cols + i % cols;
    args.y.as<float>()[i] =
        static_cast<float>(cpu::activate_exact(Activation::silu, at(args.x, gate)) * at(args.x, gate + cols));
  }
}

void swiglu_grad_reference(const Exec&, const SwigluGradArgs& args) {
  const std::int64_t cols = args.dy.dim(-1);
  for (std::int64_t i = 0; i < args.dy.numel(); ++i) {
    const std::int64_t gate = i / cols * 2 * cols + i % cols;
    const double g = at(args.x, gate), v = at(args.x, gate + cols), dy = at(args.dy, i);
    args.dx.as<float>()[gate] = static_cast<float>(dy * v * cpu::activation_slope_exact(Activation::silu, g));
    args.dx.as<float>()[gate + cols] = static_cast<float>(dy * cpu::activate_exact(Activation::silu, g));
  }
}

// Calls row(index) for all rows, in blocks of about kElementsPerBlock.
template <class Row>
void for_rows(const Exec& exec, std::int64_t rows, std::int64_t cols, Row row) {
  if (rows == 0) return;
  cpu::parallel_ranges(exec.threads, rows, std::max<std::int64_t>(kElementsPerBlock / cols, 1),
                       [&](cpu::BlockRange range) {
                         for (std::int64_t i = range.begin; i < range.end; ++i) row(i);
                       });
}

void swiglu_rows(const Exec& exec, const SwigluArgs& args) {
  const std::int64_t cols = args.y.dim(-1);
  for_rows(exec, row_count(args.y, cols), cols, [&](std::int64_t row) {
    const float* x = args.x.as<float>() + row * 2 * cols;
    swiglu_row_avx2(cols, x, x + cols, args.y.as<float>() + row * cols);
  });
}

void swiglu_grad_rows(const Exec& exec, const SwigluGradArgs& args) {
  const std::int64_t cols = args.dy.dim(-1);
  for_rows(exec, row_count(args.dy, cols), cols, [&](std::int64_t row) {
    const float* x = args.x.as<float>() + row * 2 * cols;
    float* dx = args.dx.as<float>() + row * 2 * cols;
    swiglu_grad_row_avx2(cols, x, x + cols, args.dy.as<float>() + row * cols, dx, dx + cols);
  });
}

const char* refuse(const Exec&, const SwigluArgs&) { return cpu::avx2_refusal(); }
const char* refuse_grad(const Exec&, const SwigluGradArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<SwigluArgs>, 2> kCandidates{{
    {"swiglu_cpu_avx2_rows", refuse, swiglu_rows},
    {"swiglu_cpu_reference", nullptr, swiglu_reference},
}};
constexpr std::array<Candidate<SwigluGradArgs>, 2> kGradCandidates{{
    {"swiglu_grad_cpu_avx2_rows", refuse_grad, swiglu_grad_rows},
    {"swiglu_grad_cpu_reference", nullptr, swiglu_grad_reference},
}};

}  // namespace

Candidates<SwigluArgs> swiglu_candidates() { return kCandidates; }
Candidates<SwigluGradArgs> swiglu_grad_candidates() { return kGradCandidates; }

void swiglu(const Exec& exec, const SwigluArgs& args) {
  launch("swiglu", exec, args, swiglu_candidates(), swiglu_cuda);
}

void swiglu_grad(const Exec& exec, const SwigluGradArgs& args) {
  launch("swiglu_grad", exec, args, swiglu_grad_candidates(), swiglu_grad_cuda);
}

}  // namespace athanor::kernels
