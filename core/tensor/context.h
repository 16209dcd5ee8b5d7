// Where computing happens: one device, its memory, its threads, and what the run wants to know about it. Handed
// explicitly to every op; there is no global or thread-local state. One thread uses a Context at a time.
//
// A dry Context takes the same path through model, tape and optimizer as a real one, allocates the same sizes in the
// same order, and computes nothing: what its allocator has counted is what a real run will need.
#pragma once

#include "core/memory/stream.h"
#include "core/tensor/launch_watch.h"
#include "core/tensor/tensor.h"
#include "kernels/base/arrays.h"

#include <cstdint>
#include <span>
#include <vector>

namespace athanor {

struct ContextOptions {
  Device device = {};
  int threads = 1;
  bool dry = false;
  std::uint64_t seed = 0;
  std::size_t memory_limit_bytes = 0;  // 0: none
};

// Arithmetic that one launch does, counted by the op front-ends.
struct Work {
  double flops = 0;  // a multiply and an add are two
};

// Told of every launch, in dry runs as well; the plan adds up here what a step will cost.
class WorkObserver {
 public:
  virtual ~WorkObserver() = default;
  virtual void on_launch(const char* op, const Work& work) noexcept = 0;
};

// Rows of a batch that is taken in parts; count 0: all of it at once.
struct BatchRows {
  std::int64_t first = 0;
  std::int64_t count = 0;
  bool of_own_length = false;  // the rows of other parts may be longer or shorter
};

class SavedTensorHooks;  // core/autograd/saved_tensor.h
namespace nn {
class LayerPrecision;  // core/nn/site.h
}
namespace ops {
class TensorGroup;  // core/ops/tensor_group.h
}

class Context {
 public:
  explicit Context(const ContextOptions& options);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  [[nodiscard]] Device device() const noexcept { return exec_.device; }
  [[nodiscard]] int threads() const noexcept { return exec_.threads; }
  [[nodiscard]] bool dry() const noexcept { return dry_; }
  [[nodiscard]] Allocator& allocator() noexcept { return *allocator_; }
  [[nodiscard]] MemoryStats memory() const { return allocator_->stats(); }
  // Everything a context does is queued here.
  [[nodiscard]] Stream& stream() const noexcept { return *stream_; }
  // What kernels receive, without workspace.
  [[nodiscard]] const Exec& exec() const noexcept { return exec_; }

  // Factories. empty() leaves the contents undefined. Tensors come from this Context's allocator under the given tag.
  [[nodiscard]] Tensor empty(const Shape& shape, DType dtype = DType::f32, MemoryTag tag = MemoryTag::activations);
  [[nodiscard]] Tensor empty_like(const Tensor& tensor, MemoryTag tag = MemoryTag::activations) {
    return empty(tensor.shape(), tensor.dtype(), tag);
  }
  [[nodiscard]] Tensor full(const Shape& shape, float value, MemoryTag tag = MemoryTag::activations,
                            DType dtype = DType::f32);
  [[nodiscard]] Tensor zeros(const Shape& shape, MemoryTag tag = MemoryTag::activations) {
    return full(shape, 0.0f, tag);
  }
  // Copies host numbers to the device (a dry Context only allocates). The span has shape.numel() elements.
  [[nodiscard]] Tensor upload(std::span<const float> values, const Shape& shape, MemoryTag tag = MemoryTag::data);
  [[nodiscard]] Tensor upload(std::span<const std::int32_t> values, const Shape& shape,
                              MemoryTag tag = MemoryTag::data);
  // Sums and counts.
  [[nodiscard]] Tensor upload(std::span<const double> values, const Shape& shape, MemoryTag tag = MemoryTag::data);
  [[nodiscard]] Tensor upload(std::span<const std::int64_t> values, const Shape& shape,
                              MemoryTag tag = MemoryTag::data);
  // The same, rounded to a floating-point format.
  [[nodiscard]] Tensor upload_as(DType dtype, std::span<const float> values, const Shape& shape,
                                 MemoryTag tag = MemoryTag::data);
  // Copies to the host, widening narrow formats. A dry tensor gives zeros, or leaves what is in `values`, which has
  // numel() elements.
  [[nodiscard]] std::vector<float> download(const Tensor& tensor) const;
  void download(const Tensor& tensor, std::span<float> values) const;
  [[nodiscard]] std::vector<std::int32_t> download_ids(const Tensor& tensor) const {
    return read<std::int32_t>(tensor);
  }
  // The same for numbers that are no format of a model, such as counts: T is the tensor's own type.
  template <class T>
  [[nodiscard]] std::vector<T> read(const Tensor& tensor) const {
    std::vector<T> values(static_cast<std::size_t>(tensor.numel()));
    read_into(values.data(), tensor, Tensor::dtype_of<T>());
    return values;
  }
  // Overwrites the elements of a contiguous floating-point tensor from the host, rounding; used to load weights.
  void write(const Tensor& tensor, std::span<const float> values) const;
  // Copies x to fresh contiguous memory of this Context.
  [[nodiscard]] Tensor clone(const Tensor& x, MemoryTag tag = MemoryTag::activations);
  void copy(const Tensor& from, const Tensor& to);
  // x in another floating-point format, rounded to nearest; x itself where it has it already.
  [[nodiscard]] Tensor cast(const Tensor& x, DType dtype, MemoryTag tag = MemoryTag::activations);

  // The only door to kernels: provides the workspace, tells the observer, and does nothing more in a dry run.
  // `op` is the kernel's own name.
  template <class Args>
  void launch(const char* op, void (*kernel)(const Exec&, const Args&), const Args& args,
              std::size_t workspace_bytes = 0, const Work& work = {}) {
    Exec exec = exec_;
    prepare_launch(op, exec, workspace_bytes + kernels::widening_bytes(exec, args), work);
    if (!dry_) kernel(exec, args);
    if (launch_watch_) tell_launch(*launch_watch_, op, args);
  }

  // Whether ops record themselves for a backward pass; see NoGradient.
  [[nodiscard]] bool recording() const noexcept { return recording_; }
  void set_recording(bool recording) noexcept { recording_ = recording; }
  // Whether dropout drops.
  [[nodiscard]] bool training() const noexcept { return training_; }
  void set_training(bool training) noexcept { training_ = training; }

  // Random numbers are a function of (seed, step, stream, element). An element is that of the whole batch: a row draws
  // the same however the batch is cut.
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  [[nodiscard]] std::uint32_t step() const noexcept { return step_; }
  void set_step(std::uint32_t step) noexcept { step_ = step; }
  [[nodiscard]] const BatchRows& batch_rows() const noexcept { return batch_rows_; }
  void set_batch_rows(const BatchRows& rows) noexcept { batch_rows_ = rows; }
  // Where that step lies on the device, i32 [1], while a step is queued that may be recorded (see recorded_step.h):
  // launches read it there. Absent otherwise.
  [[nodiscard]] const Tensor& step_on_device() const noexcept { return step_on_device_; }
  void set_step_on_device(Tensor step) { step_on_device_ = std::move(step); }

  // None is owned; null takes it away.
  void set_trace(TraceSink* trace) noexcept { exec_.trace = trace; }
  void set_work_observer(WorkObserver* observer) noexcept { work_observer_ = observer; }
  void set_launch_watch(LaunchWatch* watch) noexcept { launch_watch_ = watch; }
  [[nodiscard]] LaunchWatch* launch_watch() const noexcept { return launch_watch_; }
  void set_saved_tensor_hooks(SavedTensorHooks* hooks) noexcept { saved_tensor_hooks_ = hooks; }
  [[nodiscard]] SavedTensorHooks* saved_tensor_hooks() const noexcept { return saved_tensor_hooks_; }

  // Whether a device may cut the factors of f32 products to TF32.
  void set_tf32(bool allowed) noexcept { exec_.tf32 = allowed; }
  void set_layer_precision(nn::LayerPrecision* precision) noexcept { layer_precision_ = precision; }
  [[nodiscard]] nn::LayerPrecision* layer_precision() const noexcept { return layer_precision_; }
  // Models that are built while there is one have only this rank's part of the layers that divide themselves.
  void set_tensor_group(ops::TensorGroup* group) noexcept { tensor_group_ = group; }
  [[nodiscard]] ops::TensorGroup* tensor_group() const noexcept { return tensor_group_; }
  // Somebody wants to hear of every launch's time or work, which a replay does not tell.
  [[nodiscard]] bool is_timed() const noexcept { return exec_.trace != nullptr || work_observer_ != nullptr; }
  // What kernels are given as scratch now; may be absent.
  [[nodiscard]] const Tensor& workspace() const noexcept { return workspace_; }

  // Numbers nodes of the tape in the order in which they are recorded.
  [[nodiscard]] std::uint64_t next_sequence() noexcept { return sequence_++; }

 private:
  void prepare_launch(const char* op, Exec& exec, std::size_t workspace_bytes, const Work& work);
  [[nodiscard]] Tensor upload_bytes(const void* values, std::size_t count, const Shape& shape, DType dtype,
                                    MemoryTag tag);
  void read_into(void* values, const Tensor& tensor, DType dtype) const;

  std::shared_ptr<Stream> stream_;
  std::shared_ptr<Allocator> allocator_;
  Exec exec_;
  Tensor workspace_;  // grows to the largest request
  bool dry_ = false;
  bool recording_ = true;
  bool training_ = true;
  std::uint64_t seed_ = 0;
  std::uint32_t step_ = 0;
  BatchRows batch_rows_;
  Tensor step_on_device_;
  std::uint64_t sequence_ = 0;
  WorkObserver* work_observer_ = nullptr;
  LaunchWatch* launch_watch_ = nullptr;
  SavedTensorHooks* saved_tensor_hooks_ = nullptr;
  nn::LayerPrecision* layer_precision_ = nullptr;
  ops::TensorGroup* tensor_group_ = nullptr;
};

// A part of a batch is at work while it lives.
class PartOfBatch {
 public:
  PartOfBatch(Context& context, const BatchRows& rows) : context_(context), before_(context.batch_rows()) {
    context_.set_batch_rows(rows);
  }
  ~PartOfBatch() { context_.set_batch_rows(before_); }
  PartOfBatch(const PartOfBatch&) = delete;
  PartOfBatch& operator=(const PartOfBatch&) = delete;

 private:
  Context& context_;
  BatchRows before_;
};

// Ops record nothing while it lives.
class NoGradient {
 public:
  explicit NoGradient(Context& context) : context_(context), before_(context.recording()) {
    context_.set_recording(false);
  }
  ~NoGradient() { context_.set_recording(before_); }
  NoGradient(const NoGradient&) = delete;
  NoGradient& operator=(const NoGradient&) = delete;

 private:
  Context& context_;
  bool before_;
};

}  // namespace athanor
