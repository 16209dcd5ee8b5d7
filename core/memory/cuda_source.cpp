#include "core/memory/block_source.h"
#include "kernels/base/error.h"

#include <cstring>
#include <cuda_runtime_api.h>
#include <string>

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

class CudaSource final : public BlockSource {
 public:
  explicit CudaSource(int index) : index_(index) { check(cudaSetDevice(index), "select the CUDA device"); }

  void* take(std::size_t bytes) override {
    check(cudaSetDevice(index_), "select the CUDA device");
    void* data = nullptr;
    const cudaError_t status = cudaMalloc(&data, bytes);
    if (status == cudaErrorMemoryAllocation) {
      static_cast<void>(cudaGetLastError());
      return nullptr;
    }
    check(status, "allocate memory on the GPU");
    return data;
  }
  void give_back(void* data, std::size_t) noexcept override { static_cast<void>(cudaFree(data)); }
  Device device() const noexcept override { return {DeviceKind::cuda, index_}; }

 private:
  int index_;
};

}  // namespace

std::unique_ptr<BlockSource> make_cuda_source(int index) { return std::make_unique<CudaSource>(index); }

void copy_bytes(void* destination, Device to, const void* source, Device from, std::size_t bytes) {
  if (!bytes) return;
  if (to.kind == DeviceKind::cpu && from.kind == DeviceKind::cpu) {
    std::memcpy(destination, source, bytes);
    return;
  }
  check(cudaMemcpy(destination, source, bytes, cudaMemcpyDefault), "copy between host and GPU");
}

}  // namespace athanor
