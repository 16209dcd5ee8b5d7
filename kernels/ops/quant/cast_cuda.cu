#include "kernels/base/number_format.h"
#include "kernels/cuda/launch.cuh"
#include "kernels/ops/quant/cast.h"

namespace athanor::kernels {

namespace {

constexpr int kPerThread = 4;

struct Float32 {
  using Code = float;
  __device__ static float decode(float code) { return code; }
  __device__ static float encode(float value) { return value; }
};

template <class Format>
struct Narrow {
  using Code = std::conditional_t<Format::kBits == 8, std::uint8_t, std::uint16_t>;
  __device__ static float decode(Code code) { return Format::decode(code); }
  __device__ static Code encode(float value) { return static_cast<Code>(Format::encode(value)); }
};

template <class From, class To>
__global__ void cast_kernel(std::int64_t elements, const typename From::Code* x, typename To::Code* y) {
  const std::int64_t first = (std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x) * kPerThread;
  for (std::int64_t i = first; i < elements && i < first + kPerThread; ++i) y[i] = To::encode(From::decode(x[i]));
}

// Calls function.operator()<Type>() with the type behind a dtype.
template <class Function>
void with_type(DType dtype, Function&& function) {
  const auto narrow = [&]<class Format>() { function.template operator()<Narrow<Format>>(); };
  if (!with_narrow_format(dtype, narrow)) function.template operator()<Float32>();
}

}  // namespace

void cast_cuda(const Exec& exec, const CastArgs& args) {
  const std::int64_t elements = args.x.numel();
  with_type(args.x.dtype, [&]<class From>() {
    with_type(args.y.dtype, [&]<class To>() {
      cuda::launch_kernel(exec, "cast", cuda::per_element(elements, kPerThread), cast_kernel<From, To>, elements,
                          static_cast<const typename From::Code*>(args.x.as<typename From::Code>()),
                          args.y.as<typename To::Code>());
    });
  });
}

}  // namespace athanor::kernels
