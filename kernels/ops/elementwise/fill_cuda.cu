#include "kernels/cuda/map.cuh"
#include "kernels/ops/elementwise/fill.h"

namespace athanor::kernels {

namespace {

struct Constant {
  float value;
  __device__ float operator()(std::int64_t) const { return value; }
};

}  // namespace

void fill_cuda(const Exec& exec, const FillArgs& args) {
  cuda::with_storage(args.y.dtype,
                     [&]<class T>() { cuda::map(exec, "fill", args.y.numel(), Constant{args.value}, args.y.as<T>()); });
}

}  // namespace athanor::kernels
