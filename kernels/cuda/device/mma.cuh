// Products of small matrices by one warp on tensor cores: d[16,8] += a[16,16] b[16,8], factors f16 or bf16, sums f32.
//
// With g = lane / 4 and t = lane % 4 a lane holds
//   a  rows g and g + 8, columns 2t, 2t + 1 and the same 8 further: (g, 2t), (g + 8, 2t), (g, 2t + 8), (g + 8, 2t + 8)
//   b  column g, rows 2t, 2t + 1 and the same 8 further
//   d  rows g and g + 8, columns 2t, 2t + 1
// two neighbours to a register, the first in the low half. Source: NVIDIA, PTX ISA, mma.m16n8k16. d of two products
// side by side is a of a third: see as_factor.
#pragma once

#include "kernels/cuda/device/reduce.cuh"
#include "kernels/cuda/device/storage.cuh"

#include <cstdint>
#include <cstring>

namespace athanor::kernels::cuda {

struct FactorA {
  std::uint32_t at[4];
};
struct FactorB {
  std::uint32_t at[2];
};
struct WarpTile {
  float at[4];
};

inline constexpr int kTileColumns = 8, kTileDepth = 16;

__device__ inline int group_of_lane() { return static_cast<int>(threadIdx.x) / 4; }
__device__ inline int place_in_group() { return static_cast<int>(threadIdx.x) % 4; }

template <class T>
__device__ std::uint32_t pack(float low, float high) {
  return std::uint32_t{from_f32<T>(low).bits} | std::uint32_t{from_f32<T>(high).bits} << 16;
}

// Two neighbours, the first on four bytes.
template <class T>
__device__ std::uint32_t pair_at(const T* from) {
#if defined(__CUDA_ARCH__)
  return *reinterpret_cast<const std::uint32_t*>(from);
#else
  std::uint32_t pair = 0;
  std::memcpy(&pair, from, sizeof pair);
  return pair;
#endif
}

// Rows of `kStride` elements; a holds rows [row, row + 16) and columns [column, column + 16) of them.
template <int kStride, class T>
__device__ FactorA load_a(const T* rows, int row, int column) {
  const T* from = rows + (row + group_of_lane()) * kStride + column + 2 * place_in_group();
  return {{pair_at(from), pair_at(from + 8 * kStride), pair_at(from + 8), pair_at(from + 8 * kStride + 8)}};
}

// b is the transpose of rows [row, row + 8), columns [column, column + 16).
template <int kStride, class T>
__device__ FactorB load_b(const T* rows, int row, int column) {
  const T* from = rows + (row + group_of_lane()) * kStride + column + 2 * place_in_group();
  return {{pair_at(from), pair_at(from + 8)}};
}

// b = rows [row, row + 16), columns [column, column + 8) of rows in shared memory, each on 16 bytes. All lanes of the
// warp must call.
template <int kStride, class T>
__device__ FactorB load_b_upright(const T* rows, int row, int column) {
#if defined(__CUDA_ARCH__)
  const T* mine = rows + (row + static_cast<int>(threadIdx.x) % 16) * kStride + column;
  const auto address = static_cast<unsigned>(__cvta_generic_to_shared(mine));
  FactorB b;
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];"
               : "=r"(b.at[0]), "=r"(b.at[1])
               : "r"(address)
               : "memory");
  return b;
#else
  const T* from = rows + (row + 2 * place_in_group()) * kStride + column + group_of_lane();
  const auto below = [&](int down) {
    return std::uint32_t{from[down * kStride].bits} | std::uint32_t{from[(down + 1) * kStride].bits} << 16;
  };
  return {{below(0), below(8)}};
#endif
}

// The sums of two products that lie side by side, rounded, as the left factor of the next.
template <class T>
__device__ FactorA as_factor(const WarpTile& left, const WarpTile& right) {
  return {{pack<T>(left.at[0], left.at[1]), pack<T>(left.at[2], left.at[3]), pack<T>(right.at[0], right.at[1]),
           pack<T>(right.at[2], right.at[3])}};
}

template <class T>
__device__ float half_of(std::uint32_t pair, int half) {
  return to_f32(T{static_cast<std::uint16_t>(pair >> (16 * half))});
}

// All lanes of the warp must call.
template <class T>
__device__ void multiply_add(const FactorA& a, const FactorB& b, WarpTile& d) {
#if defined(__CUDA_ARCH__)
  if constexpr (std::is_same_v<T, Half>)
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d.at[0]), "+f"(d.at[1]), "+f"(d.at[2]), "+f"(d.at[3])
        : "r"(a.at[0]), "r"(a.at[1]), "r"(a.at[2]), "r"(a.at[3]), "r"(b.at[0]), "r"(b.at[1]));
  else
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d.at[0]), "+f"(d.at[1]), "+f"(d.at[2]), "+f"(d.at[3])
        : "r"(a.at[0]), "r"(a.at[1]), "r"(a.at[2]), "r"(a.at[3]), "r"(b.at[0]), "r"(b.at[1]));
#else
  const int group = group_of_lane(), place = place_in_group();
  for (int s = 0; s < 4; ++s) {
    std::uint32_t rows[4], columns[2][2];
    for (int r = 0; r < 4; ++r) rows[r] = __shfl_sync(kAllLanes, a.at[r], group * 4 + s);
    for (int j = 0; j < 2; ++j)
      for (int r = 0; r < 2; ++r) columns[j][r] = __shfl_sync(kAllLanes, b.at[r], (2 * place + j) * 4 + s);
    for (int out = 0; out < 4; ++out)
      for (int deep = 0; deep < 2; ++deep)
        for (int half = 0; half < 2; ++half)
          d.at[out] += half_of<T>(rows[out / 2 + 2 * deep], half) * half_of<T>(columns[out % 2][deep], half);
  }
#endif
}

// Over the four lanes that hold a row of d.
template <class Join>
__device__ float row_reduce(float value) {
  value = Join::join(value, __shfl_xor_sync(kAllLanes, value, 1));
  return Join::join(value, __shfl_xor_sync(kAllLanes, value, 2));
}

}  // namespace athanor::kernels::cuda
