#include "core/autograd/saved_tensor.h"

#include "kernels/base/error.h"

namespace athanor {

SavedTensor::SavedTensor(Context& context, const Tensor& tensor, bool packable) {
  if (packable && tensor.present() && context.saved_tensor_hooks())
    packed_ = context.saved_tensor_hooks()->pack(context, tensor);
  if (packed_) return;
  tensor_ = tensor;
  version_ = tensor.version();
}

Tensor SavedTensor::unpack(Context& context) const {
  if (packed_) return packed_->unpack(context);
  if (tensor_.version() != version_)
    throw Failure(
        ErrorKind::internal, "compute a gradient",
        "a tensor of shape " + to_string(tensor_.shape()) + " was written to after the forward pass saved it");
  tensor_.need();
  return tensor_;
}

}  // namespace athanor
