#include "kernels/cpu/elementwise_avx2.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/ops/elementwise/axpby.h"

#include <array>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kElementsPerBlock = 16384;

void axpby_reference(const Exec&, const AxpbyArgs& args) {
  const float* x = args.x.as<float>();
  float* y = args.y.as<float>();
  for (std::int64_t i = 0; i < args.x.numel(); ++i) {
    const double before = args.beta == 0.0f ? 0.0 : static_cast<double>(args.beta) * static_cast<double>(y[i]);
    y[i] = static_cast<float>(static_cast<double>(args.alpha) * static_cast<double>(x[i]) + before);
  }
}

void axpby_blocks(const Exec& exec, const AxpbyArgs& args) {
  cpu::parallel_ranges(exec.threads, args.x.numel(), kElementsPerBlock, [&](cpu::BlockRange range) {
    cpu::axpby_avx2(range.size(), args.alpha, args.x.as<float>() + range.begin, args.beta,
                    args.y.as<float>() + range.begin);
  });
}

const char* refuse(const Exec&, const AxpbyArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<AxpbyArgs>, 2> kCandidates{{
    {"axpby_cpu_avx2_blocks", refuse, axpby_blocks},
    {"axpby_cpu_reference", nullptr, axpby_reference},
}};

}  // namespace

Candidates<AxpbyArgs> axpby_candidates() { return kCandidates; }

void axpby(const Exec& exec, const AxpbyArgs& args) { launch("axpby", exec, args, axpby_candidates(), axpby_cuda); }

}  // namespace athanor::kernels
