#include "core/train/batch_pass.h"

#include "core/autograd/backward.h"
#include "core/journal/text.h"
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
      micro_batches_(micro_batches),
      own_(replicas ? replicas->own(micro_batches) : MicroBatches{0, micro_batches}),
      criterion_(context, task, parameters, replicas),
      sum_(sums_nodes() ? own_.first : 0) {
  if (is_alone()) return;
  for (std::size_t i = 0; i < parameters.size(); ++i)
    parameters[i]->hooks.emplace_back([this, i](Context& where, ParameterState&) {
      if (is_last_) complete(where, i);
    });
}

BatchPass::~BatchPass() {
  if (is_alone()) return;
  for (const Parameter& parameter : parameters_) parameter->hooks.pop_back();
}

Tensor BatchPass::forward(const data::Batch& batch) {
  drop();
  if (is_alone()) {
    loss_ = task_.loss(context_, batch);
    return loss_.value();
  }
  begin(journal::SpanKind::forward);
  rows_ = batch.size;
  is_grouped_ = batch.is_grouped;
  if (rows_ % own_.count != 0)
    throw Failure(ErrorKind::invalid_input, "take a batch in parts",
                  fmt::format("{} rows are no multiple of {} micro-batches", rows_, own_.count),
                  "Set data.batch_size to a multiple of parallel.micro_batches");
  for (int i = 0; i < own_.count; ++i) inputs_.push_back(task_.upload(context_, batch, rows_of(i)));
  const std::int64_t rows = rows_ / own_.count;
  criterion_.begin(rows * own_.first, rows * micro_batches_);
  collect_features();
  criterion_.gather();
  if (replicas_) tell(journal::SpanKind::reduce);
  const Tensor loss = criterion_.loss();
  tell(journal::SpanKind::forward);
  return loss;
}

void BatchPass::backward(float loss_scale) {
  if (is_alone()) return athanor::backward(context_, std::exchange(loss_, {}), loss_scale);
  begin(journal::SpanKind::backward);
  criterion_.backward(loss_scale);
  tell(journal::SpanKind::backward);
  complete_.assign(parameters_.size(), false);
  for (int i = 0; i < own_.count; ++i) run_micro_batch(i);
  sum_over_replicas();
  criterion_.add_own_gradients();
  tell(journal::SpanKind::backward);
}

void BatchPass::sum_over_replicas() {
  if (sums_nodes()) {
    tell(journal::SpanKind::backward);
    replicas_->sum_nodes(context_, parameters_, sum_.take_nodes());
    return tell(journal::SpanKind::reduce);
  }
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (!complete_[i]) sum_.finish(context_, i, parameters_[i]->gradient);
  sum_.clear();
  if (replicas_ == nullptr) return;
  tell(journal::SpanKind::backward);
  replicas_->sum_gradients(context_, parameters_);
  tell(replicas_tell_ ? journal::SpanKind::idle : journal::SpanKind::reduce);
}

bool BatchPass::watch(const PassPorts& ports) {
  ports_ = ports;
  replicas_tell_ = replicas_ && replicas_->watch(ports);
  return !is_alone();
}

void BatchPass::begin(journal::SpanKind section) {
  if (!ports_.tell) return;
  ports_.at(journal::to_string(section));
  told_ns_ = ports_.now_ns();
}

void BatchPass::tell(journal::SpanKind kind, int micro_batch) {
  if (!ports_.tell) return;
  context_.stream().wait();  // a device's work ends there
  const std::int64_t now = ports_.now_ns();
  const auto step = static_cast<std::int64_t>(context_.step()) + 1;
  ports_.tell({.kind = kind, .step = step, .micro_batch = micro_batch, .begin_ns = told_ns_, .end_ns = now});
  told_ns_ = ports_.now_ns();  // telling is no work of a pass
}

void BatchPass::drop() {
  loss_ = {};
  recorded_.clear();
  inputs_.clear();
  criterion_.drop();
  sum_.clear();
  is_last_ = false;
}

data::Rows BatchPass::rows_of(int micro_batch) const {
  const std::int64_t count = rows_ / own_.count;
  return {micro_batch * count, count};
}

std::vector<Variable> BatchPass::features(int micro_batch) {
  const data::Rows rows = rows_of(micro_batch);
  const PartOfBatch scope(context_, {criterion_.first_row() + rows.first, rows.count, is_grouped_});
  return task_.features(context_, inputs_[static_cast<std::size_t>(micro_batch)]);
}

void BatchPass::collect_features() {
  for (int i = 0; i < own_.count; ++i) {
    if (own_.count == 1) {
      recorded_ = features(i);
      criterion_.put(recorded_, 0);
    } else {
      const NoGradient scope(context_);
      criterion_.put(features(i), rows_of(i).first);
    }
    tell(journal::SpanKind::forward, i);
  }
}

void BatchPass::run_micro_batch(int micro_batch) {
  const std::vector<Variable> roots = own_.count == 1 ? std::exchange(recorded_, {}) : features(micro_batch);
  const data::Rows rows = rows_of(micro_batch);
  std::vector<Variable> learnt;
  std::vector<Tensor> gradients;
  for (std::size_t k = 0; k < roots.size(); ++k) {
    if (!roots[k].wants_gradient()) continue;
    Tensor gradient = criterion_.gradient(k, rows.first, rows.count);
    if (!gradient.present()) continue;
    learnt.push_back(roots[k]);
    gradients.push_back(std::move(gradient));
  }
  is_last_ = micro_batch + 1 == own_.count && !sums_nodes();
  if (!learnt.empty()) athanor::backward(context_, learnt, std::move(gradients));
  if (!std::exchange(is_last_, false)) sum_.add(context_, parameters_);
  tell(journal::SpanKind::backward, micro_batch);
}

// The last micro-batch has given all it has to a parameter; the sum over all of them is then known.
void BatchPass::complete(Context& context, std::size_t parameter) {
  if (complete_[parameter]) return;
  complete_[parameter] = true;
  sum_.finish(context, parameter, parameters_[parameter]->gradient);
  if (replicas_) replicas_->complete(context, parameters_[parameter]);
}

}  // namespace athanor::train
