// A model as a chain of layers, which can be cut into stages between any two of them.
#pragma once

#include "core/autograd/variable.h"
#include "core/tensor/context.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::models {

// What one layer hands on to the next: the values of several streams, such as those of two towers. A stream that no
// layer has begun is absent; one that is through its layers is handed on as it is. No two streams depend on one
// recorded value.
using Streams = std::vector<Variable>;

struct ChainLayer {
  std::vector<std::string> modules;  // dotted paths of what its parameters belong to
  // The inputs are the model's, of the same rows as the streams.
  std::function<void(Context&, const std::vector<Tensor>& inputs, Streams&)> forward;

  [[nodiscard]] const std::string& name() const { return modules.front(); }
  [[nodiscard]] bool owns(std::string_view parameter) const {
    for (const std::string& module : modules)
      if (parameter.starts_with(module) && (parameter.size() == module.size() || parameter[module.size()] == '.'))
        return true;
    return false;
  }
};

}  // namespace athanor::models
