#include "kernels/cuda/map.cuh"
#include "kernels/ops/elementwise/add.h"

namespace athanor::kernels {

namespace {

struct Plus {
  __device__ float operator()(std::int64_t, float a, float b) const { return a + b; }
};

struct PlusRepeated {
  const float* b;
  std::int64_t b_elements;
  __device__ float operator()(std::int64_t i, float a) const { return a + b[i % b_elements]; }
};

}  // namespace

void add_cuda(const Exec& exec, const AddArgs& args) {
  const std::int64_t elements = args.a.numel();
  const float *a = args.a.as<float>(), *b = args.b.as<float>();
  float* y = args.y.as<float>();
  if (args.b.numel() == elements) return cuda::map(exec, "add", elements, Plus{}, y, a, b);
  cuda::map(exec, "add", elements, PlusRepeated{b, args.b.numel()}, y, a);
}

}  // namespace athanor::kernels
