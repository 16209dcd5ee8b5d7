#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/ops/index/top_k.h"
#include "kernels/ops/index/top_k_avx2.h"
#include "kernels/ops/index/top_k_order.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kNumbersPerBlock = 65536;

struct Rows {
  std::int64_t count, columns, kept;

  explicit Rows(const TopKArgs& args) : count(0), columns(args.x.dim(-1)), kept(args.values.dim(-1)) {
    count = kept == 0 ? 0 : args.values.numel() / kept;
  }
};

// ---- Reference ----

void top_k_reference(const Exec&, const TopKArgs& args) {
  const Rows rows(args);
  std::vector<std::int32_t> order(static_cast<std::size_t>(rows.columns));
  for (std::int64_t row = 0; row < rows.count; ++row) {
    const float* x = args.x.as<float>() + row * rows.columns;
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
      if (std::isnan(x[a]) || std::isnan(x[b])) return std::isnan(x[a]) && !std::isnan(x[b]);
      return x[a] > x[b];
    });
    for (std::int64_t i = 0; i < rows.kept; ++i) {
      const std::int32_t column = order[static_cast<std::size_t>(i)];
      args.indices.as<std::int32_t>()[row * rows.kept + i] = column;
      args.values.as<float>()[row * rows.kept + i] = x[column];
    }
  }
}

void top_k_grad_rows(const Exec& exec, const TopKGradArgs& args) {
  const std::int64_t columns = args.dx.dim(-1), kept = args.dvalues.dim(-1);
  const std::int64_t rows = kept == 0 ? 0 : args.dvalues.numel() / kept;
  const std::int64_t block = std::max<std::int64_t>(1, kNumbersPerBlock / std::max<std::int64_t>(1, columns));
  cpu::parallel_ranges(exec.threads, rows, block, [&](cpu::BlockRange range) {
    std::fill_n(args.dx.as<float>() + range.begin * columns, range.size() * columns, 0.0f);
    for (std::int64_t at = range.begin * kept; at < range.end * kept; ++at)
      args.dx.as<float>()[at / kept * columns + args.indices.as<std::int32_t>()[at]] = args.dvalues.as<float>()[at];
  });
}

void top_k_grad_reference(const Exec&, const TopKGradArgs& args) {
  const std::int64_t columns = args.dx.dim(-1), kept = args.dvalues.dim(-1);
  for (std::int64_t at = 0; at < args.dx.numel(); ++at) {
    float& out = args.dx.as<float>()[at];
    out = 0.0f;
    for (std::int64_t i = at / columns * kept; i < (at / columns + 1) * kept; ++i)
      if (args.indices.as<std::int32_t>()[i] == at % columns) out = args.dvalues.as<float>()[i];
  }
}

// ---- A sorted list per row; most numbers are passed over eight at a time ----

// The list is kept in the outputs themselves: ranks fall, so a number is moved left past those below it.
void insert(const TopKArgs& args, std::int64_t first, std::int64_t length, float value, std::int64_t column) {
  float* values = args.values.as<float>() + first;
  std::int32_t* indices = args.indices.as<std::int32_t>() + first;
  const std::uint64_t rank = rank_of(value, column);
  std::int64_t at = length;
  for (; at > 0 && rank_of(values[at - 1], indices[at - 1]) < rank; --at) {
    values[at] = values[at - 1];
    indices[at] = indices[at - 1];
  }
  values[at] = value;
  indices[at] = static_cast<std::int32_t>(column);
}

void top_k_row(const TopKArgs& args, const Rows& rows, std::int64_t row) {
  const float* x = args.x.as<float>() + row * rows.columns;
  const std::int64_t first = row * rows.kept, last = first + rows.kept - 1;
  for (std::int64_t column = 0; column < rows.kept; ++column) insert(args, first, column, x[column], column);
  const auto floor = [&] { return args.values.as<float>()[last]; };
  // Once the least of the list is NaN, nothing further right can enter.
  std::int64_t column = rows.kept;
  while (!std::isnan(floor()) && (column = next_above_avx2(x, column, rows.columns, floor())) < rows.columns) {
    insert(args, first, rows.kept - 1, x[column], column);
    ++column;
  }
}

void top_k_rows(const Exec& exec, const TopKArgs& args) {
  const Rows rows(args);
  const std::int64_t block = std::max<std::int64_t>(1, kNumbersPerBlock / std::max<std::int64_t>(1, rows.columns));
  cpu::parallel_ranges(exec.threads, rows.count, block, [&](cpu::BlockRange range) {
    for (std::int64_t row = range.begin; row < range.end; ++row) top_k_row(args, rows, row);
  });
}

const char* refuse(const Exec&, const TopKArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<TopKArgs>, 2> kCandidates{{
    {"top_k_cpu_avx2_lists", refuse, top_k_rows},
    {"top_k_cpu_reference", nullptr, top_k_reference},
}};
constexpr std::array<Candidate<TopKGradArgs>, 2> kGradCandidates{{
    {"top_k_grad_cpu_rows", nullptr, top_k_grad_rows},
    {"top_k_grad_cpu_reference", nullptr, top_k_grad_reference},
}};

}  // namespace

Candidates<TopKArgs> top_k_candidates() { return kCandidates; }
Candidates<TopKGradArgs> top_k_grad_candidates() { return kGradCandidates; }

void top_k(const Exec& exec, const TopKArgs& args) { launch("top_k", exec, args, top_k_candidates(), top_k_cuda); }

void top_k_grad(const Exec& exec, const TopKGradArgs& args) {
  launch("top_k_grad", exec, args, top_k_grad_candidates(), top_k_grad_cuda);
}

}  // namespace athanor::kernels
