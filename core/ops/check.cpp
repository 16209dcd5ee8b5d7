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

namespace {

void check_array(const char* op, const char* argument, const Variable& value, bool fits, const char* needed) {
  if (!value.present()) refuse(op, fmt::format("{} is absent", argument));
  if (!fits)
    refuse(op, fmt::format("{} holds {}, {} is needed", describe(argument, value), to_string(value.value().dtype()),
                           needed));
  if (!value.value().contiguous()) refuse(op, fmt::format("{} and is strided", describe(argument, value)));
}

void check_dims(const char* op, const char* argument, const Variable& value, const Shape& needed,
                const std::string& because) {
  if (value.shape() != needed)
    refuse(op, fmt::format("{}, but {} is needed, as {}", describe(argument, value), to_string(needed), because));
}

}  // namespace

void check_numbers(const char* op, const char* argument, const Variable& value) {
  const DType dtype = value.value().dtype();
  const bool fits = dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16;
  check_array(op, argument, value, fits, "f32, f16 or bf16");
}

void check_parameter(const char* op, const char* argument, const Variable& value) {
  check_array(op, argument, value, value.value().dtype() == DType::f32, "f32");
}

void check_shape(const char* op, const char* argument, const Variable& value, const Shape& needed,
                 const std::string& because) {
  if (!value.present()) return;
  check_parameter(op, argument, value);
  check_dims(op, argument, value, needed, because);
}

void check_stream(const char* op, const char* argument, const Variable& value, const Shape& needed,
                  const std::string& because, const Like& like) {
  if (!value.present()) return;
  check_numbers(op, argument, value);
  check_dims(op, argument, value, needed, because);
  check_same_format(op, argument, value, like);
}

void check_weight(const char* op, const Variable& weight, const Variable& x) {
  check_numbers(op, "weight", weight);
  if (weight.value().dtype() != DType::f32) check_same_format(op, "weight", weight, {"x", x});
}

void check_same_format(const char* op, const char* argument, const Variable& value, const Like& like) {
  if (value.value().dtype() == like.value.value().dtype()) return;
  refuse(op, fmt::format("{} holds {}, but {} is needed, as {} holds it", describe(argument, value),
                         to_string(value.value().dtype()), to_string(like.value.value().dtype()), like.argument));
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
