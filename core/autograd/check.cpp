#include "core/autograd/check.h"

#include "core/autograd/backward.h"
#include "kernels/base/philox.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace athanor {

namespace {

std::vector<float> random_weights(std::int64_t count, std::uint64_t seed) {
  std::vector<float> weights(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = static_cast<float>(philox_at(seed, 0, 0, i).word[0]) / 2147483648.0f - 1.0f;
  return weights;
}

class Checker {
 public:
  Checker(Context& context, const std::function<Variable()>& function, const GradientCheckOptions& options)
      : context_(context), function_(function), options_(options) {}

  void run(std::span<const Parameter> parameters) {
    clear(parameters);
    const Variable output = function_();
    weights_ = random_weights(output.numel(), options_.seed);
    backward(context_, output, context_.upload(weights_, output.shape()));
    for (const Parameter& parameter : parameters) check(*parameter);
    clear(parameters);
  }

  [[nodiscard]] const GradientCheckResult& result() const { return result_; }

 private:
  static void clear(std::span<const Parameter> parameters) {
    for (const Parameter& parameter : parameters) parameter->gradient = {};
  }

  double value_with(ParameterState& parameter, std::vector<float> values, std::size_t element, double delta) {
    values[element] += static_cast<float>(delta);
    context_.write(parameter.value, values);
    const NoGradient scope(context_);
    const std::vector<float> output = context_.download(function_().value());
    double sum = 0;
    for (std::size_t i = 0; i < output.size(); ++i) sum += static_cast<double>(output[i]) * weights_[i];
    return sum;
  }

  double numeric_gradient(ParameterState& parameter, const std::vector<float>& values, std::size_t element) {
    const double h = options_.step;
    const double near = value_with(parameter, values, element, h) - value_with(parameter, values, element, -h);
    const double far = value_with(parameter, values, element, 2 * h) - value_with(parameter, values, element, -2 * h);
    return (8 * near - far) / (12 * h);
  }

  void check(ParameterState& parameter) {
    if (!parameter.gradient.present()) return note(INFINITY, parameter.path + ": the tape gave it no gradient");
    const std::vector<float> values = context_.download(parameter.value);
    const std::vector<float> tape = context_.download(parameter.gradient);
    const std::size_t tries = std::min(values.size(), static_cast<std::size_t>(options_.samples));
    std::vector<double> numeric(tries);
    double largest = 0;
    for (std::size_t i = 0; i < tries; ++i) {
      numeric[i] = numeric_gradient(parameter, values, i * values.size() / tries);
      largest = std::max(largest, std::abs(numeric[i]));
    }
    context_.write(parameter.value, values);
    for (std::size_t i = 0; i < tries; ++i) {
      const std::size_t element = i * values.size() / tries;
      const double scale = std::max(std::abs(numeric[i]), std::abs(static_cast<double>(tape[element])));
      const double tolerated = options_.relative * scale + options_.absolute * std::max(largest, 1e-3);
      const double error = std::abs(numeric[i] - tape[element]) / tolerated;
      note(std::isfinite(error) ? error : INFINITY,
           fmt::format("{}[{}]: tape {:.6g}, numeric {:.6g}", parameter.path, element, tape[element], numeric[i]));
    }
  }

  void note(double error, std::string where) {
    if (error <= result_.worst) return;
    result_ = {.ok = error <= 1.0, .worst = error, .where = std::move(where)};
  }

  Context& context_;
  const std::function<Variable()>& function_;
  const GradientCheckOptions& options_;
  std::vector<float> weights_;
  GradientCheckResult result_;
};

}  // namespace

GradientCheckResult check_gradients(Context& context, const std::function<Variable()>& function,
                                    std::span<const Parameter> parameters, const GradientCheckOptions& options) {
  Checker checker(context, function, options);
  checker.run(parameters);
  return checker.result();
}

}  // namespace athanor
