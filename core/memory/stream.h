// The queue of work of one device, done in order. A context has one, shared by its kernels, its copies and its
// allocator: that is what lets a released block be handed out again while work on it is still queued.
//
// On the host everything is done at once and there is nothing to wait for. One thread uses a Stream at a time.
#pragma once

#include <cstddef>
#include <memory>

namespace athanor {

// Work that was recorded instead of done: the same launches with the same arguments, on the same addresses.
class RecordedWork {
 public:
  virtual ~RecordedWork() = default;
  // Queues all of it.
  virtual void replay() = 0;
  [[nodiscard]] virtual std::size_t launches() const noexcept = 0;
};

// A point in the work of a Stream, reached once all that was queued before it is done. From any thread.
class StreamMark {
 public:
  StreamMark() = default;
  virtual ~StreamMark() = default;
  StreamMark(const StreamMark&) = delete;
  StreamMark& operator=(const StreamMark&) = delete;

  [[nodiscard]] virtual void* handle() const noexcept = 0;  // a cudaEvent_t
};

class Stream {
 public:
  Stream() = default;
  virtual ~Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // What Exec::stream holds: a cudaStream_t, or null on the host.
  [[nodiscard]] virtual void* handle() const noexcept = 0;
  // Returns when all that was queued is done.
  virtual void wait() = 0;
  // Copies between host and device, after all that was queued before; on return the destination holds the bytes.
  virtual void copy(void* destination, const void* source, std::size_t bytes) = 0;

  // For streams of one device that wait for each other. Null on the host, where nothing is left to wait for.
  [[nodiscard]] virtual std::shared_ptr<StreamMark> mark() { return nullptr; }
  // What is queued from now on begins once `mark`, which may be null, is reached. Makes the device the calling
  // thread's.
  virtual void wait_for(const StreamMark* /*mark*/) {}
  // Queues a copy between places on the device.
  virtual void queue_copy(void* destination, const void* source, std::size_t bytes) {
    copy(destination, source, bytes);
  }
  // Whether all that was queued is done; never waits.
  [[nodiscard]] virtual bool is_done() { return true; }

  // Whether work can be recorded. From begin_recording() to end_recording() what is queued is kept, not done; wait(),
  // copy() and new memory from the device then throw Failure(internal). No recording within a recording.
  [[nodiscard]] virtual bool records() const noexcept { return false; }
  virtual void begin_recording() {}
  // Null, or a Failure, where something in between cannot be recorded: then nothing was done and nothing is kept.
  [[nodiscard]] virtual std::unique_ptr<RecordedWork> end_recording() { return nullptr; }
};

[[nodiscard]] std::shared_ptr<Stream> make_host_stream();
// Waits neither for the default stream nor the other way round. Throws Failure(unavailable) in builds without CUDA.
[[nodiscard]] std::shared_ptr<Stream> make_cuda_stream(int index);
// Whether `data` lies in the memory of this CUDA device, which it makes the calling thread's. False in builds without
// CUDA.
[[nodiscard]] bool is_cuda_memory(const void* data, int index);

}  // namespace athanor
