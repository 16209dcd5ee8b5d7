#include "core/comm/combine.h"

#include "kernels/base/error.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace athanor::comm {
namespace {

constexpr std::int64_t kBlock = 1024;  // numbers; two rows of them stay in the first cache

template <class T, Reduce kReduce>
T join(T a, T b) {
  if constexpr (kReduce == Reduce::sum) return a + b;
  if constexpr (std::is_floating_point_v<T>) {
    if (a != a) return a;
    if (b != b) return b;
  }
  return kReduce == Reduce::max ? std::max(a, b) : std::min(a, b);
}

template <class T, Reduce kReduce>
void join_rows(const T* a, const T* b, T* out, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = join<T, kReduce>(a[i], b[i]);
}

// Levels of the tree in turn, a block of numbers at a time: rows[k] is the node k of the level.
template <class T, Reduce kReduce>
void combine_rows(std::span<const std::byte* const> parts, T* out, std::int64_t count) {
  const auto leaves = static_cast<std::int64_t>(parts.size());
  std::vector<T> room(static_cast<std::size_t>((leaves + 1) / 2 * kBlock));
  std::vector<const T*> rows(parts.size());
  for (std::int64_t begin = 0; begin < count; begin += kBlock) {
    const std::int64_t width = std::min(kBlock, count - begin);
    for (std::size_t k = 0; k < parts.size(); ++k) rows[k] = reinterpret_cast<const T*>(parts[k]) + begin;
    for (std::int64_t level = leaves; level > 1; level = (level + 1) / 2) {
      for (std::int64_t k = 0; k + 1 < level; k += 2) {
        // The last sum goes to its place; earlier ones never stand where a row still to be read is.
        T* to = level == 2 ? out + begin : room.data() + k / 2 * kBlock;
        join_rows<T, kReduce>(rows[static_cast<std::size_t>(k)], rows[static_cast<std::size_t>(k + 1)], to, width);
        rows[static_cast<std::size_t>(k / 2)] = to;
      }
      if (level % 2 == 1) rows[static_cast<std::size_t>(level / 2)] = rows[static_cast<std::size_t>(level - 1)];
    }
    if (leaves == 1 && out + begin != rows[0])
      std::memcpy(out + begin, rows[0], static_cast<std::size_t>(width) * sizeof(T));
  }
}

template <class T>
void combine_typed(std::span<const std::byte* const> parts, std::byte* out, std::int64_t count, Reduce reduce) {
  T* to = reinterpret_cast<T*>(out);
  switch (reduce) {
    case Reduce::sum: return combine_rows<T, Reduce::sum>(parts, to, count);
    case Reduce::max: return combine_rows<T, Reduce::max>(parts, to, count);
    case Reduce::min: return combine_rows<T, Reduce::min>(parts, to, count);
  }
}

}  // namespace

void combine(std::span<const std::byte* const> parts, std::byte* out, std::int64_t count, DType dtype, Reduce reduce) {
  switch (dtype) {
    case DType::f32: return combine_typed<float>(parts, out, count, reduce);
    case DType::f64: return combine_typed<double>(parts, out, count, reduce);
    case DType::i32: return combine_typed<std::int32_t>(parts, out, count, reduce);
    case DType::i64: return combine_typed<std::int64_t>(parts, out, count, reduce);
    case DType::u8: return combine_typed<std::uint8_t>(parts, out, count, reduce);
    default: break;
  }
  throw Failure(ErrorKind::internal, "reduce over ranks", std::string("there is no arithmetic on ") + to_string(dtype));
}

Piece piece_of(std::int64_t count, int pieces, int which, std::int64_t grain) noexcept {
  const std::int64_t grains = (count + grain - 1) / grain;
  const auto edge = [&](int k) { return std::min(count, grains * k / pieces * grain); };
  return {edge(which), edge(which + 1) - edge(which)};
}

}  // namespace athanor::comm
