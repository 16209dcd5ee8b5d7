// The only number in a tensor. Source: tensorflow's tensor.proto and types.proto. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace athanor::imports {

// Of a serialized TensorProto; nothing where it holds none, several, or something else than numbers.
[[nodiscard]] std::optional<double> only_number(std::string_view tensor);

}  // namespace athanor::imports
