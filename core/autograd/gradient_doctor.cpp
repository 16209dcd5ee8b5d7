#include "core/autograd/gradient_doctor.h"

#include "core/autograd/backward.h"
#include "kernels/base/error.h"
#include "kernels/base/philox.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace athanor {

namespace {

constexpr double kEpsilon = 1.1920928955078125e-7;  // of f32
constexpr int kMostSteps = 16, kFewestSteps = 4;
constexpr double kClear = 0.1;  // uncertainty, as a share of the derivative, up to which an answer means something
// The first step changes the loss by about this share of itself, or the parameter by this share of its own length.
constexpr double kLossShare = 0.05, kLengthShare = 0.25;
constexpr double kSegmentShare = 8.0;  // of the first step
// A parameter that starts at 0 has no length of its own: about this per element.
constexpr double kLeastElement = 0.02;

struct Derivative {
  double value = 0, uncertainty = std::numeric_limits<double>::infinity();
};

double length_of(const std::vector<double>& values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}

class Examination {
 public:
  Examination(Context& context, const std::function<Variable()>& loss, const GradientDoctorOptions& options)
      : context_(context), loss_(loss), options_(options) {}

  std::vector<GradientRow> run(std::span<const Parameter> parameters) {
    clear(parameters);
    loss_value_ = loss_now();
    if (!std::isfinite(loss_value_))
      throw Failure(ErrorKind::numeric, "examine gradients", fmt::format("the loss is {}", loss_value_),
                    "Start from other weights or data");
    walk_back();
    std::vector<std::vector<float>> gradients;
    for (const Parameter& parameter : parameters) gradients.push_back(take_gradient(*parameter));
    clear(parameters);
    parameters_ = parameters;
    std::vector<GradientRow> rows;
    for (std::size_t i = 0; i < parameters.size(); ++i)
      if (parameters[i]->trainable) rows.push_back(examine(*parameters[i], std::move(gradients[i])));
    std::ranges::stable_sort(rows, [](const GradientRow& a, const GradientRow& b) {
      return a.verdict != b.verdict ? a.verdict > b.verdict : a.error > b.error;
    });
    return rows;
  }

 private:
  static void clear(std::span<const Parameter> parameters) {
    for (const Parameter& parameter : parameters) parameter->gradient = {};
  }

  void walk_back() { backward(context_, options_.recorded ? options_.recorded() : loss_(), options_.scale); }

  double loss_now() {
    const NoGradient scope(context_);
    return context_.download(loss_().value()).front();
  }

  // A parameter that the tape gave none is said to have one of 0.
  std::vector<float> take_gradient(const ParameterState& parameter) const {
    std::vector<float> gradient(static_cast<std::size_t>(parameter.value.numel()), 0.0f);
    if (parameter.gradient.present()) gradient = context_.download(parameter.gradient);
    for (float& value : gradient) value /= options_.scale;
    return gradient;
  }

  void move(ParameterState& parameter, const std::vector<double>& direction, double step) {
    std::vector<float> moved(values_.size());
    for (std::size_t i = 0; i < moved.size(); ++i)
      moved[i] = static_cast<float>(static_cast<double>(values_[i]) + step * direction[i]);
    context_.write(parameter.value, moved);
  }

  double loss_at(ParameterState& parameter, const std::vector<double>& direction, double step) {
    move(parameter, direction, step);
    return loss_now();
  }

  double central_difference(ParameterState& parameter, const std::vector<double>& direction, double step) {
    return (loss_at(parameter, direction, step) - loss_at(parameter, direction, -step)) / (2.0 * step);
  }

  struct Level {
    double difference = 0, noise = 0;  // what the loss's own error may have done to it
  };

  // Halves the step until two levels agree with each other and with the tape. Where that does not come about, the
  // answer is the level that all finer ones confirm best, as far as their own noise lets them: corners of a loss (a
  // maximum, a relu) may make two coarse levels agree by chance, but not all.
  Derivative differentiate(ParameterState& parameter, const std::vector<double>& direction, double step, double tape) {
    std::vector<Level> levels;
    for (int level = 0; level < kMostSteps; ++level, step /= 2.0) {
      const double noise = options_.loss_error * kEpsilon * std::max(std::abs(loss_value_), 1e-3) / (2.0 * step);
      const double now = central_difference(parameter, direction, step);
      levels.push_back({now, noise});
      const double scale = std::max(std::abs(now), std::abs(tape));
      if (level == 0) continue;
      const double change = now - levels[levels.size() - 2].difference;
      const Derivative guess{now + change / 3.0, std::abs(change) / 2.0 + noise};
      const bool agrees = std::abs(guess.value - tape) <= options_.relative * scale + guess.uncertainty;
      if (agrees && guess.uncertainty <= kClear * scale) return guess;
      if (noise > kClear * scale && level >= kFewestSteps) break;
    }
    return best_confirmed(levels);
  }

  static Derivative best_confirmed(const std::vector<Level>& levels) {
    Derivative best;
    for (std::size_t i = 1; i < levels.size(); ++i) {
      const bool last = i + 1 == levels.size();
      double doubt = last ? std::abs(levels[i].difference - levels[i - 1].difference) : 0.0;
      for (std::size_t finer = i + 1; finer < levels.size(); ++finer)
        doubt = std::max(doubt, std::abs(levels[finer].difference - levels[i].difference) - levels[finer].noise);
      if (doubt + levels[i].noise < best.uncertainty) best = {levels[i].difference, doubt + levels[i].noise};
    }
    return best;
  }

  static double along(const std::vector<float>& gradient, const std::vector<double>& direction) {
    double sum = 0;
    for (std::size_t i = 0; i < direction.size(); ++i) sum += static_cast<double>(gradient[i]) * direction[i];
    return sum;
  }

  double tape_at(ParameterState& parameter, const std::vector<double>& direction, double step) {
    move(parameter, direction, step);
    walk_back();
    const double derivative = along(take_gradient(parameter), direction);
    clear(parameters_);
    return derivative;
  }

  // Of a loss full of corners no step is small enough. But whatever its shape, what it gains over a segment is the
  // integral of its derivative along it: the tape's, at eight places, against the difference of the ends. Two symmetric
  // halves of the places say how well eight can stand for all.
  void ask_segment(ParameterState& parameter, const std::vector<double>& direction, double step, GradientRow& row) {
    const double noise = options_.loss_error * kEpsilon * std::max(std::abs(loss_value_), 1e-3) / (2.0 * step);
    const double numeric = central_difference(parameter, direction, step);
    const auto mean_at = [&](double near, double far) {
      double sum = 0;
      for (const double place : {-far, -near, near, far}) sum += tape_at(parameter, direction, place * step / 8.0);
      return sum / 4.0;
    };
    const double outer = mean_at(1.0, 7.0), inner = mean_at(3.0, 5.0);
    row.direction += ", segment";
    row.tape = (outer + inner) / 2.0;
    row.numeric = numeric;
    row.uncertainty = std::abs(outer - inner) / 2.0 + noise + blur_;
  }

  // A step along a direction of length 1 that is worth taking first.
  double first_step(double derivative) const {
    double squares = 0;
    for (const float value : values_) squares += static_cast<double>(value) * static_cast<double>(value);
    const double least = kLeastElement * std::sqrt(static_cast<double>(values_.size()));
    const double by_length = kLengthShare * std::max(std::sqrt(squares), least);
    const double by_loss = kLossShare * std::max(std::abs(loss_value_), 0.1) / std::max(std::abs(derivative), 1e-12);
    return std::min(by_length, by_loss);
  }

  void decide(GradientRow& row) const {
    const double scale = std::max(std::abs(row.tape), std::abs(row.numeric));
    const double doubt = options_.trust * row.uncertainty;
    const bool nothing = row.tape == 0.0 && row.numeric == 0.0;
    row.error = std::abs(row.tape - row.numeric) / (options_.relative * scale + doubt + 1e-30);
    if (!std::isfinite(row.error)) row.error = std::numeric_limits<double>::max();
    row.verdict = row.error > 1.0                   ? GradientVerdict::wrong
                  : !nothing && doubt > 0.5 * scale ? GradientVerdict::unclear
                                                    : GradientVerdict::right;
  }

  void judge(ParameterState& parameter, const std::string& name, const std::vector<double>& direction,
             GradientRow& worst) {
    GradientRow row{.path = parameter.path, .elements = parameter.value.numel(), .direction = name};
    row.tape = along(gradient_, direction);
    const double step = first_step(row.tape);
    const Derivative numeric = differentiate(parameter, direction, step, row.tape);
    row.numeric = numeric.value;
    row.uncertainty = numeric.uncertainty + blur_;
    decide(row);
    if (row.verdict == GradientVerdict::wrong) {
      ask_segment(parameter, direction, step / kSegmentShare, row);
      decide(row);
    }
    const bool first = worst.path.empty();
    // One direction that can be judged speaks for the parameter where another cannot.
    const auto rank = [](GradientVerdict verdict) {
      return verdict == GradientVerdict::wrong ? 2 : verdict == GradientVerdict::right ? 1 : 0;
    };
    if (first || rank(row.verdict) > rank(worst.verdict) || (row.verdict == worst.verdict && row.error > worst.error))
      worst = row;
  }

  GradientRow examine(ParameterState& parameter, std::vector<float> gradient) {
    values_ = context_.download(parameter.value);
    gradient_ = std::move(gradient);
    GradientRow worst;
    std::vector<double> direction(gradient_.begin(), gradient_.end());
    const double length = length_of(direction);
    blur_ = options_.noise * length / std::sqrt(std::max(static_cast<double>(direction.size()), 1.0));
    if (length > 0.0 && std::isfinite(length)) {
      for (double& part : direction) part /= length;
      judge(parameter, "gradient", direction, worst);
      const auto most = static_cast<std::size_t>(
          std::ranges::max_element(gradient_, {}, [](float value) { return std::abs(value); }) - gradient_.begin());
      std::ranges::fill(direction, 0.0);
      direction[most] = 1.0;
      if (gradient_.size() > 1) judge(parameter, fmt::format("element {}", most), direction, worst);
    }
    const double share = 1.0 / std::sqrt(std::max(static_cast<double>(values_.size()), 1.0));
    for (int number = 1; number <= options_.random_directions; ++number) {
      for (std::size_t i = 0; i < direction.size(); ++i)
        direction[i] = philox_at(options_.seed, static_cast<std::uint32_t>(number), 0, i).word[0] % 2 ? share : -share;
      judge(parameter, fmt::format("random {}", number), direction, worst);
    }
    context_.write(parameter.value, values_);
    return worst;
  }

  Context& context_;
  const std::function<Variable()>& loss_;
  const GradientDoctorOptions& options_;
  std::span<const Parameter> parameters_;
  double loss_value_ = 0;
  std::vector<float> values_, gradient_;  // of the parameter under examination
  double blur_ = 0;                       // what formats may do to its derivative along a direction
};

}  // namespace

const char* to_string(GradientVerdict verdict) noexcept {
  switch (verdict) {
    case GradientVerdict::right: return "right";
    case GradientVerdict::unclear: return "unclear";
    case GradientVerdict::wrong: return "wrong";
  }
  return "?";
}

std::vector<GradientRow> examine_gradients(Context& context, const std::function<Variable()>& loss,
                                           std::span<const Parameter> parameters,
                                           const GradientDoctorOptions& options) {
  return Examination(context, loss, options).run(parameters);
}

}  // namespace athanor
