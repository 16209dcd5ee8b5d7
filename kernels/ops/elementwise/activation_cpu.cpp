#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/scalar_math.h"
#include "kernels/ops/elementwise/activation.h"
#include "kernels/ops/elementwise/activation_avx2.h"

#include <array>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kElementsPerBlock = 16384;

void activation_reference(const Exec&, const ActivationArgs& args) {
  const float* x = args.x.as<float>();
  float* y = args.y.as<float>();
  for (std::int64_t i = 0; i < args.x.numel(); ++i)
    y[i] = static_cast<float>(cpu::activate_exact(args.activation, static_cast<double>(x[i])));
}

void grad_reference(const Exec&, const ActivationGradArgs& args) {
  const float *x = args.x.as<float>(), *dy = args.dy.as<float>();
  float* dx = args.dx.as<float>();
  for (std::int64_t i = 0; i < args.x.numel(); ++i)
    dx[i] = static_cast<float>(static_cast<double>(dy[i]) *
                               cpu::activation_slope_exact(args.activation, static_cast<double>(x[i])));
}

const char* refuse(const Exec&, const ActivationArgs&) { return cpu::avx2_refusal(); }
const char* refuse_grad(const Exec&, const ActivationGradArgs&) { return cpu::avx2_refusal(); }

void avx2(const Exec& exec, const ActivationArgs& args) {
  cpu::parallel_ranges(exec.threads, args.x.numel(), kElementsPerBlock, [&](cpu::BlockRange range) {
    activation_avx2(args.activation, range.size(), args.x.as<float>() + range.begin, args.y.as<float>() + range.begin);
  });
}

void grad_avx2(const Exec& exec, const ActivationGradArgs& args) {
  cpu::parallel_ranges(exec.threads, args.x.numel(), kElementsPerBlock, [&](cpu::BlockRange range) {
    activation_grad_avx2(args.activation, range.size(), args.x.as<float>() + range.begin,
                         args.dy.as<float>() + range.begin, args.dx.as<float>() + range.begin);
  });
}

constexpr std::array<Candidate<ActivationArgs>, 2> kCandidates{{
    {"activation_cpu_avx2", refuse, avx2},
    {"activation_cpu_reference", nullptr, activation_reference},
}};
constexpr std::array<Candidate<ActivationGradArgs>, 2> kGradCandidates{{
    {"activation_grad_cpu_avx2", refuse_grad, grad_avx2},
    {"activation_grad_cpu_reference", nullptr, grad_reference},
}};

}  // namespace

Candidates<ActivationArgs> activation_candidates() { return kCandidates; }
Candidates<ActivationGradArgs> activation_grad_candidates() { return kGradCandidates; }

void activation(const Exec& exec, const ActivationArgs& args) {
  launch("activation", exec, args, activation_candidates(), activation_cuda);
}

void activation_grad(const Exec& exec, const ActivationGradArgs& args) {
  launch("activation_grad", exec, args, activation_grad_candidates(), activation_grad_cuda);
}

}  // namespace athanor::kernels
