#include "core/tensor/tensor.h"

#include <fmt/format.h>

namespace athanor {

namespace {

template <class T>
std::string numbers(const Tensor& tensor, int limit) {
  std::string text;
  int shown = 0;
  for (const T value : tensor.host<T>()) {
    if (shown++ == limit) return text + " …";
    text += fmt::format(" {:.6g}", static_cast<double>(value));
  }
  return text;
}

std::string numbers(const Tensor& tensor, int limit) {
  switch (tensor.dtype()) {
    case DType::f32: return numbers<float>(tensor, limit);
    case DType::f64: return numbers<double>(tensor, limit);
    case DType::i32: return numbers<std::int32_t>(tensor, limit);
    case DType::i64: return numbers<std::int64_t>(tensor, limit);
    case DType::u8: return numbers<std::uint8_t>(tensor, limit);
  }
  return {};
}

}  // namespace

std::string to_string(const Tensor& tensor, int limit) {
  if (!tensor.present()) return "absent";
  const bool on_host = tensor.device().kind == DeviceKind::cpu;
  std::string text = fmt::format("{} {} on {}", to_string(tensor.dtype()), to_string(tensor.shape()),
                                 on_host ? std::string("cpu") : fmt::format("cuda:{}", tensor.device().index));
  if (on_host && !tensor.dry() && tensor.contiguous()) text += ":" + numbers(tensor, limit);
  return text;
}

}  // namespace athanor
