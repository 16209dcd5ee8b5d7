// Finds where numbers went wrong, by name and in the order of the parameters.
#pragma once

#include "core/autograd/variable.h"
#include "core/tensor/context.h"

#include <string>
#include <vector>

namespace athanor::train {

// The path of the first parameter whose value (gradient) holds a number that is not finite; empty when there is none.
[[nodiscard]] std::string first_nonfinite_value(const Context& context, const std::vector<Parameter>& parameters);
[[nodiscard]] std::string first_nonfinite_gradient(const Context& context, const std::vector<Parameter>& parameters);

}  // namespace athanor::train
