#include "kernels/cpu/column_sum.h"
#include "kernels/cpu/elementwise_avx2.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/ops/reduce/reduce_dim.h"
#include "kernels/ops/reduce/reduce_dim_avx2.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kElementsPerBlock = 16384;
constexpr std::int64_t kColumnsPerBlock = 256;

// ---- Reference ----

void reduce_dim_reference(const Exec&, const ReduceDimArgs& args) {
  const std::int64_t length = args.x.dim(1), inner = args.x.dim(2);
  for (std::int64_t at = 0; at < args.y.numel(); ++at) {
    const float* x = args.x.as<float>() + at / inner * length * inner + at % inner;
    double sum = 0.0;
    std::int64_t most = 0;
    for (std::int64_t l = 0; l < length; ++l) {
      const float value = x[l * inner], best = x[most * inner];
      sum += static_cast<double>(value);
      if (value > best || (std::isnan(value) && !std::isnan(best))) most = l;
    }
    if (args.reduction == Reduction::mean) sum /= static_cast<double>(length);
    args.y.as<float>()[at] = args.reduction == Reduction::maximum ? x[most * inner] : static_cast<float>(sum);
    if (args.index.present()) args.index.as<std::int32_t>()[at] = static_cast<std::int32_t>(most);
  }
}

// One element of dx; all candidates write the same bits.
float gradient_at(const ReduceDimGradArgs& args, std::int64_t at, std::int64_t l) {
  const float dy = args.dy.as<float>()[at];
  if (args.reduction == Reduction::mean) return dy / static_cast<float>(args.dx.dim(1));
  return args.reduction == Reduction::maximum && args.index.as<std::int32_t>()[at] != l ? 0.0f : dy;
}

// Rows of dx: the inner dim for one (o, l).
void grad_rows(const ReduceDimGradArgs& args, cpu::BlockRange rows) {
  const std::int64_t length = args.dx.dim(1), inner = args.dx.dim(2);
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    float* dx = args.dx.as<float>() + row * inner;
    const std::int64_t first = row / length * inner, l = row % length;
    for (std::int64_t i = 0; i < inner; ++i) dx[i] = gradient_at(args, first + i, l);
  }
}

void reduce_dim_grad_reference(const Exec&, const ReduceDimGradArgs& args) {
  grad_rows(args, {0, args.dx.dim(0) * args.dx.dim(1)});
}

// ---- Blocks ----

void reduce_row(const ReduceDimArgs& args, std::int64_t row) {
  const std::int64_t length = args.x.dim(1);
  const float* x = args.x.as<float>() + row * length;
  float& y = args.y.as<float>()[row];
  if (args.reduction != Reduction::maximum) {
    y = row_sum_avx2(x, length);
    if (args.reduction == Reduction::mean) y /= static_cast<float>(length);
    return;
  }
  std::int64_t most = 0;
  for (std::int64_t l = 1; l < length; ++l)
    if (x[l] > x[most] || (std::isnan(x[l]) && !std::isnan(x[most]))) most = l;
  y = x[most];
  if (args.index.present()) args.index.as<std::int32_t>()[row] = static_cast<std::int32_t>(most);
}

void reduce_columns(const ReduceDimArgs& args, std::int64_t outer, cpu::BlockRange columns) {
  const std::int64_t length = args.x.dim(1), inner = args.x.dim(2), at = outer * inner + columns.begin;
  const float* x = args.x.as<float>() + outer * length * inner + columns.begin;
  float* y = args.y.as<float>() + at;
  if (args.reduction == Reduction::maximum)
    return column_max_avx2(x, length, columns.size(), inner, y,
                           args.index.present() ? args.index.as<std::int32_t>() + at : nullptr);
  cpu::column_sum_avx2(x, length, columns.size(), inner, false, y);
  if (args.reduction == Reduction::mean) cpu::axpby_avx2(columns.size(), 1.0f / static_cast<float>(length), y, 0.0f, y);
}

void reduce_dim_blocks(const Exec& exec, const ReduceDimArgs& args) {
  const std::int64_t outer = args.x.dim(0), length = args.x.dim(1), inner = args.x.dim(2);
  if (args.y.numel() == 0) return;
  if (inner == 1) {
    const std::int64_t rows = std::max<std::int64_t>(kElementsPerBlock / std::max<std::int64_t>(length, 1), 1);
    return cpu::parallel_ranges(exec.threads, outer, rows, [&](cpu::BlockRange range) {
      for (std::int64_t row = range.begin; row < range.end; ++row) reduce_row(args, row);
    });
  }
  const std::int64_t blocks = cpu::block_count(inner, kColumnsPerBlock);
  cpu::parallel_for(exec.threads, outer * blocks, [&](std::int64_t block) {
    reduce_columns(args, block / blocks, cpu::block_range(block % blocks, kColumnsPerBlock, inner));
  });
}

void reduce_dim_grad_row_blocks(const Exec& exec, const ReduceDimGradArgs& args) {
  if (args.dx.numel() == 0) return;
  cpu::parallel_ranges(exec.threads, args.dx.dim(0) * args.dx.dim(1),
                       std::max<std::int64_t>(kElementsPerBlock / args.dx.dim(2), 1),
                       [&](cpu::BlockRange rows) { grad_rows(args, rows); });
}

const char* refuse(const Exec&, const ReduceDimArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<ReduceDimArgs>, 2> kCandidates{{
    {"reduce_dim_cpu_avx2_blocks", refuse, reduce_dim_blocks},
    {"reduce_dim_cpu_reference", nullptr, reduce_dim_reference},
}};
constexpr std::array<Candidate<ReduceDimGradArgs>, 2> kGradCandidates{{
    {"reduce_dim_grad_cpu_row_blocks", nullptr, reduce_dim_grad_row_blocks},
    {"reduce_dim_grad_cpu_reference", nullptr, reduce_dim_grad_reference},
}};

}  // namespace

Candidates<ReduceDimArgs> reduce_dim_candidates() { return kCandidates; }
Candidates<ReduceDimGradArgs> reduce_dim_grad_candidates() { return kGradCandidates; }

void reduce_dim(const Exec& exec, const ReduceDimArgs& args) {
  launch("reduce_dim", exec, args, reduce_dim_candidates(), reduce_dim_cuda);
}

void reduce_dim_grad(const Exec& exec, const ReduceDimGradArgs& args) {
  launch("reduce_dim_grad", exec, args, reduce_dim_grad_candidates(), reduce_dim_grad_cuda);
}

}  // namespace athanor::kernels
