#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/segments.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/reduce/gradient_stats.h"
#include "kernels/ops/reduce/gradient_stats_avx2.h"

#include <array>
#include <cmath>

namespace athanor::kernels {

namespace {

void write(const GradientStatsArgs& args, const RunStats& stats) {
  args.sum_squares.as<double>()[0] = stats.sum_squares;
  args.nonfinite.as<std::int64_t>()[0] = stats.nonfinite;
}

void gradient_stats_reference(const Exec&, const GradientStatsArgs& args) {
  RunStats total;
  for (const GradientSegment& segment : args.segments)
    for (std::int64_t i = 0; i < segment.numel; ++i) {
      const double value = static_cast<double>(segment.data[i]);
      if (std::isfinite(value))
        total.sum_squares += value * value;
      else
        ++total.nonfinite;
    }
  write(args, total);
}

void gradient_stats_segment_blocks(const Exec& exec, const GradientStatsArgs& args) {
  const std::int64_t blocks = cpu::segment_block_count(args.segments, kSquarePiece);
  cpu::WorkspaceCutter cutter(exec);
  RunStats* partial = cutter.take<RunStats>(blocks);
  cpu::for_each_segment_block(exec.threads, args.segments, kSquarePiece,
                              [&](const GradientSegment& segment, cpu::BlockRange range, std::int64_t block) {
                                partial[block] = gradient_stats_avx2(segment.data + range.begin, range.size());
                              });
  RunStats total;
  for (std::int64_t block = 0; block < blocks; ++block) {
    total.sum_squares += partial[block].sum_squares;
    total.nonfinite += partial[block].nonfinite;
  }
  write(args, total);
}

const char* refuse(const Exec&, const GradientStatsArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<GradientStatsArgs>, 2> kCandidates{{
    {"gradient_stats_cpu_avx2_segment_blocks", refuse, gradient_stats_segment_blocks},
    {"gradient_stats_cpu_reference", nullptr, gradient_stats_reference},
}};

}  // namespace

Candidates<GradientStatsArgs> gradient_stats_candidates() { return kCandidates; }

void gradient_stats(const Exec& exec, const GradientStatsArgs& args) {
  launch("gradient_stats", exec, args, gradient_stats_candidates(), gradient_stats_cuda);
}

std::size_t gradient_stats_workspace_bytes(const Exec& exec, const GradientStatsArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return gradient_stats_cuda_workspace_bytes(args);
  cpu::WorkspaceCutter cutter;
  cutter.take<RunStats>(cpu::segment_block_count(args.segments, kSquarePiece));
  return cutter.bytes();
}

}  // namespace athanor::kernels
