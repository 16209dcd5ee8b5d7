# Two sources made from the headers of all ops, so that a new op need not be named in them by hand:
#   no_cuda.cpp      stands in for every CUDA kernel in builds without them
#   cuda_twins.inc   ATH_CUDA_TWIN(Args, op) for every CUDA kernel, with the headers; for the op cases of the tests
# What is found in a header is `void <op>_cuda(const Exec& exec, const <Args>& args);` and
# `std::size_t <op>_cuda_workspace_bytes(const <Args>& args);`, each on a line of its own.
get_property(ath_op_headers GLOBAL PROPERTY ATH_OP_HEADERS)
set(ath_includes "")
set(ath_stubs "")
set(ath_twins "")
foreach(header IN LISTS ath_op_headers)
  string(APPEND ath_includes "#include \"${header}\"\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${header})
  file(STRINGS ${CMAKE_SOURCE_DIR}/${header} lines REGEX "_cuda(_workspace_bytes)?\\(")
  foreach(line IN LISTS lines)
    if(line MATCHES "void ([a-z0-9_]+)_cuda\\(const Exec& exec, const ([A-Za-z0-9]+)& args\\)")
      string(APPEND ath_stubs
        "void ${CMAKE_MATCH_1}_cuda(const Exec&, const ${CMAKE_MATCH_2}&) { no_cuda(\"${CMAKE_MATCH_1}\"); }\n")
      string(APPEND ath_twins "ATH_CUDA_TWIN(${CMAKE_MATCH_2}, ${CMAKE_MATCH_1})\n")
    elseif(line MATCHES "size_t ([a-z0-9_]+)_cuda_workspace_bytes\\(const ([A-Za-z0-9]+)& args\\)")
      string(APPEND ath_stubs "std::size_t ${CMAKE_MATCH_1}_cuda_workspace_bytes(const ${CMAKE_MATCH_2}&) "
                              "{ no_cuda(\"${CMAKE_MATCH_1}\"); }\n")
    else()
      message(FATAL_ERROR "${header}: not the form of a CUDA kernel's declaration: ${line}")
    endif()
  endforeach()
endforeach()
file(CONFIGURE OUTPUT no_cuda.cpp CONTENT [=[
#include "kernels/base/error.h"
@ath_includes@
#include <string>

namespace athanor::kernels {
namespace {

[[noreturn]] void no_cuda(const char* op) {
  throw Failure(ErrorKind::unavailable, std::string("run ") + op + " on a CUDA device",
                "this build holds no CUDA kernels", "Configure with -DATH_CUDA=ON, or use the device cpu");
}

}  // namespace

@ath_stubs@
}  // namespace athanor::kernels
]=] @ONLY)
file(CONFIGURE OUTPUT cuda_op_headers.h CONTENT "#pragma once\n@ath_includes@" @ONLY)
file(CONFIGURE OUTPUT cuda_twins.inc CONTENT "@ath_twins@" @ONLY)
set(ATH_OP_TABLE_DIR ${CMAKE_CURRENT_BINARY_DIR} CACHE INTERNAL "where cuda_op_headers.h and cuda_twins.inc are")
