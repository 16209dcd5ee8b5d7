#include "kernels/cpu/column_sum.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/norm/group_norm.h"
#include "kernels/ops/norm/group_norm_avx2.h"
#include "kernels/ops/norm/group_norm_reference.h"

#include <array>

namespace athanor::kernels {

namespace {

float* offset(const View& view, std::int64_t i) { return view.present() ? view.as<float>() + i : nullptr; }

GroupNormSample sample_of(const View& x, const View& gain, const View& bias, int groups, Activation activation,
                          std::int64_t sample) {
  const std::int64_t channels = x.dim(-1), size = x.numel() / x.dim(0);
  return {.positions = size / channels,
          .channels = channels,
          .groups = groups,
          .activation = activation,
          .x = x.as<float>() + sample * size,
          .gain = gain.as<float>(),
          .bias = bias.as<float>()};
}

const char* refuse_channels(const View& x) {
  if (x.dim(-1) % 8 != 0) return "the number of channels is not a multiple of 8";
  if (x.dim(-1) > kGroupNormMaxChannels) return "there are more channels than the tables of one sample hold";
  if (x.numel() == 0) return "there is nothing to do";
  return cpu::avx2_refusal();
}

const char* refuse(const Exec&, const GroupNormArgs& args) { return refuse_channels(args.x); }
const char* refuse_grad(const Exec&, const GroupNormGradArgs& args) { return refuse_channels(args.x); }

void group_norm_samples(const Exec& exec, const GroupNormArgs& args) {
  const std::int64_t size = args.x.numel() / args.x.dim(0);
  cpu::parallel_for(exec.threads, args.x.dim(0), [&](std::int64_t sample) {
    group_norm_sample_avx2(sample_of(args.x, args.gain, args.bias, args.groups, args.activation, sample), args.eps,
                           offset(args.y, sample * size), offset(args.mean, sample * args.groups),
                           offset(args.rstd, sample * args.groups));
  });
}

struct Partials {
  float *gain, *bias;
};

Partials lay_out(const GroupNormGradArgs& args, cpu::WorkspaceCutter& cutter) {
  const std::int64_t floats = args.x.dim(0) * args.x.dim(-1);
  return {cutter.take<float>(args.dgain.present() ? floats : 0), cutter.take<float>(args.dbias.present() ? floats : 0)};
}

void group_norm_grad_samples(const Exec& exec, const GroupNormGradArgs& args) {
  const std::int64_t samples = args.x.dim(0), channels = args.x.dim(-1), size = args.x.numel() / samples;
  cpu::WorkspaceCutter cutter(exec);
  const Partials partials = lay_out(args, cutter);
  cpu::parallel_for(exec.threads, samples, [&](std::int64_t sample) {
    group_norm_grad_sample_avx2(sample_of(args.x, args.gain, args.bias, args.groups, args.activation, sample),
                                args.mean.as<float>() + sample * args.groups,
                                args.rstd.as<float>() + sample * args.groups, args.dy.as<float>() + sample * size,
                                offset(args.dx, sample * size),
                                args.dgain.present() ? partials.gain + sample * channels : nullptr,
                                args.dbias.present() ? partials.bias + sample * channels : nullptr);
  });
  const auto finish = [&](const View& out, const float* partial) {
    if (out.present())
      cpu::column_sum_parallel(exec.threads, partial, samples, channels, args.accumulate_parameters, out.as<float>());
  };
  finish(args.dgain, partials.gain);
  finish(args.dbias, partials.bias);
}

constexpr std::array<Candidate<GroupNormArgs>, 2> kCandidates{{
    {"group_norm_cpu_avx2_per_sample", refuse, group_norm_samples},
    {"group_norm_cpu_reference", nullptr, group_norm_reference},
}};
constexpr std::array<Candidate<GroupNormGradArgs>, 2> kGradCandidates{{
    {"group_norm_grad_cpu_avx2_per_sample", refuse_grad, group_norm_grad_samples},
    {"group_norm_grad_cpu_reference", nullptr, group_norm_grad_reference},
}};

}  // namespace

Candidates<GroupNormArgs> group_norm_candidates() { return kCandidates; }
Candidates<GroupNormGradArgs> group_norm_grad_candidates() { return kGradCandidates; }

void group_norm(const Exec& exec, const GroupNormArgs& args) {
  launch("group_norm", exec, args, group_norm_candidates(), group_norm_cuda);
}

void group_norm_grad(const Exec& exec, const GroupNormGradArgs& args) {
  launch("group_norm_grad", exec, args, group_norm_grad_candidates(), group_norm_grad_cuda);
}

std::size_t group_norm_grad_workspace_bytes(const Exec& exec, const GroupNormGradArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return group_norm_grad_cuda_workspace_bytes(args);
  cpu::WorkspaceCutter cutter;
  lay_out(args, cutter);
  return cutter.bytes();
}

}  // namespace athanor::kernels
