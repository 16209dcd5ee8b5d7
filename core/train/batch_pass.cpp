#include "core/train/batch_pass.h"

#include "core/autograd/backward.h"
#include "kernels/base/error.h"

#include <fmt/format.h>

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

BatchPass::BatchPass(Context& context, tasks::Task& task, const std::vector<Parameter>& parameters, int micro_batches,
                     Replicas* replicas)
    : context_(context),
      task_(task),
      parameters_(parameters),
      replicas_(replicas),
      own_(micro_batches / (replicas ? replicas->count() : 1)) {}

Tensor BatchPass::forward(const data::Batch& batch) {
  drop();
  if (is_whole()) {
    loss_ = task_.loss(context_, batch);
    return loss_.value();
  }
  rows_ = batch.size;
  if (rows_ % own_ != 0)
    throw Failure(ErrorKind::invalid_input, "take a batch in parts",
                  fmt::format("{} rows are no multiple of {} micro-batches", rows_, own_),
                  "Set data.batch_size to a multiple of parallel.micro_batches");
  inputs_ = task_.upload(context_, batch);
  collect_features();
  begin_criterion();
  return loss_.value();
}

void BatchPass::backward(float loss_scale) {
  athanor::backward(context_, std::exchange(loss_, {}), loss_scale);
  if (is_whole()) return;
  // What the criterion itself gives to parameters is the same on all replicas, and counts once.
  std::vector<Tensor> of_criterion;
  for (const Parameter& parameter : parameters_) of_criterion.push_back(std::exchange(parameter->gradient, {}));
  std::vector<Tensor> of_features;
  for (InputLeaf& leaf : leaves_) of_features.push_back(leaf.take_gradient());
  leaves_.clear();
  whole_.clear();
  for (int i = 0; i < own_; ++i) run_micro_batch(i, of_features);
  sum_.finish(context_, parameters_);
  if (replicas_) replicas_->sum_gradients(context_, parameters_);
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    add_gradient(context_, parameters_[i]->gradient, std::move(of_criterion[i]));
}

void BatchPass::drop() {
  loss_ = {};
  leaves_.clear();
  whole_.clear();
  recorded_.clear();
  inputs_.clear();
}

BatchPass::Rows BatchPass::rows_of(int micro_batch) const {
  const std::int64_t count = rows_ / own_;
  return {micro_batch * count, count};
}

std::int64_t BatchPass::first_row() const { return replicas_ ? replicas_->index() * rows_ : 0; }

std::vector<Variable> BatchPass::features(int micro_batch) {
  const Rows rows = rows_of(micro_batch);
  const PartOfBatch scope(context_, {first_row() + rows.first, rows.count});
  tasks::Task::Inputs inputs;
  for (const Tensor& input : inputs_) inputs.push_back(input.narrow(0, rows.first, rows.count));
  return task_.features(context_, inputs);
}

void BatchPass::collect_features() {
  for (int i = 0; i < own_; ++i) {
    std::vector<Variable> made;
    if (own_ == 1) {
      made = recorded_ = features(i);
    } else {
      const NoGradient scope(context_);
      made = features(i);
    }
    const Rows rows = rows_of(i);
    for (std::size_t k = 0; k < made.size(); ++k) {
      const std::int64_t all = rows_ * (replicas_ ? replicas_->count() : 1);
      if (i == 0) whole_.push_back(like_for_all(context_, made[k].value(), all));
      context_.copy(made[k].value(), whole_[k].narrow(0, first_row() + rows.first, rows.count));
    }
  }
  if (!replicas_) return;
  for (const Tensor& whole : whole_) replicas_->gather(context_, whole);
}

void BatchPass::begin_criterion() {
  std::vector<Variable> features;
  for (const Tensor& whole : whole_) {
    if (may_learn(whole)) {
      leaves_.emplace_back(context_, whole);
      features.push_back(leaves_.back().variable());
    } else {
      features.emplace_back(whole);
    }
  }
  loss_ = task_.criterion(context_, features);
}

void BatchPass::run_micro_batch(int micro_batch, const std::vector<Tensor>& gradients) {
  const std::vector<Variable> roots = own_ == 1 ? std::exchange(recorded_, {}) : features(micro_batch);
  const Rows rows = rows_of(micro_batch);
  std::size_t leaf = 0;
  for (const Variable& root : roots) {
    if (!may_learn(root.value())) continue;
    const Tensor& gradient = gradients[leaf++];
    if (gradient.present() && root.wants_gradient())
      athanor::backward(context_, root, gradient.narrow(0, first_row() + rows.first, rows.count));
  }
  sum_.add(context_, parameters_);
}

}  // namespace athanor::train
