#include "kernels/cpu/convert.h"

#include "kernels/base/number_format.h"
#include "kernels/cpu/convert_avx2.h"
#include "kernels/cpu/isa.h"

#include <array>

namespace athanor::kernels::cpu {

namespace {

template <class Format>
constexpr std::array<float, 256> decoded() {
  std::array<float, 256> table{};
  for (std::uint32_t code = 0; code < 256; ++code) table[code] = Format::decode(code);
  return table;
}

// A byte has few values.
template <class Format>
constexpr std::array<float, 256> kTable = decoded<Format>();

template <class Format>
void widen_run(const void* from, float* to, std::int64_t count) {
  if constexpr (Format::kBits == 8) {
    const auto* codes = static_cast<const std::uint8_t*>(from);
    for (std::int64_t i = 0; i < count; ++i) to[i] = kTable<Format>[codes[i]];
  } else {
    const auto* codes = static_cast<const std::uint16_t*>(from);
    for (std::int64_t i = 0; i < count; ++i) to[i] = Format::decode(codes[i]);
  }
}

template <class Format>
void narrow_run(const float* from, void* to, std::int64_t count) {
  if constexpr (Format::kBits == 8) {
    auto* codes = static_cast<std::uint8_t*>(to);
    for (std::int64_t i = 0; i < count; ++i) codes[i] = static_cast<std::uint8_t>(Format::encode(from[i]));
  } else {
    auto* codes = static_cast<std::uint16_t*>(to);
    for (std::int64_t i = 0; i < count; ++i) codes[i] = static_cast<std::uint16_t>(Format::encode(from[i]));
  }
}

}  // namespace

void widen(DType narrow, const void* from, float* to, std::int64_t count) {
  if (has_avx2()) {
    const auto* const bytes = static_cast<const std::uint8_t*>(from);
    if (narrow == DType::f16) return widen_f16_avx2(static_cast<const std::uint16_t*>(from), to, count);
    if (narrow == DType::bf16) return widen_bf16_avx2(static_cast<const std::uint16_t*>(from), to, count);
    if (narrow == DType::f8_e4m3) return widen_f8_avx2(kFloat8E4M3, kTable<Float8E4M3>.data(), bytes, to, count);
    if (narrow == DType::f8_e5m2) return widen_f8_avx2(kFloat8E5M2, kTable<Float8E5M2>.data(), bytes, to, count);
  }
  with_narrow_format(narrow, [&]<class Format>() { widen_run<Format>(from, to, count); });
}

void narrow(DType narrow, const float* from, void* to, std::int64_t count) {
  if (has_avx2()) switch (narrow) {
      case DType::f16: return narrow_f16_avx2(from, static_cast<std::uint16_t*>(to), count);
      case DType::bf16: return narrow_bf16_avx2(from, static_cast<std::uint16_t*>(to), count);
      case DType::f8_e4m3: return narrow_f8_avx2(kFloat8E4M3, from, static_cast<std::uint8_t*>(to), count);
      case DType::f8_e5m2: return narrow_f8_avx2(kFloat8E5M2, from, static_cast<std::uint8_t*>(to), count);
      default: break;
    }
  with_narrow_format(narrow, [&]<class Format>() { narrow_run<Format>(from, to, count); });
}

}  // namespace athanor::kernels::cpu
