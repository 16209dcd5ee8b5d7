// How the ranks of a run are laid out: the mesh plan as a value, and which ranks work together along each axis.
// Pure functions of small integers; includes only std and core/base. Safe to call from any thread.
//
// Rank order, fastest first: tensor, data, pipeline (Megatron-LM's "tp-cp-ep-dp-pp"; Narayanan et al. 2021, arXiv
// 2104.04473):
//   rank  = tensor + T (data + D pipeline)        world = T D P
// so that ranks which exchange most, those of one tensor group, are neighbours on one node.
//
// The expert axis is a second factorisation of the ranks of one pipeline stage and never multiplies the world. It is
// reserved: its size must be 1.
#pragma once

#include "core/base/result.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::parallel {

enum class Axis { data, tensor, pipeline, expert };
inline constexpr std::array<const char*, 4> kAxisNames = {"data", "tensor", "pipeline", "expert"};
[[nodiscard]] constexpr const char* to_string(Axis axis) noexcept { return kAxisNames[static_cast<std::size_t>(axis)]; }

// The number of ranks along each axis; all at least 1.
struct Mesh {
  int data = 1;
  int tensor = 1;
  int pipeline = 1;
  int expert = 1;

  bool operator==(const Mesh&) const = default;
};

// Where a rank stands along each axis, counted from 0.
struct Coordinates {
  int data = 0;
  int tensor = 0;
  int pipeline = 0;

  bool operator==(const Coordinates&) const = default;
};

// Whether all sizes are at least 1, the expert axis is 1 and the world fits an int; every fault is named in one error.
[[nodiscard]] Result<void> check(const Mesh& mesh);

// The functions below ask for a mesh that passes `check`, and for ranks and coordinates inside it.
[[nodiscard]] int world_size(const Mesh& mesh) noexcept;
[[nodiscard]] int size_of(const Mesh& mesh, Axis axis) noexcept;
[[nodiscard]] int rank_of(const Mesh& mesh, const Coordinates& coordinates) noexcept;
[[nodiscard]] Coordinates coordinates_of(const Mesh& mesh, int rank) noexcept;

// The ranks that differ from `rank` at most along `axis`, ascending, `rank` among them: the members of its communicator
// along that axis. Along expert it is `rank` alone.
[[nodiscard]] std::vector<int> group_of(const Mesh& mesh, Axis axis, int rank);

// "data=2 tensor=4 pipeline=8 expert=1", and back. Axes may be left out (1) and stand in any order, each once; anything
// else, and a mesh that `check` refuses, is an invalid_input error.
[[nodiscard]] std::string to_text(const Mesh& mesh);
[[nodiscard]] Result<Mesh> parse_mesh(std::string_view text);

}  // namespace athanor::parallel
