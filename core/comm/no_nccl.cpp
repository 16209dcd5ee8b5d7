#include "core/comm/gpu_links.h"
#include "kernels/base/error.h"

namespace athanor::comm {

std::unique_ptr<GpuLinks> nccl_links(int, std::string) {
  throw Failure(ErrorKind::unavailable, "exchange numbers between GPUs", why_no_nccl(),
                "install NCCL with its header and build again with -DATH_CUDA=ON");
}

std::string why_no_nccl() { return "this build has no NCCL"; }

}  // namespace athanor::comm
