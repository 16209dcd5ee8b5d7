#include "core/ops/check.h"
#include "core/ops/cross_entropy_tape.h"
#include "core/ops/tensor_group.h"
#include "kernels/ops/index/gather.h"
#include "kernels/ops/loss/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace athanor::ops {
namespace {

// Where each row's target is among the classes of this rank: `elsewhere` where another rank has it.
std::vector<std::int32_t> own_targets(const Context& context, const Tensor& targets, std::int32_t first,
                                      std::int64_t classes, std::int32_t ignored, std::int32_t elsewhere) {
  std::vector<std::int32_t> own = context.download_ids(targets);
  for (std::int32_t& target : own) {
    if (target == ignored) continue;
    const std::int64_t place = std::int64_t{target} - first;
    target = place >= 0 && place < classes ? static_cast<std::int32_t>(place) : elsewhere;
  }
  return own;
}

// Of this rank's classes alone.
struct RowSoftmax {
  std::vector<float> max, log, target_logit;
};

RowSoftmax own_softmax(Context& context, const Tensor& logits, std::span<const std::int32_t> targets,
                       std::int32_t ignored) {
  const std::int64_t rows = static_cast<std::int64_t>(targets.size()), classes = logits.dim(-1);
  // A row whose target is not here still has a maximum and a sum; which class is named for it does not matter.
  std::vector<std::int32_t> named(targets.begin(), targets.end()), places(targets.begin(), targets.end());
  for (std::int32_t& target : named)
    if (target != ignored && target >= classes) target = 0;
  for (std::int32_t& place : places)
    if (place < 0 || place >= classes) place = 0;
  const Tensor ids = context.upload(std::span<const std::int32_t>(named), {rows});
  const Tensor index = context.upload(std::span<const std::int32_t>(places), {rows, 1, 1});
  const Tensor loss = context.empty({1}), counted = context.empty({1});
  const Tensor max = context.empty({rows}), log = context.empty({rows}), logit = context.empty({rows, 1, 1});
  const kernels::CrossEntropyArgs args{.x = logits.view(),
                                       .targets = ids.view(),
                                       .ignored = ignored,
                                       .loss = loss.view(),
                                       .row_max = max.view(),
                                       .row_log = log.view(),
                                       .counted = counted.view()};
  context.launch("cross_entropy", kernels::cross_entropy, args,
                 kernels::cross_entropy_workspace_bytes(context.exec(), args),
                 {.flops = 4.0 * static_cast<double>(logits.numel())});
  context.launch(
      "gather", kernels::gather,
      kernels::GatherArgs{.x = logits.reshape({rows, classes, 1}).view(), .index = index.view(), .y = logit.view()});
  return {context.download(max), context.download(log), context.download(logit)};
}

struct JoinedSoftmax {
  Tensor row_max, row_log;  // of all classes
  double loss = 0;          // sum over the rows that count
};

JoinedSoftmax join(Context& context, const RowSoftmax& own, std::span<const std::int32_t> targets, std::int64_t classes,
                   std::int32_t ignored) {
  TensorGroup& group = needed_group(context);
  const std::size_t rows = targets.size();
  const auto count = static_cast<std::int64_t>(rows);
  JoinedSoftmax out;
  out.row_max = context.upload(std::span(own.max), {count}, MemoryTag::activations);
  group.all_reduce(context, out.row_max, TensorGroup::Reduce::max);
  const std::vector<float> max = context.download(out.row_max);
  std::vector<float> sums(2 * rows, 0.0F);  // of the exponentials; then what the target's logit is above the maximum
  for (std::size_t row = 0; row < rows; ++row) {
    if (targets[row] == ignored) continue;
    sums[row] = std::exp(own.max[row] - max[row] + own.log[row]);
    if (targets[row] < classes) sums[rows + row] = own.target_logit[row] - max[row];
  }
  const Tensor all = context.upload(std::span<const float>(sums), {2 * count}, MemoryTag::activations);
  group.all_reduce(context, all);
  sums = context.download(all);
  std::vector<float> log(rows, 0.0F);
  for (std::size_t row = 0; row < rows; ++row) {
    if (targets[row] == ignored) continue;
    const double sum = std::log(static_cast<double>(sums[row]));
    log[row] = static_cast<float>(sum);
    out.loss += sum - static_cast<double>(sums[rows + row]);
  }
  out.row_log = context.upload(std::span<const float>(log), {count}, MemoryTag::activations);
  return out;
}

}  // namespace

Variable divided_cross_entropy(Context& context, const Variable& logits, const Tensor& targets, std::int32_t first,
                               std::int32_t ignored) {
  constexpr const char* kOp = "divided_cross_entropy";
  check_parameter(kOp, "logits", logits);
  if (logits.rank() < 1 || logits.dim(-1) < 1) refuse(kOp, describe("logits", logits) + ", but classes are needed");
  check_targets(kOp, targets, rows(logits.shape()), describe("logits", logits),
                std::numeric_limits<std::int32_t>::max(), {.ignored = ignored});
  const std::int64_t classes = logits.dim(-1);
  const auto own = own_targets(context, targets, first, classes, ignored, static_cast<std::int32_t>(classes));
  const JoinedSoftmax joined = join(context, own_softmax(context, logits.value(), own, ignored), own, classes, ignored);
  const auto counted = static_cast<float>(static_cast<std::ptrdiff_t>(own.size()) - std::ranges::count(own, ignored));
  Tensor loss = context.full({1}, counted > 0 ? static_cast<float>(joined.loss / static_cast<double>(counted)) : 0.0F);
  if (!recording(context, {&logits})) return loss;
  SavedCrossEntropy saved{
      .logits = save(context, logits),
      .row_max = save(context, joined.row_max),
      .row_log = save(context, joined.row_log),
      .counted = save(context, context.full({1}, counted)),
      .targets = context.upload(std::span<const std::int32_t>(own), {static_cast<std::int64_t>(own.size())}),
      .options = {.ignored = ignored}};
  return record(context, kOp, std::move(loss), {&logits},
                [saved = std::move(saved)](BackwardCall& call) { cross_entropy_grad(call, saved); });
}

}  // namespace athanor::ops
