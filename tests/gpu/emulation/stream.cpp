#include "tests/gpu/emulation/stream.h"

#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

namespace athanor::emulation {

namespace {

constexpr int kNanBytes = 0xFF;
constexpr std::size_t kAlignment = 256;

std::map<void*, std::size_t>& blocks() {
  static std::map<void*, std::size_t> all;
  return all;
}

CUstream_st* capturing = nullptr;
int refusing_device = -1;

}  // namespace

DeviceCounts& counts() {
  static DeviceCounts all;
  return all;
}

std::recursive_mutex& device() {
  static std::recursive_mutex mutex;
  return mutex;
}

int& current_device() {
  thread_local int index = 0;
  return index;
}

void put(CUstream_st* stream, std::function<void()> work) {
  const std::lock_guard lock(device());
  if (stream && stream->device != current_device()) throw std::logic_error("the stream is another device's");
  ++counts().puts;
  if (!stream) return work();
  if (stream->capturing) return stream->capturing->nodes.push_back(std::move(work));
  put_patient(stream, [work = std::move(work)] {
    work();
    return true;
  });
}

void put_patient(CUstream_st* stream, std::function<bool()> work) {
  const std::lock_guard lock(device());
  stream->queued.push_back(std::move(work));
}

bool advance(CUstream_st* stream) {
  const std::lock_guard lock(device());
  while (!stream->queued.empty()) {
    std::function<bool()> work = std::move(stream->queued.front());
    stream->queued.pop_front();
    if (work()) continue;
    stream->queued.push_front(std::move(work));
    return false;
  }
  return true;
}

bool finish(CUstream_st* stream) {
  {
    const std::lock_guard lock(device());
    if (stream->capturing) {
      stream->broken = true;
      return false;
    }
  }
  while (!advance(stream)) std::this_thread::yield();
  return true;
}

void record(CUevent_st* event, CUstream_st* stream) {
  const std::lock_guard lock(device());
  if (stream->device != current_device()) throw std::logic_error("the event is to be recorded on another device");
  if (stream->capturing) stream->broken = true;
  event->point->stream = stream;
  event->point->is_reached = false;
  put_patient(stream, [point = event->point] { return point->is_reached = true; });
}

// A device goes on by itself; here whoever waits does the work of the other stream.
void wait_for(CUevent_st* event, CUstream_st* stream) {
  const std::lock_guard lock(device());
  if (stream->capturing) stream->broken = true;
  put_patient(stream, [point = event->point] {
    if (!point->is_reached) advance(point->stream);
    return point->is_reached;
  });
}

void* take_memory(std::size_t bytes) {
  const std::lock_guard lock(device());
  if (capturing) {
    capturing->broken = true;
    return nullptr;
  }
  if (current_device() == refusing_device) return nullptr;
  const std::size_t size = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  void* data = std::aligned_alloc(kAlignment, size ? size : kAlignment);
  std::memset(data, kNanBytes, size);
  blocks()[data] = size;
  ++counts().blocks;
  return data;
}

void free_memory(void* data) {
  const std::lock_guard lock(device());
  const auto found = blocks().find(data);
  if (found == blocks().end()) return;
  std::memset(data, kNanBytes, found->second);
  blocks().erase(found);
  --counts().blocks;
  std::free(data);
}

bool is_capturing() {
  const std::lock_guard lock(device());
  return capturing != nullptr;
}

void refuse_memory_on(int index) {
  const std::lock_guard lock(device());
  refusing_device = index;
}

bool is_in_memory(const void* data) {
  const std::lock_guard lock(device());
  const auto after = blocks().upper_bound(const_cast<void*>(data));
  if (after == blocks().begin()) return false;
  const auto& [begin, bytes] = *std::prev(after);
  return data < static_cast<const std::byte*>(begin) + bytes;
}

void begin_capture(CUstream_st* stream) {
  capturing = stream;
  stream->capturing = new CUgraph_st;
  stream->broken = false;
}

CUgraph_st* end_capture(CUstream_st* stream) {
  capturing = nullptr;
  std::unique_ptr<CUgraph_st> graph(std::exchange(stream->capturing, nullptr));
  return stream->broken ? nullptr : graph.release();
}

}  // namespace athanor::emulation
