// Events as bytes: the part of a frame behind its stamp. Also how the history keeps occurrences. Pure functions.
#pragma once

#include "core/journal/event.h"
#include "core/journal/format.h"

#include <optional>
#include <string>
#include <string_view>

namespace athanor::journal {

[[nodiscard]] FrameType frame_type(const Payload& payload) noexcept;

// The fields in order. Bytes of a text that are not UTF-8 become U+FFFD. MetricSamples carry their names here.
[[nodiscard]] std::string encode(const Payload& payload);

// Nothing for an unknown type or for bytes that do not hold its fields.
[[nodiscard]] std::optional<Payload> decode(FrameType type, std::string_view bytes);

// Little-endian integers and doubles at the end of, or at a place in, a byte string.
template <class T>
void put(std::string& out, T value) {
  static_assert(std::is_trivially_copyable_v<T>);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <class T>
[[nodiscard]] T get(std::string_view bytes, std::size_t at) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value{};
  bytes.copy(reinterpret_cast<char*>(&value), sizeof value, at);
  return value;
}

void put_text(std::string& out, std::string_view text);

}  // namespace athanor::journal
