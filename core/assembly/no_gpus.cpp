#include "core/assembly/gpus.h"

namespace athanor::runner {

std::vector<Gpu> gpus() { return {}; }

std::string why_no_gpu() { return "this build holds no CUDA kernels (configure with -DATH_CUDA=ON)"; }

}  // namespace athanor::runner
