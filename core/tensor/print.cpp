#include "core/tensor/tensor.h"
#include "kernels/base/element.h"

#include <fmt/format.h>

namespace athanor {

namespace {

std::string numbers(const Tensor& tensor, int limit) {
  std::string text;
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    if (i == limit) return text + " …";
    text += fmt::format(" {:.6g}", element(tensor.view(), i));
  }
  return text;
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
