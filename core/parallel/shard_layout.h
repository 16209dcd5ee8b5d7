// Which parts of a model's logical tensors each rank holds, as values: what a trainer allocates, and what a checkpoint
// writes and reads. Pure functions; safe on any thread.
//
// A rank holds of a parameter what its stage and its place on the tensor axis give it. Along the data axis that part is
// held by all ranks alike, or cut into flat pieces (ZeRO; Rajbhandari et al. 2020, arXiv 1910.02054): the optimizer's
// state from `optimizer` on, gradients too from `gradients` on, the parameters themselves with `parameters`.
#pragma once

#include "core/base/box.h"
#include "core/base/result.h"
#include "core/parallel/mesh.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace athanor::parallel {

enum class Shard { none, optimizer, gradients, parameters };

// Elements [begin, end).
struct Range {
  std::int64_t begin = 0, end = 0;

  bool operator==(const Range&) const = default;
};

// Pieces are of equal length, a multiple of `unit`, but the last ones may be shorter or empty.
[[nodiscard]] Range piece_of(std::int64_t length, int pieces, int index, std::int64_t unit) noexcept;
// The unit of flat pieces, in elements: that in which the squares of gradients are added (core/optim/square_sums.h), so
// that the norm of a model has the same bits however it is cut.
inline constexpr std::int64_t kFlatUnit = 16384;
// By parameter and rank: of each parameter every rank holds one range, of whole units but for the parameter's end. Of
// all parameters together no rank holds a unit more than its even share.
[[nodiscard]] std::vector<std::vector<Range>> flat_shares(std::span<const std::int64_t> lengths, int ranks,
                                                          std::int64_t unit = kFlatUnit);

struct LogicalParameter {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<int> stages = {0};     // places on the pipeline axis that hold it; several where it is tied
  std::optional<std::size_t> split;  // the dim that is cut over the tensor axis; nothing: every rank has all of it
  int fused = 1;                     // arrays side by side along that dim (q, k and v), each cut by itself
  std::int64_t unit = 1;             // cut only at multiples of it, such as the width of a head
};

struct Held {
  std::string name;
  Box box;  // of the logical tensor; empty only where that has no elements at all

  bool operator==(const Held&) const = default;
};

// What one rank holds, in the order of the parameters; of one parameter in the order of its own, smaller tensor. The
// optimizer's boxes are of the parameter they belong to: every array of its state has the parameter's shape.
struct RankShare {
  std::vector<Held> parameters, gradients, optimizer;

  bool operator==(const RankShare&) const = default;
};
using ShardLayout = std::vector<RankShare>;  // by rank

// invalid_input names every parameter that cannot be laid out so: a stage outside the mesh, a dim it does not have, a
// length that `fused` arrays of whole units do not make up, a name that stands there twice.
[[nodiscard]] Result<ShardLayout> shard_layout(const Mesh& mesh, Shard shard,
                                               std::span<const LogicalParameter> parameters,
                                               std::int64_t flat_unit = kFlatUnit);

// The same boxes, each left with one of the ranks that hold it, so that everything is written once: the largest first
// to the rank with the least so far.
[[nodiscard]] ShardLayout without_replicas(const ShardLayout& layout);

}  // namespace athanor::parallel
