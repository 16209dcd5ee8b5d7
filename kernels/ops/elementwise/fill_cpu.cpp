#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/ops/elementwise/fill.h"

#include <algorithm>
#include <array>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kElementsPerBlock = 32768;

void fill_reference(const Exec&, const FillArgs& args) { std::fill_n(args.y.as<float>(), args.y.numel(), args.value); }

void fill_blocks(const Exec& exec, const FillArgs& args) {
  cpu::parallel_ranges(exec.threads, args.y.numel(), kElementsPerBlock, [&](cpu::BlockRange range) {
    std::fill_n(args.y.as<float>() + range.begin, range.size(), args.value);
  });
}

constexpr std::array<Candidate<FillArgs>, 2> kCandidates{{
    {"fill_cpu_blocks", nullptr, fill_blocks},
    {"fill_cpu_reference", nullptr, fill_reference},
}};

}  // namespace

Candidates<FillArgs> fill_candidates() { return kCandidates; }

void fill(const Exec& exec, const FillArgs& args) { launch("fill", exec, args, fill_candidates(), fill_cuda); }

}  // namespace athanor::kernels
