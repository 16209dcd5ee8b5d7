#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/ops/index/gather.h"

#include <algorithm>
#include <array>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kElementsPerBlock = 16384;

// Every element type of 4 bytes travels as its bits.
using Word = std::uint32_t;

struct Indices {
  const std::int32_t* data;
  std::int64_t outer_step, row_step, inner_step;

  explicit Indices(const View& index)
      : data(index.as<std::int32_t>()),
        outer_step(index.dim(0) == 1 ? 0 : index.dim(1) * index.dim(2)),
        row_step(index.dim(2)),
        inner_step(index.dim(2) == 1 ? 0 : 1) {}
  [[nodiscard]] std::int32_t at(std::int64_t o, std::int64_t j, std::int64_t i) const {
    return data[o * outer_step + j * row_step + i * inner_step];
  }
};

bool named_again(const Indices& indices, std::int64_t o, std::int64_t j, std::int64_t i, std::int64_t count) {
  const std::int32_t mine = indices.at(o, j, i);
  for (std::int64_t later = j + 1; later < count; ++later)
    if (indices.at(o, later, i) == mine) return true;
  return false;
}

void gather_reference(const Exec&, const GatherArgs& args) {
  const std::int64_t length = args.x.dim(1), count = args.y.dim(1), inner = args.x.dim(2);
  const Indices indices(args.index);
  for (std::int64_t at = 0; at < args.y.numel(); ++at) {
    const std::int64_t o = at / (count * inner), j = at / inner % count, i = at % inner;
    const bool left_out = args.last_only && named_again(indices, o, j, i, count);
    args.y.as<Word>()[at] = left_out ? 0 : args.x.as<Word>()[(o * length + indices.at(o, j, i)) * inner + i];
  }
}

void gather_row(const GatherArgs& args, const Indices& indices, std::int64_t o, std::int64_t j) {
  const std::int64_t inner = args.x.dim(2), count = args.y.dim(1);
  const Word* x = args.x.as<Word>() + o * args.x.dim(1) * inner;
  Word* y = args.y.as<Word>() + (o * count + j) * inner;
  if (indices.inner_step == 0) {
    if (args.last_only && named_again(indices, o, j, 0, count))
      std::fill_n(y, inner, 0);
    else
      std::copy_n(x + indices.at(o, j, 0) * inner, inner, y);
    return;
  }
  for (std::int64_t i = 0; i < inner; ++i)
    y[i] = args.last_only && named_again(indices, o, j, i, count) ? 0 : x[indices.at(o, j, i) * inner + i];
}

void gather_rows(const Exec& exec, const GatherArgs& args) {
  if (args.y.numel() == 0) return;
  const std::int64_t count = args.y.dim(1);
  const Indices indices(args.index);
  cpu::parallel_ranges(exec.threads, args.y.dim(0) * count,
                       std::max<std::int64_t>(kElementsPerBlock / args.y.dim(2), 1), [&](cpu::BlockRange rows) {
                         for (std::int64_t row = rows.begin; row < rows.end; ++row)
                           gather_row(args, indices, row / count, row % count);
                       });
}

constexpr std::array<Candidate<GatherArgs>, 2> kCandidates{{
    {"gather_cpu_rows", nullptr, gather_rows},
    {"gather_cpu_reference", nullptr, gather_reference},
}};

}  // namespace

Candidates<GatherArgs> gather_candidates() { return kCandidates; }

void gather(const Exec& exec, const GatherArgs& args) {
  launch("gather", exec, args, gather_candidates(), gather_cuda);
}

}  // namespace athanor::kernels
