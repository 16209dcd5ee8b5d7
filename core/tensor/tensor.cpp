#include "core/tensor/tensor.h"

#include "kernels/base/error.h"

namespace athanor {

namespace {

[[noreturn]] void refuse(const char* what, const Tensor& tensor, const std::string& cause) {
  throw Failure(ErrorKind::internal, std::string(what) + " a tensor of shape " + to_string(tensor.shape()), cause);
}

}  // namespace

Tensor::Tensor(std::shared_ptr<Storage> storage, DType dtype, const Shape& shape)
    : Tensor(std::move(storage), dtype, shape, contiguous_strides(shape), 0) {}

Tensor::Tensor(std::shared_ptr<Storage> storage, DType dtype, const Shape& shape, const Shape& strides,
               std::int64_t offset)
    : storage_(std::move(storage)), dtype_(dtype), shape_(shape), strides_(strides), offset_(offset) {}

View Tensor::view() const noexcept {
  if (!storage_) return {};
  auto* bytes = static_cast<std::byte*>(storage_->data()) + storage_bytes(dtype_, offset_);
  return {bytes, dtype_, shape_, strides_};
}

Tensor Tensor::reshape(const Shape& shape) const {
  if (shape.numel() != numel()) refuse("reshape", *this, to_string(shape) + " has another number of elements");
  if (!contiguous()) refuse("reshape", *this, "its elements do not lie side by side");
  return {storage_, dtype_, shape, contiguous_strides(shape), offset_};
}

Tensor Tensor::narrow(int dim, std::int64_t start, std::int64_t length) const {
  const int axis = dim < 0 ? rank() + dim : dim;
  if (axis < 0 || axis >= rank()) refuse("narrow", *this, "it has no dim " + std::to_string(dim));
  if (start < 0 || length < 0 || start + length > shape_[axis])
    refuse("narrow", *this,
           "dim " + std::to_string(axis) + " does not reach from " + std::to_string(start) + " to " +
               std::to_string(start + length));
  Shape shape = shape_;
  shape[axis] = length;
  return {storage_, dtype_, shape, strides_, offset_ + start * strides_[axis]};
}

Tensor Tensor::as_type(DType dtype) const {
  if (size_bits(dtype) != size_bits(dtype_))
    refuse("reinterpret", *this, std::string("the elements of ") + athanor::to_string(dtype) + " have another size");
  return {storage_, dtype, shape_, strides_, offset_};
}

Tensor Tensor::transpose(int a, int b) const {
  const int first = a < 0 ? rank() + a : a;
  const int second = b < 0 ? rank() + b : b;
  if (first < 0 || second < 0 || first >= rank() || second >= rank())
    refuse("transpose", *this, "it has no dims " + std::to_string(a) + " and " + std::to_string(b));
  Shape shape = shape_;
  Shape strides = strides_;
  std::swap(shape[first], shape[second]);
  std::swap(strides[first], strides[second]);
  return {storage_, dtype_, shape, strides, offset_};
}

void* Tensor::host_data(DType wanted) const {
  if (!present()) refuse("read", *this, "it is absent");
  if (dtype_ != wanted)
    refuse("read", *this,
           std::string("it holds ") + athanor::to_string(dtype_) + ", not " + athanor::to_string(wanted));
  if (dry()) refuse("read", *this, "a dry run computes no numbers");
  if (device().kind != DeviceKind::cpu) refuse("read", *this, "it lies on a GPU; download it first");
  if (!contiguous()) refuse("read", *this, "its elements do not lie side by side");
  return view().data;
}

float Tensor::item() const {
  if (numel() != 1) refuse("take the only element of", *this, "it has " + std::to_string(numel()));
  return host<float>()[0];
}

}  // namespace athanor
