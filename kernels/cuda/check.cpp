#include "kernels/cuda/check.h"

#include "kernels/base/error.h"

#include <string>

namespace athanor::kernels::cuda {

namespace {

ErrorKind kind_of(cudaError_t code) {
  switch (code) {
    case cudaErrorMemoryAllocation: return ErrorKind::out_of_memory;
    case cudaErrorNoDevice:
    case cudaErrorInsufficientDriver:
    case cudaErrorInvalidDevice:
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorSystemDriverMismatch: return ErrorKind::unavailable;
    default: return ErrorKind::internal;
  }
}

std::string remedy_for(cudaError_t code) {
  switch (code) {
    case cudaErrorMemoryAllocation: return "Make data.batch_size smaller, or free the device of other programs";
    case cudaErrorNoKernelImageForDevice:
      return "Add the device's architecture to ATH_CUDA_ARCHITECTURES and build again";
    case cudaErrorInsufficientDriver:
    case cudaErrorSystemDriverMismatch: return "Update the NVIDIA driver, or use the device cpu";
    case cudaErrorNoDevice:
    case cudaErrorInvalidDevice: return "Use the device cpu, or name a device that nvidia-smi lists";
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchFailure:
    case cudaErrorMisalignedAddress:
      return "This may come from an operation queued earlier; run with CUDA_LAUNCH_BLOCKING=1 to see which";
    default: return {};
  }
}

std::string describe(const CallSite& site, const std::string& code, const std::string& meaning) {
  int device = -1;
  static_cast<void>(cudaGetDevice(&device));
  static_cast<void>(cudaGetLastError());  // the sticky error is reported here, once
  return std::string(site.expression) + " gave " + code + " (" + meaning + ") in " + site.function + ", " + site.file +
         ":" + std::to_string(site.line) + ", on device " + std::to_string(device);
}

std::string intention(const CallSite& site) { return std::string("run ") + site.op + " on a CUDA device"; }

}  // namespace

void raise(const CallSite& site, cudaError_t code) {
  throw Failure(kind_of(code), intention(site), describe(site, cudaGetErrorName(code), cudaGetErrorString(code)),
                remedy_for(code));
}

void raise(const CallSite& site, cublasStatus_t code) {
  const auto kind = code == CUBLAS_STATUS_ALLOC_FAILED      ? ErrorKind::out_of_memory
                    : code == CUBLAS_STATUS_NOT_INITIALIZED ? ErrorKind::unavailable
                                                            : ErrorKind::internal;
  throw Failure(kind, intention(site), describe(site, cublasLtGetStatusName(code), cublasLtGetStatusString(code)));
}

}  // namespace athanor::kernels::cuda
