// The formats in which numbers travel between ranks, and the packet that holds a run of them: [scales][codes] for the
// eight-bit ones. Each block of numbers shares a scale of two bytes: with them, 25.2 % of the bytes of f32 in fp8 and
// 25.4 % in int8, whose even grid gains more from small blocks than a logarithmic one. Codes are those of
// kernels/ops/quant; scale = largest magnitude / largest code, up to the next of bf16, and in fp8 that or one
// of four larger ones, whichever rounds the block best (scale_search.h there).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace athanor::comm {

enum class WireFormat : std::uint8_t {
  f32,
  bf16,
  fp8,  // E4M3
  int8
};
[[nodiscard]] const char* to_string(WireFormat format) noexcept;
[[nodiscard]] std::optional<WireFormat> wire_format_named(std::string_view name) noexcept;

// Numbers that share a scale; 1 where none do.
[[nodiscard]] constexpr std::int64_t wire_block(WireFormat format) noexcept {
  return format == WireFormat::fp8 ? 256 : format == WireFormat::int8 ? 128 : 1;
}
inline constexpr std::int64_t kWireStretch = 512;  // a multiple of every block

// Of a packet of `count` numbers.
[[nodiscard]] constexpr std::int64_t wire_bytes(WireFormat format, std::int64_t count) noexcept {
  switch (format) {
    case WireFormat::f32: return 4 * count;
    case WireFormat::bf16: return 2 * count;
    case WireFormat::fp8:
    case WireFormat::int8: break;
  }
  return 2 * ((count + wire_block(format) - 1) / wire_block(format)) + count;
}

// `count` numbers, at least two, in wire_bytes() at `bytes`, which it does not own and which stand at an even address.
class Packet {
 public:
  Packet(WireFormat format, std::int64_t count, std::byte* bytes) : format_(format), count_(count), bytes_(bytes) {}

  // Numbers [begin, begin + count) of the packet, from or to where `numbers` begins; `begin` is a multiple of
  // kWireStretch, and so is `count` except where they are the last that are written.
  void write(std::int64_t begin, std::int64_t count, const float* numbers) const;
  void read(std::int64_t begin, std::int64_t count, float* numbers) const;

  // Tells the receiver that what it was made from cannot be used: four bytes that no packet of finite numbers begins
  // with. open() comes before the first write().
  void open() const;
  void spoil() const;
  [[nodiscard]] bool spoiled() const;

 private:
  WireFormat format_;
  std::int64_t count_;
  std::byte* bytes_;
};

}  // namespace athanor::comm
