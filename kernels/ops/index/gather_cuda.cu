#include "kernels/cuda/launch.cuh"
#include "kernels/ops/index/gather.h"

namespace athanor::kernels {

namespace {

struct Extent {
  std::int64_t length, count, inner;
  std::int64_t index_outer, index_row, index_inner;  // steps of index; 0 where it is repeated
};

// Elements travel as their bits.
template <class Word>
__global__ void gather_kernel(std::int64_t elements, Extent e, const Word* x, const std::int32_t* index, bool last_only,
                              Word* y) {
  const std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (at >= elements) return;
  const std::int64_t o = at / (e.count * e.inner), j = at / e.inner % e.count, i = at % e.inner;
  const std::int32_t* column = index + o * e.index_outer + i * e.index_inner;
  const std::int32_t mine = column[j * e.index_row];
  bool left_out = false;
  for (std::int64_t later = j + 1; last_only && !left_out && later < e.count; ++later)
    left_out = column[later * e.index_row] == mine;
  y[at] = left_out ? Word{0} : x[(o * e.length + mine) * e.inner + i];
}

}  // namespace

void gather_cuda(const Exec& exec, const GatherArgs& args) {
  const Extent extent{.length = args.x.dim(1),
                      .count = args.y.dim(1),
                      .inner = args.x.dim(2),
                      .index_outer = args.index.dim(0) == 1 ? 0 : args.index.dim(1) * args.index.dim(2),
                      .index_row = args.index.dim(2),
                      .index_inner = args.index.dim(2) == 1 ? 0 : 1};
  const auto run = [&]<class Word>(Word) {
    cuda::launch_kernel(exec, "gather", cuda::per_element(args.y.numel()), gather_kernel<Word>, args.y.numel(), extent,
                        args.x.as<Word>(), args.index.as<std::int32_t>(), args.last_only, args.y.as<Word>());
  };
  size_bits(args.x.dtype) == 16 ? run(std::uint16_t{}) : run(std::uint32_t{});
}

}  // namespace athanor::kernels
