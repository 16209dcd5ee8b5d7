#include "core/train/criterion_pass.h"

#include "core/autograd/backward.h"
#include "core/train/gradient_sum.h"

#include <algorithm>
#include <utility>

namespace athanor::train {
namespace {

bool may_learn(const Tensor& tensor) { return tensor.dtype() == DType::f32 || is_narrow_float(tensor.dtype()); }

Tensor like_for_all(Context& context, const Tensor& part, std::int64_t rows) {
  Shape shape = part.shape();
  shape[0] = rows;
  return context.empty(shape, part.dtype());
}

}  // namespace

void CriterionPass::begin(std::int64_t first_row, std::int64_t batch_rows) {
  drop();
  first_row_ = first_row;
  own_rows_ = 0;
  batch_rows_ = batch_rows;
}

void CriterionPass::put(const std::vector<Variable>& features, std::int64_t first) {
  for (std::size_t k = 0; k < features.size(); ++k) {
    const Tensor& part = features[k].value();
    if (whole_.size() == k) whole_.push_back(like_for_all(context_, part, batch_rows_));
    context_.copy(part, whole_[k].narrow(0, first_row() + first, part.dim(0)));
    own_rows_ = std::max(own_rows_, first + part.dim(0));
  }
}

void CriterionPass::gather() {
  if (!replicas_) return;
  for (const Tensor& whole : whole_) replicas_->gather(context_, whole);
}

bool CriterionPass::is_divided() const { return replicas_ && task_.divides(context_, batch_rows_); }

Tensor CriterionPass::loss() {
  const bool is_divided = this->is_divided();
  std::vector<Variable> features;
  for (const Tensor& whole : whole_) {
    const Tensor rows = is_divided ? whole.narrow(0, first_row_, own_rows_) : whole;
    if (may_learn(whole)) {
      leaves_.emplace_back(context_, rows);
      features.push_back(leaves_.back().variable());
    } else {
      features.emplace_back(rows);
    }
  }
  loss_ = is_divided ? task_.divided_criterion(context_, {*replicas_, first_row_, std::move(features), whole_})
                     : task_.criterion(context_, features);
  return loss_.value();
}

void CriterionPass::backward(float loss_scale) {
  athanor::backward(context_, std::exchange(loss_, {}), loss_scale);
  of_criterion_.clear();
  for (const Parameter& parameter : parameters_) of_criterion_.push_back(std::exchange(parameter->gradient, {}));
  of_features_.clear();
  auto leaf = leaves_.begin();
  for (const Tensor& whole : whole_) {
    Tensor gradient = may_learn(whole) ? (leaf++)->take_gradient() : Tensor();
    if (gradient.present() && gradient.dim(0) != own_rows_) gradient = gradient.narrow(0, first_row_, own_rows_);
    of_features_.push_back(std::move(gradient));
  }
  leaves_.clear();
  whole_.clear();
}

Tensor CriterionPass::gradient(std::size_t feature, std::int64_t first, std::int64_t count) const {
  const Tensor& own = of_features_[feature];
  return own.present() ? own.narrow(0, first, count) : Tensor();
}

void CriterionPass::add_own_gradients() {
  std::vector<Tensor> alike = std::exchange(of_criterion_, {});
  if (replicas_)
    replicas_->add_alike(context_, parameters_, std::move(alike));
  else
    add_gradients(context_, parameters_, std::move(alike));
  of_features_.clear();
}

void CriterionPass::drop() {
  loss_ = {};
  leaves_.clear();
  whole_.clear();
  of_features_.clear();
  of_criterion_.clear();
}

}  // namespace athanor::train
