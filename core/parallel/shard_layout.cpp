#include "core/parallel/shard_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

namespace athanor::parallel {
namespace {

// A stretch of the split dim: where it lies in the rank's own tensor and in the logical one.
struct Segment {
  std::int64_t own = 0, logical = 0, length = 0;
};

std::vector<Segment> segments_of(const LogicalParameter& parameter, int pieces, int index) {
  const std::int64_t each = parameter.shape[*parameter.split] / parameter.fused;
  const Range range = piece_of(each, pieces, index, parameter.unit);
  std::vector<Segment> out;
  for (int part = 0; part < parameter.fused; ++part) {
    const std::int64_t length = range.end - range.begin;
    out.push_back({part * length, part * each + range.begin, length});
  }
  return out;
}

// One rank's part of one parameter along the tensor axis.
class OwnTensor {
 public:
  OwnTensor(const LogicalParameter& parameter, int tensor_ranks, int tensor_index)
      : shape_(parameter.shape), split_(tensor_ranks > 1 ? parameter.split : std::nullopt) {
    if (!split_) return;
    segments_ = segments_of(parameter, tensor_ranks, tensor_index);
    shape_[*split_] = segments_.back().own + segments_.back().length;
  }

  [[nodiscard]] std::int64_t length() const { return volume(shape_); }
  [[nodiscard]] std::vector<Box> all() const { return logical({whole_box(shape_)}); }
  [[nodiscard]] std::vector<Box> piece(const Range& range) const {
    return logical(boxes_of_range(shape_, range.begin, range.end));
  }

 private:
  [[nodiscard]] std::vector<Box> logical(std::vector<Box> own) const {
    if (!split_) return own;
    std::vector<Box> out;
    for (const Box& box : own) {
      for (const Segment& segment : segments_) {
        Box stretch = whole_box(shape_);
        stretch.offset[*split_] = segment.own;
        stretch.extent[*split_] = segment.length;
        auto part = intersection(box, stretch);
        if (!part) continue;
        part->offset[*split_] += segment.logical - segment.own;
        out.push_back(std::move(*part));
      }
    }
    return out;
  }

  std::vector<std::int64_t> shape_;
  std::optional<std::size_t> split_;
  std::vector<Segment> segments_;
};

void hold(std::vector<Held>& out, const LogicalParameter& parameter, const std::vector<Box>& boxes) {
  if (volume(parameter.shape) == 0) out.push_back({parameter.name, whole_box(parameter.shape)});
  for (const Box& box : boxes)
    if (volume(box.extent) > 0) out.push_back({parameter.name, box});
}

std::string fault_of(const Mesh& mesh, const LogicalParameter& parameter) {
  for (const int stage : parameter.stages)
    if (stage < 0 || stage >= mesh.pipeline) return fmt::format("its stage {} is not on the mesh", stage);
  if (parameter.stages.empty()) return "no stage holds it";
  if (std::ranges::any_of(parameter.shape, [](std::int64_t dim) { return dim < 0; })) return "a dim is negative";
  if (!parameter.split) return {};
  if (*parameter.split >= parameter.shape.size()) return fmt::format("it has no dim {} to cut", *parameter.split);
  if (parameter.fused < 1 || parameter.unit < 1) return "it is made of no arrays or no units";
  const std::int64_t length = parameter.shape[*parameter.split];
  if (length % (parameter.fused * parameter.unit) == 0) return {};
  return fmt::format("its dim {} of {} is not {} arrays of whole units of {}", *parameter.split, length,
                     parameter.fused, parameter.unit);
}

using Kind = std::vector<Held> RankShare::*;
constexpr Kind kKinds[] = {&RankShare::parameters, &RankShare::gradients, &RankShare::optimizer};

}  // namespace

Range piece_of(std::int64_t length, int pieces, int index, std::int64_t unit) noexcept {
  const std::int64_t units = (length + unit - 1) / unit;
  const std::int64_t each = (units + pieces - 1) / pieces * unit;
  return {std::min(index * each, length), std::min((index + 1) * each, length)};
}

// Each parameter is given to those that hold the least so far, as much of it as they lack of an even share.
std::vector<std::vector<Range>> flat_shares(std::span<const std::int64_t> lengths, int ranks, std::int64_t unit) {
  std::vector<std::vector<Range>> out;
  std::vector<std::int64_t> loads(static_cast<std::size_t>(ranks), 0);
  std::vector<std::size_t> order(loads.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::int64_t total = 0;
  for (const std::int64_t length : lengths) {
    total += length;
    std::vector<Range>& ranges = out.emplace_back(loads.size());
    std::ranges::stable_sort(order, {}, [&](std::size_t rank) { return std::pair(loads[rank], rank); });
    std::int64_t begin = 0;
    for (const std::size_t rank : order) {
      const std::int64_t lacking = std::max<std::int64_t>((total + ranks - 1) / ranks - loads[rank], 0);
      const std::int64_t end = std::min(begin + (lacking + unit - 1) / unit * unit, length);
      ranges[rank] = {begin, end};
      loads[rank] += end - begin;
      begin = end;
    }
  }
  return out;
}

Result<ShardLayout> shard_layout(const Mesh& mesh, Shard shard, std::span<const LogicalParameter> parameters,
                                 std::int64_t flat_unit) {
  if (auto checked = check(mesh); !checked) return tl::unexpected<Error>(std::move(checked.error()));
  std::string faults;
  std::set<std::string_view> names;
  for (const LogicalParameter& parameter : parameters) {
    std::string fault = fault_of(mesh, parameter);
    if (!names.insert(parameter.name).second) fault = "its name stands there twice";
    if (!fault.empty()) faults += fmt::format("{}{}: {}", faults.empty() ? "" : "; ", parameter.name, fault);
  }
  if (!faults.empty())
    return fail(ErrorKind::invalid_input, "share parameters out over the mesh " + to_text(mesh), faults,
                "choose another mesh, or sizes that it divides");
  ShardLayout out(static_cast<std::size_t>(world_size(mesh)));
  for (int rank = 0; rank < world_size(mesh); ++rank) {
    const Coordinates at = coordinates_of(mesh, rank);
    RankShare& share = out[static_cast<std::size_t>(rank)];
    std::vector<std::pair<const LogicalParameter*, OwnTensor>> held;
    std::vector<std::int64_t> lengths;
    for (const LogicalParameter& parameter : parameters) {
      if (std::ranges::find(parameter.stages, at.pipeline) == parameter.stages.end()) continue;
      lengths.push_back(held.emplace_back(&parameter, OwnTensor(parameter, mesh.tensor, at.tensor)).second.length());
    }
    const auto ranges = flat_shares(lengths, mesh.data, flat_unit);
    for (std::size_t i = 0; i < held.size(); ++i) {
      const auto& [parameter, own] = held[i];
      const std::vector<Box> all = own.all(), piece = own.piece(ranges[i][static_cast<std::size_t>(at.data)]);
      hold(share.parameters, *parameter, shard == Shard::parameters ? piece : all);
      hold(share.gradients, *parameter, shard >= Shard::gradients ? piece : all);
      hold(share.optimizer, *parameter, shard >= Shard::optimizer ? piece : all);
    }
  }
  return out;
}

ShardLayout without_replicas(const ShardLayout& layout) {
  struct Item {
    std::int64_t size;
    std::size_t kind, rank, index;
  };
  ShardLayout out(layout.size());
  std::vector<std::int64_t> loads(layout.size(), 0);
  using Key = std::tuple<std::size_t, std::string, std::vector<std::int64_t>, std::vector<std::int64_t>>;
  std::map<Key, std::vector<Item>> holders;
  for (std::size_t rank = 0; rank < layout.size(); ++rank)
    for (std::size_t kind = 0; kind < std::size(kKinds); ++kind)
      for (std::size_t index = 0; index < (layout[rank].*kKinds[kind]).size(); ++index) {
        const Held& held = (layout[rank].*kKinds[kind])[index];
        holders[{kind, held.name, held.box.offset, held.box.extent}].push_back(
            {volume(held.box.extent), kind, rank, index});
      }
  std::vector<std::vector<Item>> groups;
  for (auto& [key, items] : holders) groups.push_back(std::move(items));
  std::ranges::stable_sort(groups, std::greater{}, [](const auto& items) { return items.front().size; });
  std::vector<Item> kept;
  for (const std::vector<Item>& items : groups) {
    const Item& item = *std::ranges::min_element(items, {}, [&](const Item& one) { return loads[one.rank]; });
    loads[item.rank] += item.size;
    kept.push_back(item);
  }
  std::ranges::sort(kept, {}, [](const Item& item) { return std::tuple(item.rank, item.kind, item.index); });
  for (const Item& item : kept)
    (out[item.rank].*kKinds[item.kind]).push_back((layout[item.rank].*kKinds[item.kind])[item.index]);
  return out;
}

}  // namespace athanor::parallel
