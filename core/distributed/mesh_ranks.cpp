#include "core/distributed/mesh_ranks.h"

#include "kernels/base/error.h"

#include <fmt/format.h>

namespace athanor::distributed {

MeshRanks split_mesh(comm::Group& group, const parallel::Mesh& mesh) {
  comm::Communicator& world = group.world();
  if (world.size() != parallel::world_size(mesh))
    throw Failure(ErrorKind::invalid_input, "lay ranks out as " + parallel::to_text(mesh),
                  fmt::format("the mesh has {} ranks, and {} have come", parallel::world_size(mesh), world.size()));
  const auto along = [&](parallel::Axis axis) -> std::unique_ptr<comm::Communicator> {
    if (parallel::size_of(mesh, axis) == 1) return nullptr;
    // The first of the ranks along the axis names them all.
    return world.split(parallel::group_of(mesh, axis, world.rank()).front(), world.rank());
  };
  MeshRanks out;
  out.mesh = mesh;
  out.here = parallel::coordinates_of(mesh, world.rank());
  out.data = along(parallel::Axis::data);
  out.tensor = along(parallel::Axis::tensor);
  out.pipeline = along(parallel::Axis::pipeline);
  return out;
}

}  // namespace athanor::distributed
