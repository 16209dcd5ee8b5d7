#include "tests/gpu/emulation/stream.h"

#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
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

}  // namespace

DeviceCounts& counts() {
  static DeviceCounts all;
  return all;
}

void put(CUstream_st* stream, std::function<void()> work) {
  ++counts().puts;
  if (!stream) return work();
  (stream->capturing ? stream->capturing->nodes : stream->queued).push_back(std::move(work));
}

bool finish(CUstream_st* stream) {
  if (stream->capturing) {
    stream->broken = true;
    return false;
  }
  for (const auto& work : std::exchange(stream->queued, {})) work();
  return true;
}

void* take_memory(std::size_t bytes) {
  if (capturing) {
    capturing->broken = true;
    return nullptr;
  }
  const std::size_t size = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  void* data = std::aligned_alloc(kAlignment, size ? size : kAlignment);
  std::memset(data, kNanBytes, size);
  blocks()[data] = size;
  ++counts().blocks;
  return data;
}

void free_memory(void* data) {
  const auto found = blocks().find(data);
  if (found == blocks().end()) return;
  std::memset(data, kNanBytes, found->second);
  blocks().erase(found);
  --counts().blocks;
  std::free(data);
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
