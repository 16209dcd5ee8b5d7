// What a recorded op keeps until its gradient runs. Everything kept passes this one door, so that recomputing,
// offloading or compressing activations are hooks and never edits of a model or an op.
#pragma once

#include "core/tensor/context.h"

#include <memory>

namespace athanor {

// One tensor in whatever form a hook keeps it.
class PackedTensor {
 public:
  virtual ~PackedTensor() = default;
  // Called at most once, when a gradient needs the numbers: same shape, type and values (or the hook's approximation).
  [[nodiscard]] virtual Tensor unpack(Context& context) = 0;
};

// Installed with Context::set_saved_tensor_hooks. Parameters are never packed: they live anyway.
class SavedTensorHooks {
 public:
  virtual ~SavedTensorHooks() = default;
  // Null keeps the tensor as it is.
  [[nodiscard]] virtual std::unique_ptr<PackedTensor> pack(Context& context, const Tensor& tensor) = 0;
};

class SavedTensor {
 public:
  SavedTensor() = default;  // absent
  SavedTensor(Context& context, const Tensor& tensor, bool packable = true);

  // Throws Failure(internal) when the memory was written to since it was saved.
  [[nodiscard]] Tensor unpack(Context& context) const;
  [[nodiscard]] bool present() const noexcept { return tensor_.present() || packed_ != nullptr; }
  // The memory that is kept; null where a hook has taken the numbers elsewhere.
  [[nodiscard]] const Storage* storage() const noexcept { return tensor_.storage(); }

 private:
  Tensor tensor_;
  std::shared_ptr<PackedTensor> packed_;
  std::uint64_t version_ = 0;
};

}  // namespace athanor
