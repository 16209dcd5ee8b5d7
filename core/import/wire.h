// The fields of a protobuf message, one after the other, without its schema. Source: protobuf.dev, "Encoding". Values
// into the bytes they were made of; nothing throws.
#pragma once

#include <cstdint>
#include <string_view>

namespace athanor::imports {

struct WireField {
  std::uint32_t number = 0;
  enum class Kind : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 } kind = Kind::varint;
  std::uint64_t value = 0;  // of the three kinds of numbers
  std::string_view bytes;   // of texts, messages and packed numbers

  // The number as another type has it; 0 or empty where the kind does not fit.
  [[nodiscard]] double as_double() const noexcept;
  [[nodiscard]] double as_float() const noexcept;
  [[nodiscard]] std::int64_t as_integer() const noexcept;  // int32, int64, bool, enum
  [[nodiscard]] std::int64_t as_zigzag() const noexcept;   // sint64
};

class Wire {
 public:
  explicit Wire(std::string_view message) : rest_(message) {}
  // False at the end, and where what follows is no field.
  bool next(WireField& field) noexcept;
  [[nodiscard]] bool is_damaged() const noexcept { return damaged_; }

 private:
  bool varint(std::uint64_t& value) noexcept;
  bool fixed(std::size_t bytes, std::uint64_t& value) noexcept;
  std::string_view rest_;
  bool damaged_ = false;
};

}  // namespace athanor::imports
