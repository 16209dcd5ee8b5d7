// Checks of the op front-ends: made once, before a kernel sees anything. Each throws Failure(invalid_input) that names
// the op, the argument, its shape and what was needed.
#pragma once

#include "core/autograd/variable.h"

#include <string>

namespace athanor::ops {

// Present, contiguous, in a format that activations may have: f32, f16 or bf16.
void check_numbers(const char* op, const char* argument, const Variable& value);
// Present, contiguous, f32: what parameters, statistics and losses are.
void check_parameter(const char* op, const char* argument, const Variable& value);
// Absent, or an f32 array of this shape. `because` says where the shape comes from: "x is [2, 4]".
void check_shape(const char* op, const char* argument, const Variable& value, const Shape& needed,
                 const std::string& because);
// i32, contiguous; on the host every element is looked at: low <= element <= high.
void check_ids(const char* op, const char* argument, const Tensor& ids, std::int64_t low, std::int64_t high);
// Absent, or activations of this shape in the format of another argument: all activations of a call have one format.
struct Like {
  const char* argument;
  const Variable& value;
};
void check_stream(const char* op, const char* argument, const Variable& value, const Shape& needed,
                  const std::string& because, const Like& like);
// A weight that x is multiplied by: f32, or already in the format of x.
void check_weight(const char* op, const Variable& weight, const Variable& x);
// The two have one format.
void check_same_format(const char* op, const char* argument, const Variable& value, const Like& like);
[[noreturn]] void refuse(const char* op, const std::string& cause);

// "x is [2, 4]"
[[nodiscard]] std::string describe(const char* argument, const Variable& value);
[[nodiscard]] std::string describe(const char* argument, const Tensor& value);
// The shape without its last dim, with another last dim.
[[nodiscard]] Shape with_last(const Shape& shape, std::int64_t last);
// Product of all dims but the last.
[[nodiscard]] std::int64_t rows(const Shape& shape);

}  // namespace athanor::ops
