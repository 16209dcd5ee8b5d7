#include "kernels/cuda/map.cuh"
#include "kernels/ops/elementwise/axpby.h"

namespace athanor::kernels {

namespace {

struct Scale {
  float alpha;
  __device__ float operator()(std::int64_t, float x) const { return alpha * x; }
};

struct ScaleAndAdd {
  float alpha, beta;
  __device__ float operator()(std::int64_t, float x, float y) const { return alpha * x + beta * y; }
};

}  // namespace

void axpby_cuda(const Exec& exec, const AxpbyArgs& args) {
  const std::int64_t elements = args.y.numel();
  cuda::with_storage(args.x.dtype, [&]<class X>() {
    cuda::with_storage(args.y.dtype, [&]<class Y>() {
      const X* x = args.x.as<const X>();
      Y* y = args.y.as<Y>();
      if (args.beta == 0.0f) return cuda::map(exec, "axpby", elements, Scale{args.alpha}, y, x);
      cuda::map(exec, "axpby", elements, ScaleAndAdd{args.alpha, args.beta}, y, x, static_cast<const Y*>(y));
    });
  });
}

}  // namespace athanor::kernels
