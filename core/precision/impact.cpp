#include "core/precision/impact.h"

#include "core/autograd/backward.h"
#include "core/ops/elementwise.h"
#include "core/ops/reduce.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace athanor::precision {
namespace {

// Ops record themselves while it lives, also within a backward pass.
class Recording {
 public:
  explicit Recording(Context& context) : context_(context), before_(context.recording()) {
    context.set_recording(true);
  }
  ~Recording() { context_.set_recording(before_); }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

 private:
  Context& context_;
  bool before_;
};

Tensor first_rows(const Tensor& x) {
  const std::int64_t columns = std::max<std::int64_t>(x.dim(-1), 1), rows = x.numel() / columns;
  return x.reshape({rows, x.dim(-1)}).narrow(0, 0, std::min(rows, kProbedRows));
}

// Infinity where a number is not finite.
double sum_squares(Context& context, const Tensor& x) {
  const ops::SquareSum sum = ops::sum_squares(context, {&x, 1});
  return sum.read_nonfinite(context) > 0 ? std::numeric_limits<double>::infinity() : sum.read_squares(context);
}

// a + factor b
Tensor sum_of(Context& context, const Tensor& a, double factor, const Tensor& b) {
  return ops::add(context, Variable(a), ops::scale(context, Variable(b), static_cast<float>(factor))).value();
}

}  // namespace

ImpactProbe::ImpactProbe(Context& context, const Tensor& x, const Tensor& weight, Activation activation,
                         const Tensor& dy, const Product& exact)
    : context_(context),
      x_(first_rows(x)),
      weight_(weight),
      dy_(context.cast(first_rows(dy), DType::f32)),
      activation_(activation),
      share_(x_.numel() > 0 ? static_cast<double>(x.numel()) / static_cast<double>(x_.numel()) : 1.0),
      exact_(compute(exact, context.cast(x_, DType::f32), context.cast(weight, DType::f32))) {}

ImpactProbe::Outcome ImpactProbe::compute(const Product& product, const Tensor& x, const Tensor& weight) const {
  const Recording scope(context_);
  const Parameter learnt = make_parameter("probed", weight);
  Variable y = product(x, learnt);
  if (activation_ != Activation::none) y = ops::activation(context_, y, activation_);
  const Tensor value = context_.cast(y.value(), DType::f32);
  backward(context_, y, context_.cast(dy_, y.value().dtype()));
  return {value, learnt->gradient};
}

FormatImpact ImpactProbe::of(const Product& product) const {
  const Outcome low = compute(product, x_, weight_);
  const Tensor error = sum_of(context_, low.y, -1.0, exact_.y);
  const double away = sum_squares(context_, error), steepness = sum_squares(context_, dy_);
  FormatImpact out;
  if (!std::isfinite(away) || !std::isfinite(steepness)) {
    out.loss = std::numeric_limits<double>::infinity();
  } else if (const double factor = std::sqrt(steepness / away); away > 0 && steepness > 0 && std::isfinite(factor)) {
    // <dy, e> from the lengths of dy + c e and dy - c e, with c such that the two weigh the same.
    const double sum = sum_squares(context_, sum_of(context_, dy_, factor, error)),
                 difference = sum_squares(context_, sum_of(context_, dy_, -factor, error));
    const double dot = std::abs(sum - difference) / (4 * factor);
    const double anywhere = std::sqrt(away * steepness / static_cast<double>(error.numel()));
    out.loss = std::max(dot, anywhere) * std::sqrt(share_);
  }
  const double length = sum_squares(context_, exact_.dweight),
               lost = sum_squares(context_, sum_of(context_, low.dweight, -1.0, exact_.dweight));
  if (!std::isfinite(length) || !std::isfinite(lost))
    out.update = std::numeric_limits<double>::infinity();
  else if (length > 0)
    out.update = std::sqrt(lost / length);
  return out;
}

}  // namespace athanor::precision
