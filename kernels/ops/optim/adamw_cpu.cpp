#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/segments.h"
#include "kernels/ops/optim/adamw.h"
#include "kernels/ops/optim/adamw_avx2.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kElementsPerBlock = 8192;

double gradient_factor(const AdamWArgs& args) {
  const double scale = static_cast<double>(args.gradient_scale);
  if (!args.sum_squares.present() || args.max_norm <= 0.0f) return scale;
  const double norm = scale * std::sqrt(args.sum_squares.as<double>()[0]);
  return scale * std::min(1.0, static_cast<double>(args.max_norm) / (norm + 1e-6));
}

struct BiasCorrection {
  double m, v;

  explicit BiasCorrection(const AdamWArgs& args)
      : m(1.0 - std::pow(static_cast<double>(args.beta1), static_cast<double>(args.step))),
        v(1.0 - std::pow(static_cast<double>(args.beta2), static_cast<double>(args.step))) {}
};

void adamw_reference(const Exec&, const AdamWArgs& args) {
  const double factor = gradient_factor(args), beta1 = static_cast<double>(args.beta1),
               beta2 = static_cast<double>(args.beta2);
  const BiasCorrection correction(args);
  for (const AdamWSegment& s : args.segments)
    for (std::int64_t i = 0; i < s.numel; ++i) {
      const double g = factor * static_cast<double>(s.grad[i]), lr = static_cast<double>(s.lr);
      const double m = beta1 * static_cast<double>(s.m[i]) + (1.0 - beta1) * g;
      const double v = beta2 * static_cast<double>(s.v[i]) + (1.0 - beta2) * g * g;
      const double decayed = static_cast<double>(s.param[i]) * (1.0 - lr * static_cast<double>(s.weight_decay));
      s.m[i] = static_cast<float>(m);
      s.v[i] = static_cast<float>(v);
      s.param[i] = static_cast<float>(decayed - lr * (m / correction.m) /
                                                    (std::sqrt(v / correction.v) + static_cast<double>(args.eps)));
    }
}

void adamw_segments(const Exec& exec, const AdamWArgs& args) {
  const float factor = static_cast<float>(gradient_factor(args));
  const BiasCorrection correction(args);
  cpu::for_each_segment_block(
      exec.threads, args.segments, kElementsPerBlock, [&](const AdamWSegment& s, cpu::BlockRange range, std::int64_t) {
        const double lr = static_cast<double>(s.lr);
        const AdamWFactors factors{.beta1 = args.beta1,
                                   .beta2 = args.beta2,
                                   .eps = args.eps,
                                   .gradient = factor,
                                   .decay = static_cast<float>(1.0 - lr * static_cast<double>(s.weight_decay)),
                                   .step_size = static_cast<float>(lr / correction.m),
                                   .inverse_root_v = static_cast<float>(1.0 / std::sqrt(correction.v))};
        adamw_avx2(factors, range.size(), s.grad + range.begin, s.param + range.begin, s.m + range.begin,
                   s.v + range.begin);
      });
}

const char* refuse(const Exec&, const AdamWArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<AdamWArgs>, 2> kCandidates{{
    {"adamw_cpu_avx2_segment_blocks", refuse, adamw_segments},
    {"adamw_cpu_reference", nullptr, adamw_reference},
}};

}  // namespace

Candidates<AdamWArgs> adamw_candidates() { return kCandidates; }

void adamw(const Exec& exec, const AdamWArgs& args) { launch("adamw", exec, args, adamw_candidates(), adamw_cuda); }

}  // namespace athanor::kernels
