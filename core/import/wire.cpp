#include "core/import/wire.h"

#include <bit>

namespace athanor::imports {

double WireField::as_double() const noexcept { return kind == Kind::fixed64 ? std::bit_cast<double>(value) : 0.0; }

double WireField::as_float() const noexcept {
  return kind == Kind::fixed32 ? static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(value))) : 0.0;
}

std::int64_t WireField::as_integer() const noexcept {
  return kind == Kind::varint ? static_cast<std::int64_t>(value) : 0;
}

std::int64_t WireField::as_zigzag() const noexcept {
  return kind == Kind::varint ? static_cast<std::int64_t>((value >> 1U) ^ (~(value & 1U) + 1U)) : 0;
}

bool Wire::varint(std::uint64_t& value) noexcept {
  value = 0;
  for (std::size_t i = 0; i < 10 && i < rest_.size(); ++i) {
    const auto byte = static_cast<unsigned char>(rest_[i]);
    if (i == 9 && byte > 1) return false;  // more than 64 bits
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << (7 * i);
    if ((byte & 0x80U) != 0) continue;
    rest_.remove_prefix(i + 1);
    return true;
  }
  return false;
}

bool Wire::fixed(std::size_t bytes, std::uint64_t& value) noexcept {
  if (rest_.size() < bytes) return false;
  value = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
  rest_.remove_prefix(bytes);
  return true;
}

bool Wire::next(WireField& field) noexcept {
  field = {};
  if (rest_.empty() || damaged_) return false;
  std::uint64_t key = 0;
  damaged_ = true;  // unless the field is whole
  if (!varint(key) || key >> 32U != 0 || key >> 3U == 0) return false;
  field.number = static_cast<std::uint32_t>(key >> 3U);
  field.kind = static_cast<WireField::Kind>(key & 7U);
  switch (field.kind) {
    case WireField::Kind::varint:
      if (!varint(field.value)) return false;
      break;
    case WireField::Kind::fixed64:
      if (!fixed(8, field.value)) return false;
      break;
    case WireField::Kind::fixed32:
      if (!fixed(4, field.value)) return false;
      break;
    case WireField::Kind::bytes: {
      std::uint64_t length = 0;
      if (!varint(length) || length > rest_.size()) return false;
      field.bytes = rest_.substr(0, static_cast<std::size_t>(length));
      rest_.remove_prefix(static_cast<std::size_t>(length));
      break;
    }
    default: return false;  // groups, which no tracker writes
  }
  damaged_ = false;
  return true;
}

}  // namespace athanor::imports
