#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/ops/index/scatter.h"

#include <algorithm>
#include <array>
#include <vector>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kColumnsPerBlock = 32;

struct Extent {
  std::int64_t outer, length, count, inner;
  std::int64_t index_outer, index_row, index_inner;  // steps of index; 0 where it is repeated

  explicit Extent(const ScatterArgs& args)
      : outer(args.u.dim(0)),
        length(args.y.dim(1)),
        count(args.u.dim(1)),
        inner(args.u.dim(2)),
        index_outer(args.index.dim(0) == 1 ? 0 : args.index.dim(1) * args.index.dim(2)),
        index_row(args.index.dim(2)),
        index_inner(args.index.dim(2) == 1 ? 0 : 1) {}
};

void scatter_reference(const Exec&, const ScatterArgs& args) {
  const Extent e(args);
  float* y = args.y.as<float>();
  std::vector<double> sums(y, y + args.y.numel());
  for (std::int64_t at = 0; at < args.u.numel(); ++at) {
    const std::int64_t o = at / (e.count * e.inner), j = at / e.inner % e.count, i = at % e.inner;
    const std::int32_t to = args.index.as<std::int32_t>()[o * e.index_outer + j * e.index_row + i * e.index_inner];
    double& sum = sums[static_cast<std::size_t>((o * e.length + to) * e.inner + i)];
    sum = (args.add ? sum : 0.0) + static_cast<double>(args.u.as<float>()[at]);
  }
  for (std::size_t at = 0; at < sums.size(); ++at) y[at] = static_cast<float>(sums[at]);
}

void scatter_columns(const ScatterArgs& args, const Extent& e, std::int64_t o, cpu::BlockRange columns) {
  float* y = args.y.as<float>() + o * e.length * e.inner;
  for (std::int64_t j = 0; j < e.count; ++j) {
    const std::int32_t* index = args.index.as<std::int32_t>() + o * e.index_outer + j * e.index_row;
    const float* u = args.u.as<float>() + (o * e.count + j) * e.inner;
    for (std::int64_t i = columns.begin; i < columns.end; ++i) {
      float& to = y[index[i * e.index_inner] * e.inner + i];
      to = args.add ? to + u[i] : u[i];
    }
  }
}

// Each block owns some columns of all rows, so every sum runs in order of j.
void scatter_column_blocks(const Exec& exec, const ScatterArgs& args) {
  if (args.u.numel() == 0) return;
  const Extent e(args);
  const std::int64_t blocks = cpu::block_count(e.inner, kColumnsPerBlock);
  cpu::parallel_for(exec.threads, e.outer * blocks, [&](std::int64_t block) {
    scatter_columns(args, e, block / blocks, cpu::block_range(block % blocks, kColumnsPerBlock, e.inner));
  });
}

constexpr std::array<Candidate<ScatterArgs>, 2> kCandidates{{
    {"scatter_cpu_column_blocks", nullptr, scatter_column_blocks},
    {"scatter_cpu_reference", nullptr, scatter_reference},
}};

}  // namespace

Candidates<ScatterArgs> scatter_candidates() { return kCandidates; }

void scatter(const Exec& exec, const ScatterArgs& args) {
  launch("scatter", exec, args, scatter_candidates(), scatter_cuda);
}

}  // namespace athanor::kernels
