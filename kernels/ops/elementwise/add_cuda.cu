#include "kernels/cuda/map.cuh"
#include "kernels/ops/elementwise/add.h"

namespace athanor::kernels {

namespace {

struct Plus {
  __device__ float operator()(std::int64_t, float a, float b) const { return a + b; }
};

template <class B>
struct PlusRepeated {
  const B* b;
  std::int64_t b_elements;
  __device__ float operator()(std::int64_t i, float a) const { return a + cuda::load(b, i % b_elements); }
};

}  // namespace

void add_cuda(const Exec& exec, const AddArgs& args) {
  const std::int64_t elements = args.a.numel();
  cuda::with_storage(args.a.dtype, [&]<class A>() {
    cuda::with_storage(args.b.dtype, [&]<class B>() {
      const A* a = args.a.as<const A>();
      const B* b = args.b.as<const B>();
      auto* y = args.y.as<A>();
      if (args.b.numel() == elements) return cuda::map(exec, "add", elements, Plus{}, y, a, b);
      cuda::map(exec, "add", elements, PlusRepeated<B>{b, args.b.numel()}, y, a);
    });
  });
}

}  // namespace athanor::kernels
