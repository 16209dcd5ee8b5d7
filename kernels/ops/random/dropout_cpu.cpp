#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/ops/random/dropout.h"
#include "kernels/ops/random/dropout_avx2.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kElementsPerBlock = 8192;  // a multiple of 4

std::uint32_t step_of(const DropoutArgs& args) {
  return args.step_on_device.present() ? args.step_on_device.as<const std::uint32_t>()[0] : args.step;
}

DropoutRule rule_of(const DropoutArgs& args) {
  const double probability = static_cast<double>(args.probability);
  const double threshold = std::clamp(probability * 4294967296.0, 0.0, 4294967295.0);
  return {.seed = args.seed,
          .step = step_of(args),
          .stream = args.stream,
          .threshold = static_cast<std::uint32_t>(std::llround(threshold)),
          .scale = static_cast<float>(1.0 / (1.0 - probability))};
}

void dropout_reference(const Exec&, const DropoutArgs& args) {
  const DropoutRule rule = rule_of(args);
  for (std::int64_t i = 0; i < args.x.numel(); ++i) {
    const std::uint64_t index = args.first_index + static_cast<std::uint64_t>(i);
    const PhiloxBlock block = philox_at(args.seed, rule.step, args.stream, index / 4);
    args.y.as<float>()[i] = block.word[index % 4] >= rule.threshold ? args.x.as<float>()[i] * rule.scale : 0.0f;
  }
}

void dropout_blocks(const Exec& exec, const DropoutArgs& args) {
  const DropoutRule rule = rule_of(args);
  cpu::parallel_ranges(exec.threads, args.x.numel(), kElementsPerBlock, [&](cpu::BlockRange range) {
    dropout_avx2(rule, args.first_index + static_cast<std::uint64_t>(range.begin), range.size(),
                 args.x.as<float>() + range.begin, args.y.as<float>() + range.begin);
  });
}

const char* refuse(const Exec&, const DropoutArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<DropoutArgs>, 2> kCandidates{{
    {"dropout_cpu_avx2_eight_blocks", refuse, dropout_blocks},
    {"dropout_cpu_reference", nullptr, dropout_reference},
}};

}  // namespace

Candidates<DropoutArgs> dropout_candidates() { return kCandidates; }

void dropout(const Exec& exec, const DropoutArgs& args) {
  launch("dropout", exec, args, dropout_candidates(), dropout_cuda);
}

}  // namespace athanor::kernels
