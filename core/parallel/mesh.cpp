#include "core/parallel/mesh.h"

#include "core/base/nearest.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

namespace athanor::parallel {
namespace {

constexpr std::array<int Mesh::*, 4> kSizes = {&Mesh::data, &Mesh::tensor, &Mesh::pipeline, &Mesh::expert};

// How far apart two ranks are that are neighbours along the axis.
int stride_of(const Mesh& mesh, Axis axis) noexcept {
  switch (axis) {
    case Axis::data: return mesh.tensor;
    case Axis::pipeline: return mesh.tensor * mesh.data;
    default: return 1;
  }
}

}  // namespace

Result<void> check(const Mesh& mesh) {
  std::string faults;
  const auto add = [&faults](const std::string& fault) { faults += (faults.empty() ? "" : "; ") + fault; };
  std::int64_t world = 1;
  bool fits = true;
  for (std::size_t axis = 0; axis < kSizes.size(); ++axis) {
    const int size = mesh.*kSizes[axis];
    if (size < 1) add(fmt::format("{} is {}, but an axis has at least one rank", kAxisNames[axis], size));
    if (axis == static_cast<std::size_t>(Axis::expert) || size < 1 || !fits) continue;
    world *= size;
    fits = world <= std::numeric_limits<int>::max();
  }
  if (mesh.expert > 1) add(fmt::format("expert is {}, but this axis is reserved", mesh.expert));
  if (!fits) add("the product of its axes is more ranks than can be counted");
  if (faults.empty()) return {};
  return fail(ErrorKind::invalid_input, "lay out the mesh " + to_text(mesh), faults,
              mesh.expert > 1 ? "set expert to 1" : "give each axis the number of its ranks");
}

int world_size(const Mesh& mesh) noexcept { return mesh.tensor * mesh.data * mesh.pipeline; }

int size_of(const Mesh& mesh, Axis axis) noexcept { return mesh.*kSizes[static_cast<std::size_t>(axis)]; }

int rank_of(const Mesh& mesh, const Coordinates& at) noexcept {
  return at.tensor + mesh.tensor * (at.data + mesh.data * at.pipeline);
}

Coordinates coordinates_of(const Mesh& mesh, int rank) noexcept {
  return {.data = rank / mesh.tensor % mesh.data,
          .tensor = rank % mesh.tensor,
          .pipeline = rank / (mesh.tensor * mesh.data)};
}

std::vector<int> group_of(const Mesh& mesh, Axis axis, int rank) {
  const int stride = stride_of(mesh, axis), size = size_of(mesh, axis);
  const int first = rank - rank / stride % size * stride;
  std::vector<int> members(static_cast<std::size_t>(size));
  for (int i = 0; i < size; ++i) members[static_cast<std::size_t>(i)] = first + i * stride;
  return members;
}

std::string to_text(const Mesh& mesh) {
  return fmt::format("data={} tensor={} pipeline={} expert={}", mesh.data, mesh.tensor, mesh.pipeline, mesh.expert);
}

Result<Mesh> parse_mesh(std::string_view text) {
  Mesh mesh;
  std::array<bool, 4> seen{};
  const auto refuse = [&](std::string cause, std::string remedy) {
    return fail(ErrorKind::invalid_input, fmt::format("read the mesh \"{}\"", text), std::move(cause),
                std::move(remedy));
  };
  for (std::size_t at = text.find_first_not_of(' '); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = text.find_first_not_of(' ', end);
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string_view name = word.substr(0, equals), value = word.substr(std::min(equals + 1, word.size()));
    std::size_t axis = 0;
    while (axis < kAxisNames.size() && kAxisNames[axis] != name) ++axis;
    if (axis == kAxisNames.size())
      return refuse(fmt::format("there is no axis \"{}\"", name),
                    fmt::format("did you mean \"{}\"?", nearest_of(kAxisNames, name)));
    if (seen[axis]) return refuse(fmt::format("{} stands there twice", name), "name each axis once");
    seen[axis] = true;
    const auto [stop, status] = std::from_chars(value.data(), value.data() + value.size(), mesh.*kSizes[axis]);
    if (status != std::errc() || stop != value.data() + value.size())
      return refuse(fmt::format("\"{}\" gives {} no whole number", word, name), "write it as axis=number");
  }
  if (auto checked = check(mesh); !checked) return tl::unexpected<Error>(std::move(checked.error()));
  return mesh;
}

}  // namespace athanor::parallel
