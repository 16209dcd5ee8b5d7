// A shaped window on shared storage: copying a Tensor copies the window, never the numbers. Knows nothing of gradients.
//
// Made by a Context (core/tensor/context.h). A default-constructed Tensor is absent: its view() is the absent argument
// of kernels. Strides and offset are in elements. Not synchronised: one thread changes a storage at a time.
#pragma once

#include "core/tensor/storage.h"
#include "kernels/base/view.h"

#include <span>
#include <string>

namespace athanor {

class Tensor {
 public:
  Tensor() = default;
  Tensor(std::shared_ptr<Storage> storage, DType dtype, const Shape& shape);
  Tensor(std::shared_ptr<Storage> storage, DType dtype, const Shape& shape, const Shape& strides, std::int64_t offset);

  [[nodiscard]] bool present() const noexcept { return storage_ != nullptr; }
  explicit operator bool() const noexcept { return present(); }

  [[nodiscard]] const Shape& shape() const noexcept { return shape_; }
  [[nodiscard]] const Shape& strides() const noexcept { return strides_; }
  [[nodiscard]] int rank() const noexcept { return shape_.rank(); }
  // A negative dim counts from the innermost.
  [[nodiscard]] std::int64_t dim(int i) const noexcept { return shape_.dim(i); }
  [[nodiscard]] std::int64_t numel() const noexcept { return present() ? shape_.numel() : 0; }
  [[nodiscard]] std::size_t bytes() const noexcept { return storage_bytes(dtype_, numel()); }
  [[nodiscard]] DType dtype() const noexcept { return dtype_; }
  [[nodiscard]] Device device() const noexcept { return storage_ ? storage_->device() : Device{}; }
  [[nodiscard]] bool dry() const noexcept { return storage_ && storage_->dry(); }
  [[nodiscard]] bool contiguous() const noexcept { return view().contiguous(); }
  [[nodiscard]] View view() const noexcept;

  // Views of the same storage. Each throws Failure(internal) when the shape does not allow it.
  [[nodiscard]] Tensor reshape(const Shape& shape) const;  // contiguous only
  [[nodiscard]] Tensor narrow(int dim, std::int64_t start, std::int64_t length) const;
  [[nodiscard]] Tensor transpose(int a, int b) const;
  [[nodiscard]] Tensor as_type(DType dtype) const;  // the same bits; of the same size per element

  // The numbers on the host. Throw Failure(internal) for another type, a device tensor, a dry or a strided one.
  template <class T>
  [[nodiscard]] std::span<T> host() const {
    return {static_cast<T*>(host_data(dtype_of<T>())), static_cast<std::size_t>(numel())};
  }
  // The only element of a one-element f32 tensor on the host.
  [[nodiscard]] float item() const;

  // True when nobody else can see the memory, so that it may be written in place.
  [[nodiscard]] bool unique() const noexcept { return storage_ && storage_.use_count() == 1; }
  [[nodiscard]] std::uint64_t version() const noexcept { return storage_ ? storage_->version() : 0; }
  // To be called by whoever writes to a tensor that was visible before.
  void count_change() const noexcept {
    if (storage_) storage_->count_change();
  }
  // To be called by whoever reads a tensor that may have been vacated since it was made: parameters, and what was
  // saved.
  void need() const {
    if (storage_) storage_->need();
  }
  // See storage.h.
  void vacate() const noexcept { storage_->vacate(); }
  void occupy() const { storage_->occupy(); }
  [[nodiscard]] bool vacant() const noexcept { return storage_ && storage_->vacant(); }
  void set_keeper(StorageKeeper* keeper) const noexcept { storage_->set_keeper(keeper); }
  [[nodiscard]] const Storage* storage() const noexcept { return storage_.get(); }

  template <class T>
  [[nodiscard]] static constexpr DType dtype_of() {
    if constexpr (std::is_same_v<T, float>) return DType::f32;
    if constexpr (std::is_same_v<T, double>) return DType::f64;
    if constexpr (std::is_same_v<T, std::int32_t>) return DType::i32;
    if constexpr (std::is_same_v<T, std::int64_t>) return DType::i64;
    if constexpr (std::is_same_v<T, std::uint8_t>) return DType::u8;
  }

 private:
  [[nodiscard]] void* host_data(DType wanted) const;

  std::shared_ptr<Storage> storage_;
  DType dtype_ = DType::f32;
  Shape shape_;
  Shape strides_;
  std::int64_t offset_ = 0;
};

// "f32 [2, 3] on cpu: 0.5 1 … -3": at most `limit` numbers. Device tensors show their shape only.
[[nodiscard]] std::string to_string(const Tensor& tensor, int limit = 16);

}  // namespace athanor
