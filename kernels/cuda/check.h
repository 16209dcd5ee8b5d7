// Turns the status codes of CUDA and cuBLASLt into Failure: what was called, where, on which device, for which op.
//
// A failed check clears the runtime's sticky error first, so that the next call reports its own. Errors of kernels that
// are still running surface at a later check; the text says so where that is possible.
#pragma once

#include <cublasLt.h>
#include <cuda_runtime_api.h>

namespace athanor::kernels::cuda {

struct CallSite {
  const char* op;
  const char* expression;
  const char* function;
  const char* file;
  int line;
};

// Throws Failure: out_of_memory for a failed allocation, unavailable without a usable device or driver, else internal.
[[noreturn]] void raise(const CallSite& site, cudaError_t code);
[[noreturn]] void raise(const CallSite& site, cublasStatus_t code);

}  // namespace athanor::kernels::cuda

#define ATH_CUDA_CHECK_AS(success, op, ...)                                                                         \
  do {                                                                                                              \
    if (const auto ath_code = (__VA_ARGS__); ath_code != (success))                                                 \
      ::athanor::kernels::cuda::raise({(op), #__VA_ARGS__, static_cast<const char*>(__func__), __FILE__, __LINE__}, \
                                      ath_code);                                                                    \
  } while (false)
#define ATH_CUDA_CHECK(op, ...) ATH_CUDA_CHECK_AS(cudaSuccess, op, __VA_ARGS__)
#define ATH_CUBLAS_CHECK(op, ...) ATH_CUDA_CHECK_AS(CUBLAS_STATUS_SUCCESS, op, __VA_ARGS__)
