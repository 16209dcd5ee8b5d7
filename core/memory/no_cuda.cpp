#include "core/memory/block_source.h"
#include "core/memory/stream.h"
#include "kernels/base/error.h"

namespace athanor {

namespace {

[[noreturn]] void throw_no_cuda() {
  throw Failure(ErrorKind::unavailable, "use a CUDA device", "this build holds no CUDA kernels",
                "Configure with -DATH_CUDA=ON, or set train.device to cpu");
}

}  // namespace

std::shared_ptr<Stream> make_cuda_stream(int) { throw_no_cuda(); }

bool is_cuda_memory(const void*, int) { return false; }

std::unique_ptr<BlockSource> make_cuda_source(int, std::shared_ptr<Stream>) { throw_no_cuda(); }

}  // namespace athanor
