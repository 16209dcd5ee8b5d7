#include "kernels/cpu/column_sum.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/reduce/sum_leading.h"

#include <array>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kRowsPerBlock = 2048;

struct Size {
  std::int64_t rows, cols;
};

Size size_of(const SumLeadingArgs& args) {
  const std::int64_t cols = args.y.numel();
  return {cols == 0 ? 0 : args.x.numel() / cols, cols};
}

void sum_leading_reference(const Exec&, const SumLeadingArgs& args) {
  const auto [rows, cols] = size_of(args);
  cpu::column_sum_reference(args.x.as<float>(), rows, cols, cols, args.accumulate, args.y.as<float>());
}

void sum_leading_row_blocks(const Exec& exec, const SumLeadingArgs& args) {
  const auto [rows, cols] = size_of(args);
  const std::int64_t blocks = cpu::block_count(rows, kRowsPerBlock);
  const float* x = args.x.as<float>();
  if (blocks <= 1) return cpu::column_sum_parallel(exec.threads, x, rows, cols, args.accumulate, args.y.as<float>());
  cpu::WorkspaceCutter cutter(exec);
  float* partial = cutter.take<float>(blocks * cols);
  cpu::parallel_ranges(exec.threads, rows, kRowsPerBlock, [&, cols = cols](cpu::BlockRange range) {
    cpu::column_sum_avx2(x + range.begin * cols, range.size(), cols, cols, false,
                         partial + range.begin / kRowsPerBlock * cols);
  });
  cpu::column_sum_parallel(exec.threads, partial, blocks, cols, args.accumulate, args.y.as<float>());
}

const char* refuse(const Exec&, const SumLeadingArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<SumLeadingArgs>, 2> kCandidates{{
    {"sum_leading_cpu_avx2_row_blocks", refuse, sum_leading_row_blocks},
    {"sum_leading_cpu_reference", nullptr, sum_leading_reference},
}};

}  // namespace

Candidates<SumLeadingArgs> sum_leading_candidates() { return kCandidates; }

void sum_leading(const Exec& exec, const SumLeadingArgs& args) {
  launch("sum_leading", exec, args, sum_leading_candidates(), sum_leading_cuda);
}

std::size_t sum_leading_workspace_bytes(const Exec& exec, const SumLeadingArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return sum_leading_cuda_workspace_bytes(args);
  const auto [rows, cols] = size_of(args);
  cpu::WorkspaceCutter cutter;
  const std::int64_t blocks = cpu::block_count(rows, kRowsPerBlock);
  cutter.take<float>(blocks <= 1 ? 0 : blocks * cols);
  return cutter.bytes();
}

}  // namespace athanor::kernels
