#include "core/distributed/packed_numbers.h"

#include "core/distributed/rank_numbers.h"

#include <algorithm>

namespace athanor::distributed {
namespace {

Tensor range(const Tensor& tensor, std::int64_t first, std::int64_t count) {
  return tensor.reshape({tensor.numel()}).narrow(0, first, count);
}

}  // namespace

PackedNumbers::PackedNumbers(Context& context, const comm::Communicator& ranks, std::int64_t count,
                             std::vector<float>& room)
    : context_(context), count_(count), room_(room) {
  if (is_on_gpus(context, ranks))
    packed_ = context.empty({count});
  else if (!context.dry())
    room_.resize(static_cast<std::size_t>(count));
}

void PackedNumbers::put(const Tensor& tensor, std::int64_t first, std::int64_t count, std::int64_t at) {
  if (context_.dry()) return;
  if (packed_.present()) return context_.copy(range(tensor, first, count), packed_.narrow(0, at, count));
  if (context_.device().kind == DeviceKind::cpu)
    std::copy_n(tensor.host<float>().begin() + first, count, room_.begin() + at);
  else
    context_.download(range(tensor, first, count),
                      std::span(room_).subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(count)));
}

void PackedNumbers::take(const Tensor& tensor, std::int64_t first, std::int64_t count, std::int64_t at) const {
  if (context_.dry()) return;
  const auto bytes = static_cast<std::size_t>(count) * sizeof(float);
  float* const to = range(tensor, first, count).view().as<float>();
  if (packed_.present())
    context_.stream().queue_copy(to, packed_.view().as<float>() + at, bytes);
  else if (context_.device().kind == DeviceKind::cpu)
    std::copy_n(room_.begin() + at, count, to);
  else
    context_.stream().copy(to, room_.data() + at, bytes);
}

View PackedNumbers::view() const {
  return packed_.present() ? packed_.view() : View(room_.data(), DType::f32, Shape{count_});
}

}  // namespace athanor::distributed
