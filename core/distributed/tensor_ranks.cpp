#include "core/distributed/tensor_ranks.h"

#include "core/autograd/shard.h"
#include "core/comm/host_traffic.h"
#include "core/distributed/rank_numbers.h"
#include "core/distributed/stopwatch.h"
#include "kernels/base/error.h"

#include <fmt/format.h>

namespace athanor::distributed {
namespace {

// The numbers in f32 where ranks can exchange them: in place where they are that already, otherwise a copy.
class WideNumbers {
 public:
  WideNumbers(Context& context, const comm::Communicator& ranks, const Tensor& tensor, bool reads)
      : context_(context), tensor_(tensor) {
    const bool is_there = context.device().kind == DeviceKind::cpu || is_on_gpus(context, ranks);
    if (is_there && tensor.dtype() == DType::f32) {
      wide_ = tensor;
    } else if (is_on_gpus(context, ranks)) {
      wide_ = reads ? context.cast(tensor, DType::f32) : context.empty(tensor.shape());
    } else {
      copy_.resize(static_cast<std::size_t>(tensor.numel()));
      if (reads) context.download(tensor, copy_);
    }
  }
  // For a call of the ranks, which after() has told what was queued before.
  [[nodiscard]] View view() {
    return {wide_.present() ? wide_.view().data : copy_.data(), DType::f32, Shape{tensor_.numel()}};
  }
  void write_back() {
    if (!wide_.present()) return context_.write(tensor_, copy_);
    if (wide_.dtype() != tensor_.dtype()) context_.copy(context_.cast(wide_, tensor_.dtype()), tensor_);
  }

 private:
  Context& context_;
  Tensor tensor_;
  Tensor wide_;  // absent where the copy is on the host
  std::vector<float> copy_;
};

comm::Reduce reduce_of(ops::TensorGroup::Reduce reduce) {
  return reduce == ops::TensorGroup::Reduce::max ? comm::Reduce::max : comm::Reduce::sum;
}

}  // namespace

std::string shard_name(const std::string& path, int index) { return fmt::format("{}@{}", path, index); }

std::vector<optim::ParameterSize> sizes_of_all(std::span<const Parameter> parameters) {
  std::vector<optim::ParameterSize> sizes;
  for (const Parameter& parameter : parameters) {
    if (!parameter->trainable) continue;
    if (!parameter->shard) {
      sizes.push_back({parameter->path, parameter->value.numel()});
      continue;
    }
    // Shards may differ in length, by no more than one slice of the dim; room for the longest does for all.
    for (int index = 0; index < parameter->shard->count; ++index)
      sizes.push_back({shard_name(parameter->path, index), logical_numel(*parameter)});
  }
  return sizes;
}

void TensorRanks::meet(comm::Communicator& ranks) {
  if (ranks.size() != count_ || ranks.rank() != index_)
    throw Failure(ErrorKind::internal, "exchange parts of a model",
                  fmt::format("the model is that of rank {} of {}, and this is rank {} of {}", index_, count_,
                              ranks.rank(), ranks.size()));
  ranks_ = &ranks;
}

// What WideNumbers take there.
void TensorRanks::rehearse(Context& context, const Tensor& from, const Tensor& to) const {
  if (!from.dry() || !rehearses_on_gpus_ || from.dtype() == DType::f32) return;
  const Tensor read = context.cast(from, DType::f32);
  const Tensor written = from.storage() == to.storage() ? read : context.empty(to.shape());
  context.copy(context.cast(written, to.dtype()), to);
}

bool TensorRanks::begins(const Tensor& tensor) const {
  if (tensor.dry()) return false;
  if (ranks_ == nullptr && !pretends_)
    throw Failure(ErrorKind::internal, "exchange parts of a model", "its ranks have not met");
  return true;
}

void TensorRanks::count_parts(const Tensor& part) {
  sent_ = sent_ + comm::all_gather_traffic(part.numel() * static_cast<std::int64_t>(sizeof(float)), count_);
}

void TensorRanks::all_reduce(Context& context, const Tensor& x, Reduce reduce) {
  sent_ = sent_ + comm::all_reduce_traffic(DType::f32, x.numel(), count_, index_);
  rehearse(context, x, x);
  if (!begins(x) || ranks_ == nullptr) return;
  const Stopwatch watch(waited_);
  WideNumbers numbers(context, *ranks_, x, true);
  ranks_->after(context.stream().mark());
  ranks_->all_reduce(numbers.view(), reduce_of(reduce));
  numbers.write_back();
}

void TensorRanks::all_gather(Context& context, const Tensor& part, const Tensor& whole) {
  count_parts(part);
  rehearse(context, part, whole);
  if (!begins(whole)) return;
  const std::int64_t rows = part.dim(0);
  for (int rank = 0; ranks_ == nullptr && rank < count_; ++rank) context.copy(part, whole.narrow(0, rows * rank, rows));
  if (ranks_ == nullptr) return;
  const Stopwatch watch(waited_);
  WideNumbers from(context, *ranks_, part, true), to(context, *ranks_, whole, false);
  ranks_->after(context.stream().mark());
  ranks_->all_gather(from.view(), to.view());
  to.write_back();
}

void TensorRanks::reduce_scatter(Context& context, const Tensor& whole, const Tensor& part) {
  count_parts(part);
  rehearse(context, whole, part);
  if (!begins(whole)) return;
  if (ranks_ == nullptr) return context.copy(whole.narrow(0, part.dim(0) * index_, part.dim(0)), part);
  const Stopwatch watch(waited_);
  WideNumbers from(context, *ranks_, whole, true), to(context, *ranks_, part, false);
  ranks_->after(context.stream().mark());
  ranks_->reduce_scatter(from.view(), to.view());
  to.write_back();
}

train::Exchanged TensorTie::exchanged() const {
  const comm::Traffic sent = ranks_.traffic();
  return {"tensor", sent.payload_bytes + sent.overhead_bytes, std::chrono::duration<double>(group_.waited()).count()};
}

}  // namespace athanor::distributed
