#include "core/train/gradient_sum.h"

#include "core/autograd/accumulate.h"

#include <utility>

namespace athanor::train {
namespace {

void add_all(Context& context, std::vector<Tensor>& sum, std::vector<Tensor> addend) {
  for (std::size_t i = 0; i < sum.size(); ++i) add_gradient(context, sum[i], std::move(addend[i]));
}

}  // namespace

void add_gradient(Context& context, Tensor& sum, Tensor addend) {
  if (!addend.present()) return;
  if (sum.present()) return accumulate(context, sum, std::move(addend));
  sum = std::move(addend);
}

void add_gradients(Context& context, std::span<const Parameter> parameters, std::vector<Tensor> addends) {
  for (std::size_t i = 0; i < parameters.size(); ++i)
    add_gradient(context, parameters[i]->gradient, std::move(addends[i]));
}

void GradientSum::add(Context& context, std::span<const Parameter> parameters) {
  Gradients carry;
  for (const Parameter& parameter : parameters) carry.push_back(std::exchange(parameter->gradient, {}));
  for (Gradients& level : levels_) {
    if (level.empty()) {
      level = std::move(carry);
      return;
    }
    add_all(context, level, std::move(carry));
    carry = std::exchange(level, {});
  }
  levels_.push_back(std::move(carry));
}

void GradientSum::finish(Context& context, std::size_t parameter, Tensor& gradient) {
  for (Gradients& level : levels_) {
    if (level.empty()) continue;
    add_gradient(context, level[parameter], std::move(gradient));
    gradient = std::exchange(level[parameter], {});
  }
}

void GradientSum::finish(Context& context, std::span<const Parameter> parameters) {
  Gradients sum;
  for (Gradients& level : levels_) {
    if (level.empty()) continue;
    if (!sum.empty()) add_all(context, level, std::move(sum));
    sum = std::move(level);
  }
  levels_.clear();
  for (std::size_t i = 0; i < sum.size(); ++i) parameters[i]->gradient = std::move(sum[i]);
}

}  // namespace athanor::train
