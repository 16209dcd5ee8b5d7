#include "core/train/batch_pass.h"

#include "core/autograd/backward.h"
#include "kernels/base/error.h"

#include <fmt/format.h>

#include <utility>

namespace athanor::train {
BatchPass::BatchPass(Context& context, tasks::Task& task, const std::vector<Parameter>& parameters, int micro_batches,
                     Replicas* replicas)
    : context_(context),
      task_(task),
      parameters_(parameters),
      replicas_(replicas),
      own_(micro_batches / (replicas ? replicas->count() : 1)),
      criterion_(context, task, parameters, replicas) {}

Tensor BatchPass::forward(const data::Batch& batch) {
  drop();
  if (is_alone()) {
    loss_ = task_.loss(context_, batch);
    return loss_.value();
  }
  rows_ = batch.size;
  if (rows_ % own_ != 0)
    throw Failure(ErrorKind::invalid_input, "take a batch in parts",
                  fmt::format("{} rows are no multiple of {} micro-batches", rows_, own_),
                  "Set data.batch_size to a multiple of parallel.micro_batches");
  inputs_ = task_.upload(context_, batch);
  criterion_.begin(rows_);
  collect_features();
  return criterion_.loss();
}

void BatchPass::backward(float loss_scale) {
  if (is_alone()) return athanor::backward(context_, std::exchange(loss_, {}), loss_scale);
  criterion_.backward(loss_scale);
  for (int i = 0; i < own_; ++i) run_micro_batch(i);
  sum_.finish(context_, parameters_);
  if (replicas_) replicas_->sum_gradients(context_, parameters_);
  criterion_.add_own_gradients();
}

void BatchPass::drop() {
  loss_ = {};
  recorded_.clear();
  inputs_.clear();
  criterion_.drop();
}

BatchPass::Rows BatchPass::rows_of(int micro_batch) const {
  const std::int64_t count = rows_ / own_;
  return {micro_batch * count, count};
}

std::vector<Variable> BatchPass::features(int micro_batch) {
  const Rows rows = rows_of(micro_batch);
  const PartOfBatch scope(context_, {criterion_.first_row() + rows.first, rows.count});
  tasks::Task::Inputs inputs;
  for (const Tensor& input : inputs_) inputs.push_back(input.narrow(0, rows.first, rows.count));
  return task_.features(context_, inputs);
}

void BatchPass::collect_features() {
  for (int i = 0; i < own_; ++i) {
    if (own_ == 1) {
      recorded_ = features(i);
      criterion_.put(recorded_, 0);
    } else {
      const NoGradient scope(context_);
      criterion_.put(features(i), rows_of(i).first);
    }
  }
}

void BatchPass::run_micro_batch(int micro_batch) {
  const std::vector<Variable> roots = own_ == 1 ? std::exchange(recorded_, {}) : features(micro_batch);
  const Rows rows = rows_of(micro_batch);
  std::vector<Variable> learnt;
  std::vector<Tensor> gradients;
  for (std::size_t k = 0; k < roots.size(); ++k) {
    if (!roots[k].wants_gradient()) continue;
    Tensor gradient = criterion_.gradient(k, rows.first, rows.count);
    if (!gradient.present()) continue;
    learnt.push_back(roots[k]);
    gradients.push_back(std::move(gradient));
  }
  if (replicas_ && own_ == 1) replicas_->begin_only_pass();
  if (!learnt.empty()) athanor::backward(context_, learnt, std::move(gradients));
  sum_.add(context_, parameters_);
}

}  // namespace athanor::train
