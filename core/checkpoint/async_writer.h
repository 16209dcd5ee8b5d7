// Writes checkpoints beside the work that they are of: what a step leaves is copied to one of two buffers, and a thread
// of its own writes it while the next steps are taken. A save costs its copy, and what is left of the save before it.
//   train::capture(…, writer.buffer()); writer.start();
// `Buffer` is what is copied to, kept from save to save so that its memory is used again: Contents, ShardContents. All
// members are for the thread that takes the steps.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <future>
#include <utility>

namespace athanor::checkpoint {

template <class Buffer>
class AsyncWriter {
 public:
  // Called on the writing thread, once at a time; throws what goes wrong.
  using Write = std::function<void(const Buffer&)>;

  explicit AsyncWriter(Write write) : write_(std::move(write)) {}
  // Waits for the last write; what goes wrong with it is lost, so call finish() before where that matters.
  ~AsyncWriter() {
    if (last_.valid()) last_.wait();
  }
  AsyncWriter(const AsyncWriter&) = delete;
  AsyncWriter& operator=(const AsyncWriter&) = delete;

  // Fills both buffers before anything is written, so that no save has to make their memory: a page that is touched
  // for the first time costs more than its copy.
  void prepare(const std::function<void(Buffer&)>& fill) {
    for (Buffer& buffer : buffers_) fill(buffer);
  }

  // The buffer that is not being written.
  [[nodiscard]] Buffer& buffer() noexcept { return buffers_[next_]; }

  // Begins to write the buffer, once the last write has ended. Throws what that one threw; then nothing is begun.
  void start() {
    finish();
    last_ = std::async(std::launch::async, [this, &filled = buffers_[next_]] { write_(filled); });
    next_ = 1 - next_;
  }

  // Throws what the last write threw, if it has ended; never waits.
  void check() {
    if (last_.valid() && last_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) last_.get();
  }

  // Waits for the last write and throws what it threw.
  void finish() {
    if (last_.valid()) last_.get();
  }

 private:
  Write write_;
  std::array<Buffer, 2> buffers_;
  std::size_t next_ = 0;
  std::future<void> last_;
};

}  // namespace athanor::checkpoint
