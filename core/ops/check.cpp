#include "core/ops/check.h"

#include "kernels/base/error.h"

#include <fmt/format.h>

namespace athanor::ops {

void refuse(const char* op, const std::string& cause) {
  throw Failure(ErrorKind::invalid_input, std::string("run ") + op, cause);
}

std::string describe(const char* argument, const Tensor& value) {
  return fmt::format("{} is {}", argument, to_string(value.shape()));
}

std::string describe(const char* argument, const Variable& value) { return describe(argument, value.value()); }

void check_numbers(const char* op, const char* argument, const Variable& value) {
  if (!value.present()) refuse(op, fmt::format("{} is absent", argument));
  if (value.value().dtype() != DType::f32)
    refuse(op, fmt::format("{} holds {}, f32 is needed", describe(argument, value), to_string(value.value().dtype())));
  if (!value.value().contiguous()) refuse(op, fmt::format("{} and is strided", describe(argument, value)));
}

void check_shape(const char* op, const char* argument, const Variable& value, const Shape& needed,
                 const std::string& because) {
  if (!value.present()) return;
  check_numbers(op, argument, value);
  if (value.shape() != needed)
    refuse(op, fmt::format("{}, but {} is needed, as {}", describe(argument, value), to_string(needed), because));
}

void check_ids(const char* op, const char* argument, const Tensor& ids, std::int64_t low, std::int64_t high) {
  if (!ids.present()) refuse(op, fmt::format("{} is absent", argument));
  if (ids.dtype() != DType::i32 || !ids.contiguous())
    refuse(op, fmt::format("{} of type {}, contiguous i32 is needed", describe(argument, ids), to_string(ids.dtype())));
  if (ids.dry() || ids.device().kind != DeviceKind::cpu) return;
  std::int64_t position = 0;
  for (const std::int32_t id : ids.host<std::int32_t>()) {
    if (id < low || id > high)
      refuse(op, fmt::format("{}[{}] is {}, which is not within {} to {}", argument, position, id, low, high));
    ++position;
  }
}

Shape with_last(const Shape& shape, std::int64_t last) {
  Shape result = shape;
  result[shape.rank() - 1] = last;
  return result;
}

std::int64_t rows(const Shape& shape) {
  std::int64_t count = 1;
  for (int dim = 0; dim + 1 < shape.rank(); ++dim) count *= shape[dim];
  return count;
}

}  // namespace athanor::ops
