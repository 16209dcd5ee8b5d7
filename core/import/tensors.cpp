#include "core/import/tensors.h"

#include "core/import/wire.h"
#include "core/journal/codec.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace athanor::imports {
namespace {

// Numbers of DataType.
enum Type : std::int64_t {
  f32 = 1,
  f64 = 2,
  i32 = 3,
  u8 = 4,
  i16 = 5,
  i8 = 6,
  i64 = 9,
  boolean = 10,
  bf16 = 14,
  u16 = 17,
  f16 = 19,
  u32 = 22,
  u64 = 23
};

double half(std::uint16_t bits) {
  const int exponent = (bits >> 10U) & 31U;
  const double fraction = bits & 1023U;
  const double sign = (bits >> 15U) != 0 ? -1.0 : 1.0;
  if (exponent == 31)
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024.0 + fraction, exponent - 25);
}

double brain(std::uint16_t bits) {
  return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U));
}

// Of `tensor_content`: exactly one element, little-endian.
template <class T>
std::optional<double> one(std::string_view bytes) {
  if (bytes.size() != sizeof(T)) return std::nullopt;
  return static_cast<double>(journal::get<T>(bytes, 0));
}

std::optional<double> in_content(std::int64_t type, std::string_view bytes) {
  switch (type) {
    case f32: return one<float>(bytes);
    case f64: return one<double>(bytes);
    case i32: return one<std::int32_t>(bytes);
    case u8:
    case boolean: return one<std::uint8_t>(bytes);
    case i16: return one<std::int16_t>(bytes);
    case i8: return one<std::int8_t>(bytes);
    case i64: return one<std::int64_t>(bytes);
    case u16: return one<std::uint16_t>(bytes);
    case u32: return one<std::uint32_t>(bytes);
    case u64: return one<std::uint64_t>(bytes);
    case f16: return bytes.size() == 2 ? std::optional(half(journal::get<std::uint16_t>(bytes, 0))) : std::nullopt;
    case bf16: return bytes.size() == 2 ? std::optional(brain(journal::get<std::uint16_t>(bytes, 0))) : std::nullopt;
    default: return std::nullopt;
  }
}

bool is_number(std::int64_t type) {
  switch (type) {
    case f32:
    case f64:
    case i32:
    case u8:
    case i16:
    case i8:
    case i64:
    case boolean:
    case bf16:
    case u16:
    case f16:
    case u32:
    case u64: return true;
    default: return false;
  }
}

// One element of a repeated field: alone, or packed.
std::optional<double> in_field(std::int64_t type, const WireField& field) {
  if (field.kind == WireField::Kind::bytes && (type == f32 || type == f64)) return in_content(type, field.bytes);
  if (type == f32) return field.kind == WireField::Kind::fixed32 ? std::optional(field.as_float()) : std::nullopt;
  if (type == f64) return field.kind == WireField::Kind::fixed64 ? std::optional(field.as_double()) : std::nullopt;
  std::uint64_t bits = field.value;
  if (field.kind == WireField::Kind::bytes) {
    // Packed varints are read as fields of a message that are all of number 1.
    std::string message;
    message += '\x08';
    message += field.bytes;
    Wire wire(message);
    WireField only, more;
    if (!wire.next(only) || only.kind != WireField::Kind::varint || wire.next(more) || wire.is_damaged())
      return std::nullopt;
    bits = only.value;
  } else if (field.kind != WireField::Kind::varint) {
    return std::nullopt;
  }
  if (type == f16) return half(static_cast<std::uint16_t>(bits));
  if (type == bf16) return brain(static_cast<std::uint16_t>(bits));
  if (type == u64) return static_cast<double>(bits);
  return static_cast<double>(static_cast<std::int64_t>(bits));
}

// Where numbers of this type stand.
std::uint32_t field_of(std::int64_t type) {
  switch (type) {
    case f32: return 5;
    case f64: return 6;
    case i64: return 10;
    case boolean: return 11;
    case f16:
    case bf16: return 13;
    case u32: return 16;
    case u64: return 17;
    default: return 7;  // int_val holds the small ones
  }
}

// Of a TensorShapeProto: no dimension but such of size 1.
bool is_scalar(std::string_view shape) {
  Wire wire(shape);
  WireField dimension;
  while (wire.next(dimension)) {
    if (dimension.number != 2) continue;
    Wire inside(dimension.bytes);
    WireField size;
    while (inside.next(size))
      if (size.number == 1 && size.as_integer() != 1) return false;
  }
  return !wire.is_damaged();
}

}  // namespace

std::optional<double> only_number(std::string_view tensor) {
  std::int64_t type = 0;
  std::optional<double> value;
  Wire wire(tensor);
  WireField field;
  while (wire.next(field)) {
    if (field.number == 1) type = field.as_integer();
    if (field.number == 2 && !is_scalar(field.bytes)) return std::nullopt;
  }
  if (wire.is_damaged() || !is_number(type)) return std::nullopt;
  Wire again(tensor);
  while (again.next(field)) {
    const bool is_content = field.number == 4 && !field.bytes.empty();
    if (!is_content && field.number != field_of(type)) continue;
    if (value) return std::nullopt;  // one more
    value = is_content ? in_content(type, field.bytes) : in_field(type, field);
    if (!value) return std::nullopt;
  }
  return value ? value : std::optional(0.0);  // zeros need not be written
}

}  // namespace athanor::imports
