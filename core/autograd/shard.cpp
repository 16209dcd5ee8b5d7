#include "core/autograd/shard.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace athanor {
namespace {

std::vector<std::int64_t> dims_of(const Shape& shape) { return {shape.begin(), shape.end()}; }

Shape to_shape(std::span<const std::int64_t> dims) {
  Shape shape;
  for (const std::int64_t dim : dims) shape.push_back(dim);
  return shape;
}

}  // namespace

Shard shard_of(const Shape& shape, const Division& division, int index, int count) {
  Shard shard{.shape = dims_of(shape), .boxes = {}, .index = index, .count = count, .division = division};
  const auto dim = static_cast<std::size_t>(division.dim);
  const std::int64_t length = shape.dim(division.dim) / division.blocks;
  const std::int64_t begin = length * index / count, end = length * (index + 1) / count;
  for (std::int64_t block = 0; block < division.blocks; ++block) {
    Box box = whole_box(shard.shape);
    box.offset[dim] = block * length + begin;
    box.extent[dim] = end - begin;
    shard.boxes.push_back(std::move(box));
  }
  return shard;
}

Shape shape_of(const Shard& shard) {
  Shape shape = to_shape(shard.boxes.front().extent);
  shape[0] = 0;
  for (const Box& box : shard.boxes) shape[0] += box.extent.front();
  return shape;
}

std::vector<std::int64_t> logical_shape(const ParameterState& parameter) {
  return parameter.shard ? parameter.shard->shape : dims_of(parameter.value.shape());
}

std::int64_t logical_numel(const ParameterState& parameter) {
  return parameter.shard ? volume(parameter.shard->shape) : parameter.value.numel();
}

std::vector<BoxNumbers> boxes_of(const Shard* shard, const Tensor& tensor) {
  if (shard == nullptr) return {{whole_box(dims_of(tensor.shape())), tensor}};
  std::vector<BoxNumbers> out;
  std::int64_t first = 0;
  for (const Box& box : shard->boxes) {
    out.push_back({box, tensor.narrow(0, first, box.extent.front())});
    first += box.extent.front();
  }
  return out;
}

std::vector<NamedTensor> named_values(std::span<const Parameter> parameters) {
  std::vector<NamedTensor> out;
  for (const Parameter& parameter : parameters) out.push_back({parameter->path, parameter->value, parameter->shard});
  return out;
}

std::vector<NamedTensor> named_state(std::span<const Parameter> parameters,
                                     std::span<const std::pair<std::string, Tensor>> state) {
  std::map<std::string_view, const ParameterState*> by_path;
  for (const Parameter& parameter : parameters) by_path[parameter->path] = parameter.get();
  std::vector<NamedTensor> out;
  for (const auto& [name, tensor] : state) {
    const auto found = by_path.find(std::string_view(name).substr(0, name.rfind('.')));
    const bool divided = found != by_path.end() && tensor.shape() == found->second->value.shape();
    out.push_back({name, tensor, divided ? found->second->shard : nullptr});
  }
  return out;
}

std::vector<std::int64_t> logical_shape(const NamedTensor& tensor) {
  return tensor.shard ? tensor.shard->shape : dims_of(tensor.tensor.shape());
}

namespace {

// visit(place in the shard, place in the whole, how many) for each run of numbers that lie side by side in both.
template <class Visit>
void for_each_run(const Shard& shard, Visit&& visit) {
  const Box all = whole_box(shard.shape);
  std::int64_t first = 0;
  for (const Box& box : shard.boxes) {
    for (BoxRuns runs(box, all, box); !runs.done(); runs.next())
      visit(first + runs.in_target(), runs.in_outer(), runs.length());
    first += volume(box.extent);
  }
}

}  // namespace

std::vector<float> cut(const Shard& shard, std::span<const float> whole) {
  std::vector<float> own(static_cast<std::size_t>(shape_of(shard).numel()));
  for_each_run(shard, [&](std::int64_t here, std::int64_t there, std::int64_t count) {
    std::copy_n(whole.begin() + there, count, own.begin() + here);
  });
  return own;
}

void paste(const Shard& shard, std::span<const float> own, std::span<float> whole) {
  for_each_run(shard, [&](std::int64_t here, std::int64_t there, std::int64_t count) {
    std::copy_n(own.begin() + here, count, whole.begin() + there);
  });
}

}  // namespace athanor
