// Checks of the op front-ends: made once, before a kernel sees anything. Each throws Failure(invalid_input) that names
// the op, the argument, its shape and what was needed.
#pragma once

#include "core/autograd/variable.h"

#include <string>

namespace athanor::ops {

// Present, f32, contiguous.
void check_numbers(const char* op, const char* argument, const Variable& value);
// Absent, or present, f32, contiguous and of this shape. `because` says where the shape comes from: "x is [2, 4]".
void check_shape(const char* op, const char* argument, const Variable& value, const Shape& needed,
                 const std::string& because);
// i32, contiguous; on the host every element is looked at: low <= element <= high.
void check_ids(const char* op, const char* argument, const Tensor& ids, std::int64_t low, std::int64_t high);
[[noreturn]] void refuse(const char* op, const std::string& cause);

// "x is [2, 4]"
[[nodiscard]] std::string describe(const char* argument, const Variable& value);
[[nodiscard]] std::string describe(const char* argument, const Tensor& value);
// The shape without its last dim, with another last dim.
[[nodiscard]] Shape with_last(const Shape& shape, std::int64_t last);
// Product of all dims but the last.
[[nodiscard]] std::int64_t rows(const Shape& shape);

}  // namespace athanor::ops
