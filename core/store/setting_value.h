// What a recipe sets a field to. A value.
#pragma once

#include <string>
#include <variant>

namespace athanor::store {

// A number, 1 or 0 for true or false; a text; the texts of a list as a JSON array.
using SettingValue = std::variant<double, std::string>;

}  // namespace athanor::store
