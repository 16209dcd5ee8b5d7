#include "core/memory/block_source.h"
#include "core/memory/stream.h"
#include "kernels/base/error.h"

#include <cuda_runtime_api.h>
#include <string>
#include <type_traits>
#include <utility>

namespace athanor {

namespace {

void check(cudaError_t status, const char* intention) {
  if (status == cudaSuccess) return;
  // Clears the error that would otherwise come back from the next call.
  static_cast<void>(cudaGetLastError());
  const auto kind = status == cudaErrorNoDevice || status == cudaErrorInsufficientDriver ? ErrorKind::unavailable
                                                                                         : ErrorKind::internal;
  throw Failure(kind, intention, std::string(cudaGetErrorName(status)) + ": " + cudaGetErrorString(status),
                "Set train.device to cpu, or check the driver with nvidia-smi");
}

void select(int index) { check(cudaSetDevice(index), "select the CUDA device"); }

class CudaGraph final : public RecordedWork {
 public:
  CudaGraph(cudaGraph_t graph, cudaStream_t stream) : stream_(stream) {
    check(cudaGraphGetNodes(graph, nullptr, &launches_), "count the launches of a CUDA graph");
    check(cudaGraphInstantiate(&work_, graph, 0), "make a CUDA graph ready");
  }
  ~CudaGraph() override {
    static_cast<void>(cudaStreamSynchronize(stream_));
    static_cast<void>(cudaGraphExecDestroy(work_));
  }
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;

  void replay() override { check(cudaGraphLaunch(work_, stream_), "launch a CUDA graph"); }
  std::size_t launches() const noexcept override { return launches_; }

 private:
  cudaStream_t stream_;
  cudaGraphExec_t work_ = nullptr;
  std::size_t launches_ = 0;
};

class CudaMark final : public StreamMark {
 public:
  explicit CudaMark(cudaStream_t stream) {
    check(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "mark a point in a stream");
    if (const cudaError_t status = cudaEventRecord(event_, stream); status != cudaSuccess) {
      static_cast<void>(cudaEventDestroy(event_));
      check(status, "mark a point in a stream");
    }
  }
  ~CudaMark() override { static_cast<void>(cudaEventDestroy(event_)); }

  void* handle() const noexcept override { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

class CudaStream final : public Stream {
 public:
  explicit CudaStream(int index) : index_(index) {
    select(index);
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "make a stream on the GPU");
  }
  ~CudaStream() override { static_cast<void>(cudaStreamDestroy(stream_)); }

  void* handle() const noexcept override { return stream_; }
  void wait() override {
    refuse_while_recording("wait for the GPU");
    check(cudaStreamSynchronize(stream_), "wait for the GPU");
  }
  void copy(void* destination, const void* source, std::size_t bytes) override {
    if (!bytes) return;
    refuse_while_recording("copy between host and GPU");
    check(cudaMemcpyAsync(destination, source, bytes, cudaMemcpyDefault, stream_), "copy between host and GPU");
    wait();
  }

  std::shared_ptr<StreamMark> mark() override {
    refuse_while_recording("mark a point in a stream");
    return std::make_shared<CudaMark>(stream_);
  }
  void wait_for(const StreamMark* mark) override {
    refuse_while_recording("wait for a stream");
    select(index_);
    if (mark) check(cudaStreamWaitEvent(stream_, static_cast<cudaEvent_t>(mark->handle()), 0), "wait for a stream");
  }
  void queue_copy(void* destination, const void* source, std::size_t bytes) override {
    if (bytes) check(cudaMemcpyAsync(destination, source, bytes, cudaMemcpyDefault, stream_), "copy on the GPU");
  }
  bool is_done() override {
    const cudaError_t status = cudaStreamQuery(stream_);
    if (status == cudaErrorNotReady) {
      static_cast<void>(cudaGetLastError());
      return false;
    }
    check(status, "ask whether the GPU is done");
    return true;
  }

  bool records() const noexcept override { return true; }
  // Other threads may go on using the device.
  void begin_recording() override {
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "begin to record a CUDA graph");
    recording_ = true;
  }
  std::unique_ptr<RecordedWork> end_recording() override {
    recording_ = false;
    cudaGraph_t graph = nullptr;
    if (cudaStreamEndCapture(stream_, &graph) != cudaSuccess || !graph) {
      static_cast<void>(cudaGetLastError());
      return nullptr;
    }
    const std::unique_ptr<std::remove_pointer_t<cudaGraph_t>, decltype(&cudaGraphDestroy)> owner(graph,
                                                                                                 &cudaGraphDestroy);
    return std::make_unique<CudaGraph>(graph, stream_);
  }

 private:
  void refuse_while_recording(const char* intention) const {
    if (recording_)
      throw Failure(ErrorKind::internal, intention,
                    "work that is being recorded does not reach the host or other streams");
  }

  int index_;
  cudaStream_t stream_ = nullptr;
  bool recording_ = false;
};

class CudaSource final : public BlockSource {
 public:
  CudaSource(int index, std::shared_ptr<Stream> stream) : index_(index), stream_(std::move(stream)) { select(index); }

  void* take(std::size_t bytes) override {
    select(index_);
    void* data = nullptr;
    const cudaError_t status = cudaMalloc(&data, bytes);
    if (status == cudaErrorMemoryAllocation) {
      static_cast<void>(cudaGetLastError());
      return nullptr;
    }
    check(status, "allocate memory on the GPU");
    return data;
  }
  // Freeing need not wait for a stream of our own, so the queue is emptied first.
  void give_back(void* data, std::size_t) noexcept override {
    static_cast<void>(cudaStreamSynchronize(static_cast<cudaStream_t>(stream_->handle())));
    static_cast<void>(cudaFree(data));
  }
  Device device() const noexcept override { return {DeviceKind::cuda, index_}; }

 private:
  int index_;
  std::shared_ptr<Stream> stream_;
};

}  // namespace

std::shared_ptr<Stream> make_cuda_stream(int index) { return std::make_shared<CudaStream>(index); }

// Asking would make a context on whatever device is the thread's.
bool is_cuda_memory(const void* data, int index) {
  select(index);
  cudaPointerAttributes attributes{};
  check(cudaPointerGetAttributes(&attributes, data), "ask where numbers lie");
  return attributes.type == cudaMemoryTypeDevice || attributes.type == cudaMemoryTypeManaged;
}

std::unique_ptr<BlockSource> make_cuda_source(int index, std::shared_ptr<Stream> stream) {
  return std::make_unique<CudaSource>(index, std::move(stream));
}

}  // namespace athanor
