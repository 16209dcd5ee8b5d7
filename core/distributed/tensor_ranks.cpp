#include "core/distributed/tensor_ranks.h"

#include "core/autograd/shard.h"
#include "core/comm/host_traffic.h"
#include "core/distributed/stopwatch.h"
#include "kernels/base/error.h"

#include <fmt/format.h>

namespace athanor::distributed {
namespace {

// The numbers in f32 where ranks can exchange them: in place where they are that already, otherwise a copy.
class WideNumbers {
 public:
  WideNumbers(Context& context, const Tensor& tensor, bool reads) : context_(context), tensor_(tensor) {
    if (is_here()) return;
    copy_.resize(static_cast<std::size_t>(tensor.numel()));
    if (reads) context.download(tensor, copy_);
  }
  [[nodiscard]] View view() {
    float* const numbers = is_here() ? tensor_.host<float>().data() : copy_.data();
    return {numbers, DType::f32, Shape{tensor_.numel()}};
  }
  void write_back() {
    if (!is_here()) context_.write(tensor_, copy_);
  }

 private:
  [[nodiscard]] bool is_here() const {
    return tensor_.device().kind == DeviceKind::cpu && tensor_.dtype() == DType::f32;
  }
  Context& context_;
  Tensor tensor_;
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
  if (!begins(x) || ranks_ == nullptr) return;
  const Stopwatch watch(waited_);
  WideNumbers numbers(context, x, true);
  ranks_->all_reduce(numbers.view(), reduce_of(reduce));
  numbers.write_back();
}

void TensorRanks::all_gather(Context& context, const Tensor& part, const Tensor& whole) {
  count_parts(part);
  if (!begins(whole)) return;
  const std::int64_t rows = part.dim(0);
  for (int rank = 0; ranks_ == nullptr && rank < count_; ++rank) context.copy(part, whole.narrow(0, rows * rank, rows));
  if (ranks_ == nullptr) return;
  const Stopwatch watch(waited_);
  WideNumbers from(context, part, true), to(context, whole, false);
  ranks_->all_gather(from.view(), to.view());
  to.write_back();
}

void TensorRanks::reduce_scatter(Context& context, const Tensor& whole, const Tensor& part) {
  count_parts(part);
  if (!begins(whole)) return;
  if (ranks_ == nullptr) return context.copy(whole.narrow(0, part.dim(0) * index_, part.dim(0)), part);
  const Stopwatch watch(waited_);
  WideNumbers from(context, whole, true), to(context, part, false);
  ranks_->reduce_scatter(from.view(), to.view());
  to.write_back();
}

train::Exchanged TensorTie::exchanged() const {
  const comm::Traffic sent = ranks_.traffic();
  return {"tensor", sent.payload_bytes + sent.overhead_bytes, std::chrono::duration<double>(group_.waited()).count()};
}

}  // namespace athanor::distributed
