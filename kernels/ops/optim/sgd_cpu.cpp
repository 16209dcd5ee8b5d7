#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/segments.h"
#include "kernels/ops/optim/gradient_factor.h"
#include "kernels/ops/optim/sgd.h"
#include "kernels/ops/optim/sgd_avx2.h"

#include <array>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kElementsPerBlock = 8192;

void sgd_reference(const Exec&, const SgdArgs& args) {
  const double factor = gradient_factor(args.gradient_scale, args.sum_squares, args.max_norm),
               mu = static_cast<double>(args.mu);
  for (const SgdSegment& s : args.segments)
    for (std::int64_t i = 0; i < s.numel; ++i) {
      const double value = static_cast<double>(s.param[i]);
      const double g = factor * static_cast<double>(s.grad[i]) + static_cast<double>(s.weight_decay) * value;
      double step = g;
      if (s.momentum) {
        const double velocity = mu * static_cast<double>(s.momentum[i]) + g;
        s.momentum[i] = static_cast<float>(velocity);
        step = args.nesterov ? g + mu * velocity : velocity;
      }
      s.param[i] = static_cast<float>(value - static_cast<double>(s.lr) * step);
    }
}

void sgd_segments(const Exec& exec, const SgdArgs& args) {
  const float factor = static_cast<float>(gradient_factor(args.gradient_scale, args.sum_squares, args.max_norm));
  cpu::for_each_segment_block(
      exec.threads, args.segments, kElementsPerBlock, [&](const SgdSegment& s, cpu::BlockRange range, std::int64_t) {
        sgd_avx2(
            {.gradient = factor, .weight_decay = s.weight_decay, .mu = args.mu, .lr = s.lr, .nesterov = args.nesterov},
            range.size(), s.grad + range.begin, s.param + range.begin, s.momentum ? s.momentum + range.begin : nullptr);
      });
}

const char* refuse(const Exec&, const SgdArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<SgdArgs>, 2> kCandidates{{
    {"sgd_cpu_avx2_segment_blocks", refuse, sgd_segments},
    {"sgd_cpu_reference", nullptr, sgd_reference},
}};

}  // namespace

Candidates<SgdArgs> sgd_candidates() { return kCandidates; }

void sgd(const Exec& exec, const SgdArgs& args) {
  with_step_values(exec, args, [&](const SgdArgs& told) { launch("sgd", exec, told, sgd_candidates(), sgd_cuda); });
}

}  // namespace athanor::kernels
