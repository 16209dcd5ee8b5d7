#include "kernels/cpu/launch.h"
#include "kernels/ops/reduce/tree_reduce.h"

#include <algorithm>
#include <array>
#include <vector>

namespace athanor::kernels {

namespace {

float join(TreeReduction reduction, float a, float b) {
  if (reduction == TreeReduction::sum) return a + b;
  if (a != a) return a;
  if (b != b) return b;
  return reduction == TreeReduction::maximum ? std::max(a, b) : std::min(a, b);
}

// Level by level.
void tree_reduce_reference(const Exec&, const TreeReduceArgs& args) {
  const std::int64_t columns = args.y.numel();
  std::vector<float> nodes(static_cast<std::size_t>(args.x.dim(0)));
  for (std::int64_t column = 0; column < columns; ++column) {
    for (std::size_t row = 0; row < nodes.size(); ++row)
      nodes[row] = args.x.as<const float>()[static_cast<std::int64_t>(row) * columns + column];
    for (std::size_t count = nodes.size(); count > 1; count = (count + 1) / 2)
      for (std::size_t k = 0; k < count; k += 2)
        nodes[k / 2] = k + 1 < count ? join(args.reduction, nodes[k], nodes[k + 1]) : nodes[k];
    args.y.as<float>()[column] = nodes.front();
  }
}

constexpr std::array<Candidate<TreeReduceArgs>, 1> kCandidates{{
    {"tree_reduce_cpu_reference", nullptr, tree_reduce_reference},
}};

}  // namespace

Candidates<TreeReduceArgs> tree_reduce_candidates() { return kCandidates; }

void tree_reduce(const Exec& exec, const TreeReduceArgs& args) {
  launch("tree_reduce", exec, args, tree_reduce_candidates(), tree_reduce_cuda);
}

}  // namespace athanor::kernels
