// Streams, memory and graphs of the emulated device. What is put on a stream is kept until somebody waits for that
// stream: work that relies on another order, or on a default stream that waits for all others, sees old numbers. What
// is put on the null stream is done at once and waits for nobody, as for streams made with cudaStreamNonBlocking.
//
// A stream that captures keeps its work, with its arguments as they are then, as the nodes of a graph. Memory starts
// and ends full of NaN. All of it from any thread: one at a time uses the device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

struct CUgraph_st {
  std::vector<std::function<void()>> nodes;
};
struct CUgraphExec_st {
  std::vector<std::function<void()>> nodes;
};
struct CUstream_st {
  int device = 0;
  std::deque<std::function<bool()>> queued;  // false: not yet
  CUgraph_st* capturing = nullptr;
  bool broken = false;  // something that cannot be captured was tried
};

struct CUevent_st {
  struct Point {
    CUstream_st* stream = nullptr;
    bool is_reached = false;
  };
  std::shared_ptr<Point> point = std::make_shared<Point>();
};

namespace athanor::emulation {

// Whoever uses the device.
[[nodiscard]] std::recursive_mutex& device();
// The thread's, 0 at first. Work for the stream of another one throws std::logic_error.
[[nodiscard]] int& current_device();

void put(CUstream_st* stream, std::function<void()> work);
// Work that may have to wait for other streams, and then is tried again.
void put_patient(CUstream_st* stream, std::function<bool()> work);
// Does what can be done now; whether nothing is left.
bool advance(CUstream_st* stream);
// False while the stream captures, which breaks the capture.
[[nodiscard]] bool finish(CUstream_st* stream);
void record(CUevent_st* event, CUstream_st* stream);
void wait_for(CUevent_st* event, CUstream_st* stream);
// Null while any stream captures, which breaks the capture, and on a device that refuses.
[[nodiscard]] void* take_memory(std::size_t bytes);
void free_memory(void* data);
void refuse_memory_on(int index);  // negative: on none
[[nodiscard]] bool is_capturing();
[[nodiscard]] bool is_in_memory(const void* data);
void begin_capture(CUstream_st* stream);
// Null for a broken capture.
[[nodiscard]] CUgraph_st* end_capture(CUstream_st* stream);

struct DeviceCounts {
  std::int64_t puts = 0;      // kernels, products, copies and fills given to streams, captured ones included
  std::int64_t launches = 0;  // of whole graphs
  std::int64_t blocks = 0;    // of memory, now
};
[[nodiscard]] DeviceCounts& counts();

}  // namespace athanor::emulation
