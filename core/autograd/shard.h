// A parameter of which ranks hold a part each: which part this one holds of the logical array. Paths are those of the
// whole; checkpoints, initial values and norms speak of the whole and ask here.
#pragma once

#include "core/autograd/variable.h"
#include "core/base/box.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace athanor {

// How a logical array is divided: along one dim, which comes as `blocks` equal blocks that are each divided by
// themselves, such as q, k and v.
struct Division {
  int dim = 0;
  std::int64_t blocks = 1;
};

// What hangs on ParameterState::shard. `value` holds the boxes one behind the other along its first dim.
struct Shard {
  std::vector<std::int64_t> shape;  // of the logical array
  std::vector<Box> boxes;
  int index = 0, count = 1;  // which of how many shards this is; together they are the whole, each element once
  Division division;
};
// Shard `index` of `count`; parts differ in length by one at most.
[[nodiscard]] Shard shard_of(const Shape& shape, const Division& division, int index, int count);
// Of the array that holds the boxes.
[[nodiscard]] Shape shape_of(const Shard& shard);

// Of the whole, whatever of it this rank holds.
[[nodiscard]] std::vector<std::int64_t> logical_shape(const ParameterState& parameter);
[[nodiscard]] std::int64_t logical_numel(const ParameterState& parameter);

// One box of the logical array, and a contiguous window on the numbers of it.
struct BoxNumbers {
  Box box;
  Tensor numbers;  // of the shape of the box
};
// Of a parameter's value, or of anything that has its shape. Without a shard: the whole array.
[[nodiscard]] std::vector<BoxNumbers> boxes_of(const Shard* shard, const Tensor& tensor);

// The array `name` of some optimizer state: "<path>.<array>" is of the parameter <path>. Of its shape, it is divided as
// the parameter is; of another, it is the same on every rank.
struct NamedTensor {
  std::string name;
  Tensor tensor;
  std::shared_ptr<const Shard> shard;  // null: not divided
};
[[nodiscard]] std::vector<NamedTensor> named_values(std::span<const Parameter> parameters);
[[nodiscard]] std::vector<NamedTensor> named_state(std::span<const Parameter> parameters,
                                                   std::span<const std::pair<std::string, Tensor>> state);
[[nodiscard]] std::vector<std::int64_t> logical_shape(const NamedTensor& tensor);

// What of a whole array's numbers, row-major, belongs to a shard, and where to put them in the whole.
[[nodiscard]] std::vector<float> cut(const Shard& shard, std::span<const float> whole);
void paste(const Shard& shard, std::span<const float> own, std::span<float> whole);

}  // namespace athanor
