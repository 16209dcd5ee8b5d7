#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/segments.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/optim/gradient_factor.h"
#include "kernels/ops/optim/lamb.h"
#include "kernels/ops/optim/lamb_avx2.h"

#include <array>
#include <vector>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kElementsPerBlock = 8192;

double exact_correction(float beta, std::int64_t step) {
  return 1.0 - std::pow(static_cast<double>(beta), static_cast<double>(step));
}

double trust(const LambSegment& s, double param_squares, double update_squares) {
  if (s.weight_decay == 0.0f || param_squares == 0.0 || update_squares == 0.0) return 1.0;
  return std::sqrt(param_squares / update_squares);
}

void lamb_reference(const Exec&, const LambArgs& args) {
  const double factor = gradient_factor(args.gradient_scale, args.sum_squares, args.max_norm),
               beta1 = static_cast<double>(args.beta1), beta2 = static_cast<double>(args.beta2),
               correction1 = exact_correction(args.beta1, args.step),
               correction2 = exact_correction(args.beta2, args.step);
  for (const LambSegment& s : args.segments) {
    std::vector<double> update(static_cast<std::size_t>(s.numel));
    double params = 0.0, updates = 0.0;
    for (std::int64_t i = 0; i < s.numel; ++i) {
      const double g = factor * static_cast<double>(s.grad[i]), value = static_cast<double>(s.param[i]);
      const double m = beta1 * static_cast<double>(s.m[i]) + (1.0 - beta1) * g;
      const double v = beta2 * static_cast<double>(s.v[i]) + (1.0 - beta2) * g * g;
      s.m[i] = static_cast<float>(m);
      s.v[i] = static_cast<float>(v);
      const double u = m / correction1 / (std::sqrt(v / correction2) + static_cast<double>(args.eps)) +
                       static_cast<double>(s.weight_decay) * value;
      update[static_cast<std::size_t>(i)] = u;
      params += value * value;
      updates += u * u;
    }
    const double length = static_cast<double>(s.lr) * trust(s, params, updates);
    for (std::int64_t i = 0; i < s.numel; ++i)
      s.param[i] = static_cast<float>(static_cast<double>(s.param[i]) - length * update[static_cast<std::size_t>(i)]);
  }
}

struct Workspace {
  LambNorms* norms;  // of each block
  float* lengths;    // lr * r of each segment, spread over its blocks' first
};

Workspace lay_out(const LambArgs& args, cpu::WorkspaceCutter& cutter) {
  const std::int64_t blocks = cpu::segment_block_count(args.segments, kElementsPerBlock);
  return {cutter.take<LambNorms>(blocks), cutter.take<float>(blocks)};
}

// lr * r of every block's segment, from the sums of its blocks in order.
void measure_lengths(const LambArgs& args, const Workspace& w) {
  std::int64_t first = 0;
  for (const LambSegment& s : args.segments) {
    const std::int64_t blocks = cpu::block_count(s.numel, kElementsPerBlock);
    double params = 0.0, updates = 0.0;
    for (std::int64_t block = first; block < first + blocks; ++block) {
      params += w.norms[block].param;
      updates += w.norms[block].update;
    }
    std::fill_n(w.lengths + first, blocks, static_cast<float>(static_cast<double>(s.lr) * trust(s, params, updates)));
    first += blocks;
  }
}

void lamb_segments(const Exec& exec, const LambArgs& args) {
  cpu::WorkspaceCutter cutter(exec);
  const Workspace w = lay_out(args, cutter);
  const auto factors_of = [&](const LambSegment& s) {
    return LambFactors{
        .beta1 = args.beta1,
        .beta2 = args.beta2,
        .eps = args.eps,
        .gradient = static_cast<float>(gradient_factor(args.gradient_scale, args.sum_squares, args.max_norm)),
        .inverse_m = static_cast<float>(1.0 / exact_correction(args.beta1, args.step)),
        .inverse_root_v = static_cast<float>(1.0 / std::sqrt(exact_correction(args.beta2, args.step))),
        .weight_decay = s.weight_decay};
  };
  cpu::for_each_segment_block(exec.threads, args.segments, kElementsPerBlock,
                              [&](const LambSegment& s, cpu::BlockRange range, std::int64_t block) {
                                w.norms[block] =
                                    lamb_moments_avx2(factors_of(s), range.size(), s.grad + range.begin,
                                                      s.param + range.begin, s.m + range.begin, s.v + range.begin);
                              });
  measure_lengths(args, w);
  cpu::for_each_segment_block(exec.threads, args.segments, kElementsPerBlock,
                              [&](const LambSegment& s, cpu::BlockRange range, std::int64_t block) {
                                lamb_apply_avx2(factors_of(s), w.lengths[block], range.size(), s.m + range.begin,
                                                s.v + range.begin, s.param + range.begin);
                              });
}

const char* refuse(const Exec&, const LambArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<LambArgs>, 2> kCandidates{{
    {"lamb_cpu_avx2_segment_blocks", refuse, lamb_segments},
    {"lamb_cpu_reference", nullptr, lamb_reference},
}};

}  // namespace

Candidates<LambArgs> lamb_candidates() { return kCandidates; }

void lamb(const Exec& exec, const LambArgs& args) {
  with_step_values(exec, args, [&](const LambArgs& told) { launch("lamb", exec, told, lamb_candidates(), lamb_cuda); });
}

std::size_t lamb_workspace_bytes(const Exec& exec, const LambArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return lamb_cuda_workspace_bytes(args);
  cpu::WorkspaceCutter cutter;
  lay_out(args, cutter);
  return cutter.bytes();
}

}  // namespace athanor::kernels
