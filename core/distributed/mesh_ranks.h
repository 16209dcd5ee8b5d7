// Where a rank of a run stands in its mesh, and its communicators along the axes.
#pragma once

#include "core/comm/group.h"
#include "core/parallel/mesh.h"

#include <memory>

namespace athanor::distributed {

// Of the ranks that differ along one axis only, in the order of their coordinates; null where the axis has but one.
struct MeshRanks {
  parallel::Mesh mesh;
  parallel::Coordinates here;
  std::unique_ptr<comm::Communicator> data, tensor, pipeline;
};

// A call that all ranks of the group make. `group` outlives the result. Throws Failure(invalid_input) where it has
// another number of ranks than the mesh.
[[nodiscard]] MeshRanks split_mesh(comm::Group& group, const parallel::Mesh& mesh);

}  // namespace athanor::distributed
