#include "core/memory/block_source.h"
#include "kernels/base/error.h"

#include <cstring>

namespace athanor {

namespace {

[[noreturn]] void throw_no_cuda() {
  throw Failure(ErrorKind::unavailable, "use a CUDA device", "this build holds no CUDA kernels",
                "Configure with -DATH_CUDA=ON, or set train.device to cpu");
}

}  // namespace

std::unique_ptr<BlockSource> make_cuda_source(int) { throw_no_cuda(); }

void copy_bytes(void* destination, Device to, const void* source, Device from, std::size_t bytes) {
  if (to.kind == DeviceKind::cuda || from.kind == DeviceKind::cuda) throw_no_cuda();
  if (bytes) std::memcpy(destination, source, bytes);
}

}  // namespace athanor
