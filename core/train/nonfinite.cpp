#include "core/train/nonfinite.h"

#include <algorithm>
#include <cmath>

namespace athanor::train {
namespace {

bool finite(const Context& context, const Tensor& tensor) {
  return std::ranges::all_of(context.download(tensor), [](float value) { return std::isfinite(value); });
}

}  // namespace

std::string first_nonfinite_value(const Context& context, const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters) {
    if (!finite(context, parameter->value)) return parameter->path;
  }
  return {};
}

std::string first_nonfinite_gradient(const Context& context, const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters) {
    if (parameter->gradient.present() && !finite(context, parameter->gradient)) return parameter->path;
  }
  return {};
}

}  // namespace athanor::train
