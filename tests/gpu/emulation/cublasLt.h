// The status codes that checks speak of; products themselves are emulated one level higher, in product_emulated.cpp.
#pragma once

enum cublasStatus_t {
  CUBLAS_STATUS_SUCCESS = 0,
  CUBLAS_STATUS_NOT_INITIALIZED,
  CUBLAS_STATUS_ALLOC_FAILED,
};

inline const char* cublasLtGetStatusName(cublasStatus_t) { return "CUBLAS_STATUS"; }
inline const char* cublasLtGetStatusString(cublasStatus_t) { return "emulated"; }
