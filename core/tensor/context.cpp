#include "core/tensor/context.h"

#include "kernels/base/error.h"
#include "kernels/cpu/convert.h"
#include "kernels/ops/elementwise/fill.h"
#include "kernels/ops/layout/copy.h"
#include "kernels/ops/quant/cast.h"

#include <algorithm>

namespace athanor {

namespace {

void require_count(const char* intention, std::size_t given, const Shape& shape) {
  if (static_cast<std::int64_t>(given) == shape.numel()) return;
  throw Failure(ErrorKind::internal, intention,
                std::to_string(given) + " elements were given for shape " + to_string(shape));
}

void require_whole(const char* verb, const Tensor& tensor) {
  if ((tensor.dtype() == DType::f32 || is_narrow_float(tensor.dtype())) && tensor.contiguous()) return;
  throw Failure(ErrorKind::internal, std::string(verb) + " a tensor of shape " + to_string(tensor.shape()),
                std::string("it is strided, or its type is ") + to_string(tensor.dtype()));
}

std::vector<std::byte> rounded(DType dtype, std::span<const float> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  std::vector<std::byte> codes(storage_bytes(dtype, count));
  kernels::cpu::narrow(dtype, values.data(), codes.data(), count);
  return codes;
}

std::shared_ptr<Stream> stream_for(const ContextOptions& options) {
  const bool cuda = options.device.kind == DeviceKind::cuda && !options.dry;
  return cuda ? make_cuda_stream(options.device.index) : make_host_stream();
}

}  // namespace

Context::Context(const ContextOptions& options)
    : stream_(stream_for(options)),
      allocator_(options.dry ? make_dry_allocator(options.device) : make_allocator(options.device, stream_)),
      dry_(options.dry),
      seed_(options.seed) {
  exec_.device = options.device;
  exec_.threads = std::max(1, options.threads);
  exec_.stream = stream_->handle();
  allocator_->set_limit(options.memory_limit_bytes);
}

Tensor Context::empty(const Shape& shape, DType dtype, MemoryTag tag) {
  const auto bytes = storage_bytes(dtype, shape.numel());
  return {std::make_shared<Storage>(allocator_, bytes, tag), dtype, shape};
}

Tensor Context::full(const Shape& shape, float value, MemoryTag tag, DType dtype) {
  Tensor tensor = empty(shape, dtype, tag);
  launch("fill", kernels::fill, kernels::FillArgs{.value = value, .y = tensor.view()});
  return tensor;
}

Tensor Context::upload_bytes(const void* values, std::size_t count, const Shape& shape, DType dtype, MemoryTag tag) {
  Tensor tensor = empty(shape, dtype, tag);
  if (dry_) return tensor;
  require_count("upload a tensor", count, shape);
  stream_->copy(tensor.view().data, values, tensor.bytes());
  return tensor;
}

Tensor Context::upload(std::span<const float> values, const Shape& shape, MemoryTag tag) {
  return upload_bytes(values.data(), values.size(), shape, DType::f32, tag);
}

Tensor Context::upload(std::span<const std::int32_t> values, const Shape& shape, MemoryTag tag) {
  return upload_bytes(values.data(), values.size(), shape, DType::i32, tag);
}

Tensor Context::upload(std::span<const double> values, const Shape& shape, MemoryTag tag) {
  return upload_bytes(values.data(), values.size(), shape, DType::f64, tag);
}

Tensor Context::upload(std::span<const std::int64_t> values, const Shape& shape, MemoryTag tag) {
  return upload_bytes(values.data(), values.size(), shape, DType::i64, tag);
}

Tensor Context::upload_as(DType dtype, std::span<const float> values, const Shape& shape, MemoryTag tag) {
  if (dtype == DType::f32) return upload(values, shape, tag);
  const std::vector<std::byte> codes = rounded(dtype, values);
  return upload_bytes(codes.data(), values.size(), shape, dtype, tag);
}

std::vector<float> Context::download(const Tensor& tensor) const {
  std::vector<float> values(static_cast<std::size_t>(tensor.numel()));
  download(tensor, values);
  return values;
}

void Context::download(const Tensor& tensor, std::span<float> values) const {
  require_count("download a tensor", values.size(), tensor.shape());
  if (!is_narrow_float(tensor.dtype())) return read_into(values.data(), tensor, DType::f32);
  require_whole("download", tensor);
  if (tensor.dry()) return;
  std::vector<std::byte> codes(tensor.bytes());
  stream_->copy(codes.data(), tensor.view().data, codes.size());
  kernels::cpu::widen(tensor.dtype(), codes.data(), values.data(), tensor.numel());
}

void Context::read_into(void* values, const Tensor& tensor, DType dtype) const {
  if (tensor.dtype() != dtype || !tensor.contiguous())
    throw Failure(ErrorKind::internal, "download a tensor of shape " + to_string(tensor.shape()),
                  std::string("it is strided, or its type is ") + to_string(tensor.dtype()));
  if (!tensor.dry()) stream_->copy(values, tensor.view().data, tensor.bytes());
}

void Context::write(const Tensor& tensor, std::span<const float> values) const {
  require_count("write a tensor", values.size(), tensor.shape());
  require_whole("write", tensor);
  tensor.count_change();
  if (tensor.dry()) return;
  if (!is_narrow_float(tensor.dtype())) return stream_->copy(tensor.view().data, values.data(), tensor.bytes());
  stream_->copy(tensor.view().data, rounded(tensor.dtype(), values).data(), tensor.bytes());
}

Tensor Context::clone(const Tensor& x, MemoryTag tag) {
  Tensor y = empty_like(x, tag);
  copy(x, y);
  return y;
}

void Context::copy(const Tensor& from, const Tensor& to) {
  if (from.shape() != to.shape() || from.dtype() != to.dtype())
    throw Failure(ErrorKind::internal, "copy a tensor",
                  to_string(from.shape()) + " and " + to_string(to.shape()) + " differ in shape or type");
  to.count_change();
  launch("copy", kernels::copy, kernels::CopyArgs{.x = from.view(), .y = to.view()});
}

Tensor Context::cast(const Tensor& x, DType dtype, MemoryTag tag) {
  if (x.dtype() == dtype) return x;
  Tensor y = empty(x.shape(), dtype, tag);
  launch("cast", kernels::cast, kernels::CastArgs{.x = x.view(), .y = y.view()}, 0,
         {.flops = static_cast<double>(x.numel())});
  return y;
}

void Context::prepare_launch(const char* op, Exec& exec, std::size_t workspace_bytes, const Work& work) {
  if (work_observer_) work_observer_->on_launch(op, work);
  if (workspace_bytes > workspace_.bytes()) {
    workspace_ = {};  // first, so that the old one can serve the new request
    workspace_ = empty({static_cast<std::int64_t>(workspace_bytes)}, DType::u8, MemoryTag::workspace);
  }
  exec.workspace = workspace_.present() ? workspace_.view().data : nullptr;
  exec.workspace_bytes = workspace_.bytes();
}

}  // namespace athanor
