#include "kernels/base/element.h"

#include "kernels/base/number_format.h"

namespace athanor {

double element(const View& view, std::int64_t offset) {
  switch (view.dtype) {
    case DType::f32: return static_cast<double>(view.as<float>()[offset]);
    case DType::f64: return view.as<double>()[offset];
    case DType::i32: return static_cast<double>(view.as<std::int32_t>()[offset]);
    case DType::i64: return static_cast<double>(view.as<std::int64_t>()[offset]);
    case DType::u8: return static_cast<double>(view.as<std::uint8_t>()[offset]);
    case DType::i8: return static_cast<double>(view.as<std::int8_t>()[offset]);
    case DType::f16: return static_cast<double>(Float16::decode(view.as<std::uint16_t>()[offset]));
    case DType::bf16: return static_cast<double>(BFloat16::decode(view.as<std::uint16_t>()[offset]));
    case DType::f8_e4m3: return static_cast<double>(Float8E4M3::decode(view.as<std::uint8_t>()[offset]));
    case DType::f8_e5m2: return static_cast<double>(Float8E5M2::decode(view.as<std::uint8_t>()[offset]));
    case DType::i4: {
      const int nibble = view.as<std::uint8_t>()[offset / 2] >> (offset % 2 * 4) & 15;
      return static_cast<double>(nibble < 8 ? nibble : nibble - 16);
    }
  }
  return 0.0;
}

}  // namespace athanor
