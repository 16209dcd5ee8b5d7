#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/ops/index/embedding.h"

#include <algorithm>
#include <array>
#include <vector>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kRowsPerBlock = 256;
constexpr std::int64_t kColumnsPerBlock = 32;

bool is_row(std::int64_t id, const View& table) { return id >= 0 && id < table.dim(0); }

void copy_rows(const EmbeddingArgs& args, cpu::BlockRange rows) {
  const std::int64_t cols = args.table.dim(1);
  const std::int32_t* ids = args.ids.as<std::int32_t>();
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    const std::int64_t id = std::int64_t{ids[row]} - args.first;
    float* y = args.y.as<float>() + row * cols;
    if (is_row(id, args.table))
      std::copy_n(args.table.as<float>() + id * cols, cols, y);
    else
      std::fill_n(y, cols, 0.0f);
  }
}

void embedding_reference(const Exec&, const EmbeddingArgs& args) { copy_rows(args, {0, args.ids.numel()}); }

void embedding_row_blocks(const Exec& exec, const EmbeddingArgs& args) {
  cpu::parallel_ranges(exec.threads, args.ids.numel(), kRowsPerBlock,
                       [&](cpu::BlockRange rows) { copy_rows(args, rows); });
}

void embedding_grad_reference(const Exec&, const EmbeddingGradArgs& args) {
  const std::int64_t cols = args.dtable.dim(1);
  float* dtable = args.dtable.as<float>();
  std::vector<double> sums(static_cast<std::size_t>(args.dtable.numel()), 0.0);
  for (std::int64_t row = 0; row < args.ids.numel(); ++row) {
    const std::int64_t id = std::int64_t{args.ids.as<std::int32_t>()[row]} - args.first;
    for (std::int64_t col = 0; col < cols && is_row(id, args.dtable); ++col)
      sums[static_cast<std::size_t>(id * cols + col)] += static_cast<double>(args.dy.as<float>()[row * cols + col]);
  }
  for (std::size_t at = 0; at < sums.size(); ++at)
    dtable[at] = static_cast<float>(args.accumulate_parameters ? static_cast<double>(dtable[at]) + sums[at] : sums[at]);
}

// Each block owns some columns of the whole table, so every sum runs in order of n.
void embedding_grad_column_blocks(const Exec& exec, const EmbeddingGradArgs& args) {
  const std::int64_t cols = args.dtable.dim(1), vocabulary = args.dtable.dim(0);
  const std::int32_t* ids = args.ids.as<std::int32_t>();
  cpu::parallel_ranges(exec.threads, cols, kColumnsPerBlock, [&](cpu::BlockRange range) {
    float* table = args.dtable.as<float>() + range.begin;
    const float* dy = args.dy.as<float>() + range.begin;
    if (!args.accumulate_parameters)
      for (std::int64_t row = 0; row < vocabulary; ++row) std::fill_n(table + row * cols, range.size(), 0.0f);
    for (std::int64_t row = 0; row < args.ids.numel(); ++row) {
      const std::int64_t id = std::int64_t{ids[row]} - args.first;
      if (!is_row(id, args.dtable)) continue;
      float* sum = table + id * cols;
      const float* term = dy + row * cols;
      for (std::int64_t col = 0; col < range.size(); ++col) sum[col] += term[col];
    }
  });
}

constexpr std::array<Candidate<EmbeddingArgs>, 2> kCandidates{{
    {"embedding_cpu_row_blocks", nullptr, embedding_row_blocks},
    {"embedding_cpu_reference", nullptr, embedding_reference},
}};
constexpr std::array<Candidate<EmbeddingGradArgs>, 2> kGradCandidates{{
    {"embedding_grad_cpu_column_blocks", nullptr, embedding_grad_column_blocks},
    {"embedding_grad_cpu_reference", nullptr, embedding_grad_reference},
}};

}  // namespace

Candidates<EmbeddingArgs> embedding_candidates() { return kCandidates; }
Candidates<EmbeddingGradArgs> embedding_grad_candidates() { return kGradCandidates; }

void embedding(const Exec& exec, const EmbeddingArgs& args) {
  launch("embedding", exec, args, embedding_candidates(), embedding_cuda);
}

void embedding_grad(const Exec& exec, const EmbeddingGradArgs& args) {
  launch("embedding_grad", exec, args, embedding_grad_candidates(), embedding_grad_cuda);
}

std::size_t embedding_grad_workspace_bytes(const Exec& exec, const EmbeddingGradArgs& args) {
  return exec.device.kind == DeviceKind::cuda ? embedding_grad_cuda_workspace_bytes(args) : 0;
}

}  // namespace athanor::kernels
