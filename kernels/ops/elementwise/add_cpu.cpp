#include "kernels/cpu/elementwise_avx2.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/ops/elementwise/add.h"

#include <algorithm>
#include <array>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kElementsPerBlock = 16384;

void add_reference(const Exec&, const AddArgs& args) {
  const float *a = args.a.as<float>(), *b = args.b.as<float>();
  const std::int64_t period = args.b.numel();
  for (std::int64_t i = 0; i < args.a.numel(); ++i) args.y.as<float>()[i] = a[i] + b[i % period];
}

// Blocks cross the borders of the repeated operand, so that a short b (a bias) costs no block of its own.
void add_blocks(const Exec& exec, const AddArgs& args) {
  const float *a = args.a.as<float>(), *b = args.b.as<float>();
  float* y = args.y.as<float>();
  const std::int64_t period = args.b.numel();
  cpu::parallel_ranges(exec.threads, args.a.numel(), kElementsPerBlock, [&](cpu::BlockRange range) {
    for (std::int64_t at = range.begin; at < range.end;) {
      const std::int64_t from = at % period, run = std::min(range.end - at, period - from);
      cpu::add_avx2(run, a + at, b + from, y + at);
      at += run;
    }
  });
}

const char* refuse(const Exec&, const AddArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<AddArgs>, 2> kCandidates{{
    {"add_cpu_avx2_blocks", refuse, add_blocks},
    {"add_cpu_reference", nullptr, add_reference},
}};

}  // namespace

Candidates<AddArgs> add_candidates() { return kCandidates; }

void add(const Exec& exec, const AddArgs& args) { launch("add", exec, args, add_candidates(), add_cuda); }

}  // namespace athanor::kernels
