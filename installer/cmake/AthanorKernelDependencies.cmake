# What kernels/ uses, found once.
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED)

# oneDNN: its package file demands an OpenCL development kit that the CPU engine does not use. A build of the kernels
# alone does without it where it is not installed.
find_library(ATH_DNNL dnnl)
if(NOT ATH_DNNL AND NOT ATH_KERNELS_ONLY)
  message(FATAL_ERROR "oneDNN was not found: install libdnnl-dev")
endif()
add_library(ath_dnnl INTERFACE)
if(ATH_DNNL)
  target_link_libraries(ath_dnnl INTERFACE ${ATH_DNNL})
endif()

if(ATH_CUDA)
  find_program(ATH_NVCC nvcc HINTS /usr/local/cuda/bin REQUIRED)
  set(CMAKE_CUDA_COMPILER ${ATH_NVCC})
  set(CMAKE_CUDA_ARCHITECTURES ${ATH_CUDA_ARCHITECTURES})
  set(CMAKE_CUDA_RUNTIME_LIBRARY Shared)  # one runtime in a process, also beside cuBLASLt
  enable_language(CUDA)
  # CMake 3.25 does not know how nvcc is asked for C++20.
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
  find_package(CUDAToolkit REQUIRED)
  # NCCL: without it, what GPUs exchange goes through the host.
  find_path(ATH_NCCL_INCLUDE nccl.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
  find_library(ATH_NCCL nccl HINTS ${CUDAToolkit_LIBRARY_DIR})
endif()
