// What a rank holds of a training state, as a list: a box of each logical tensor, and the tensor in which its numbers
// lie. A replica lists whole boxes or flat pieces, a stage of a pipeline the whole boxes of its parameters, a tensor
// shard rows or columns; checkpoints are made of such lists and read into them, whoever has which part.
#pragma once

#include "core/base/box.h"
#include "core/checkpoint/shards.h"
#include "core/optim/optimizer.h"

#include <cstdint>
#include <string>
#include <vector>

namespace athanor::train {

struct Held {
  checkpoint::Section section = checkpoint::Section::model;
  std::string name;                 // of the logical tensor: "<parameter>", "<parameter>.<array>" of the optimizer
  std::vector<std::int64_t> shape;  // of the logical tensor
  Box box;                          // the part of it
  Tensor tensor;                    // its elements in row-major order, contiguous; shares their memory
};

// A shape as checkpoints and foreign files hold it.
[[nodiscard]] inline std::vector<std::int64_t> dims_of(const Shape& shape) { return {shape.begin(), shape.end()}; }

// All that this rank has of a model, and of its optimizer where one is given: whole arrays, and the boxes of those that
// ranks divide. What is not divided every rank of a tensor group has.
[[nodiscard]] std::vector<Held> hold_all(const std::vector<Parameter>& parameters, const optim::Optimizer* optimizer);
// The elements from `begin` on of a logical tensor, as many as `numbers` has, as boxes in their order.
void hold_range(std::vector<Held>& out, checkpoint::Section section, const std::string& name,
                const std::vector<std::int64_t>& shape, std::int64_t begin, const Tensor& numbers);

}  // namespace athanor::train
