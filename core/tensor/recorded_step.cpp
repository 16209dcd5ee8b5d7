#include "core/tensor/recorded_step.h"

#include "kernels/base/error.h"

namespace athanor {

namespace {

// Blocks are taken from the pool, and launches read the step from the device, while it lives.
class Apart {
 public:
  Apart(Context& context, PoolId pool, const Tensor& step) : context_(context) {
    context_.allocator().use_pool(pool);
    context_.set_step_on_device(step);
  }
  ~Apart() {
    context_.set_step_on_device({});
    context_.allocator().use_pool(0);
  }
  Apart(const Apart&) = delete;
  Apart& operator=(const Apart&) = delete;

 private:
  Context& context_;
};

}  // namespace

StepRecorder::How StepRecorder::run(const std::optional<StepKey>& key, const std::function<void()>& step) {
  if (!context_.stream().records() || !key || context_.is_timed()) {
    // Its memory is free again before the next replay, so it need not have a share of its own.
    const Apart scope(context_, pool_, {});
    step();
    return How::plain;
  }
  if (key != key_ || (pool_ && !context_.allocator().has_pool(pool_))) begin_anew(*key);
  if (!refusal_.empty()) {
    step();
    return How::plain;
  }
  write_step();
  const bool ready = work_ != nullptr;
  if (!ready && (warm_ups_ < kWarmUps || !record(step))) {
    plainly(step);
    return How::plain;
  }
  work_->replay();
  return ready ? How::replayed : How::recorded;
}

void StepRecorder::forget() {
  work_.reset();
  workspace_ = {};
  context_.allocator().dissolve_pool(pool_);
  pool_ = 0;
  key_.reset();
}

void StepRecorder::begin_anew(const StepKey& key) {
  forget();
  refusal_.clear();
  warm_ups_ = attempts_ = 0;
  key_ = key;
  pool_ = context_.allocator().make_pool();
}

void StepRecorder::write_step() {
  if (!step_.present()) step_ = context_.empty({1}, DType::i32, MemoryTag::data);
  const std::uint32_t step = context_.step();
  context_.stream().copy(step_.view().data, &step, sizeof step);
}

void StepRecorder::plainly(const std::function<void()>& step) {
  const Apart scope(context_, pool_, step_);
  step();
  ++warm_ups_;
}

// The workspace must be the same at both ends: one that grew in between would have let go of memory from outside the
// pool that earlier launches use.
bool StepRecorder::record(const std::function<void()>& step) {
  const Tensor workspace = context_.workspace();
  std::string fault;
  context_.stream().begin_recording();
  try {
    const Apart scope(context_, pool_, step_);
    step();
  } catch (const Failure& failure) {
    fault = failure.what();
  } catch (...) {
    static_cast<void>(context_.stream().end_recording());
    throw;
  }
  try {
    work_ = context_.stream().end_recording();
  } catch (const Failure& failure) {
    if (fault.empty()) fault = failure.what();
  }
  const bool whole = context_.allocator().has_pool(pool_) && context_.workspace().storage() == workspace.storage();
  if (work_ && fault.empty() && whole) {
    workspace_ = workspace;
    return true;
  }
  work_.reset();
  if (++attempts_ < kAttempts) return false;
  context_.allocator().dissolve_pool(pool_);
  pool_ = 0;
  refusal_ = fault.empty() ? "its launches cannot be recorded, or its memory did not settle" : fault;
  return false;
}

}  // namespace athanor
