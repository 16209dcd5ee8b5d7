#include "core/ops/dims.h"

#include "core/ops/check.h"

namespace athanor::ops {

int checked_dim(const char* op, const Variable& x, int dim) {
  const int from_outermost = dim < 0 ? dim + x.rank() : dim;
  if (from_outermost < 0 || from_outermost >= x.rank())
    refuse(op, describe("x", x) + ", which has no dim " + std::to_string(dim));
  return from_outermost;
}

Shape around(const Shape& shape, int dim) {
  Shape three{1, shape[dim], 1};
  for (int i = 0; i < shape.rank(); ++i)
    if (i != dim) three[i < dim ? 0 : 2] *= shape[i];
  return three;
}

Shape without(const Shape& shape, int dim) {
  Shape rest;
  for (int i = 0; i < shape.rank(); ++i)
    if (i != dim) rest.push_back(shape[i]);
  return rest;
}

Shape with(const Shape& shape, int dim, std::int64_t size) {
  Shape other = shape;
  other[dim] = size;
  return other;
}

}  // namespace athanor::ops
