#include "core/comm/coded_format.h"

#include "kernels/ops/quant/cast.h"
#include "kernels/ops/quant/quantize.h"
#include "kernels/ops/quant/scale_search.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>

namespace athanor::comm {
namespace {

constexpr std::array kFormats{WireFormat::f32, WireFormat::bf16, WireFormat::fp8, WireFormat::int8};
constexpr std::uint32_t kSpoiled = 0xFFFFFFFF;  // NaN as f32, twice as bf16

constexpr std::int64_t kRows = 32;  // blocks at a time

View numbers_view(const float* numbers, const Shape& shape) { return {const_cast<float*>(numbers), DType::f32, shape}; }

// Up to kRows blocks of an eight-bit packet, as a matrix whose rows have a scale each.
struct Rows {
  View codes, numbers, scales;
  std::uint16_t* wire_scales;  // of bf16
};

// Calls run(rows) for numbers [begin, begin + count) of a packet of `room`; a last block that is not whole stands
// alone.
template <class Run>
void for_rows(WireFormat format, std::byte* packet, std::int64_t room, std::int64_t begin, std::int64_t count,
              const float* numbers, Run run) {
  std::byte* codes = packet + (wire_bytes(format, room) - room) + begin;
  const std::int64_t block = wire_block(format);
  auto* scales = reinterpret_cast<std::uint16_t*>(packet) + begin / block;
  const DType dtype = format == WireFormat::int8 ? DType::i8 : DType::f8_e4m3;
  std::array<float, kRows> wide{};
  for (std::int64_t at = 0; at < count;) {
    const std::int64_t blocks = std::min((count - at) / block, kRows);
    const Shape shape = blocks > 0 ? Shape{blocks, block} : Shape{1, count - at};
    run(Rows{View(codes + at, dtype, shape), numbers_view(numbers + at, shape),
             View(wide.data(), DType::f32, Shape{shape[0], 1}), scales + at / block});
    at += shape.numel();
  }
}

// To bf16, never below: so that nothing saturates.
void round_scales_up(const View& scales) {
  for (float& scale : std::span(scales.as<float>(), static_cast<std::size_t>(scales.numel())))
    scale = std::bit_cast<float>((std::bit_cast<std::uint32_t>(scale) + 0xFFFFu) & 0xFFFF0000u);
}

void quantize_rows(const Rows& rows) {
  kernels::QuantizeArgs args{.x = rows.numbers,
                             .grouping = kernels::Grouping::row,
                             .format = rows.codes.dtype,
                             .power_of_two = false,
                             .scales = rows.scales};
  kernels::quantize({}, args);
  round_scales_up(rows.scales);
  if (rows.codes.dtype == DType::f8_e4m3) kernels::scale_search({}, {.x = rows.numbers, .scales = rows.scales});
  for (std::int64_t i = 0; i < rows.scales.numel(); ++i)
    rows.wire_scales[i] = BFloat16::encode(rows.scales.as<float>()[i]);
  args.given_scale = true;
  args.codes = rows.codes;
  kernels::quantize({}, args);
}

void dequantize_rows(const Rows& rows) {
  for (std::int64_t i = 0; i < rows.scales.numel(); ++i)
    rows.scales.as<float>()[i] = BFloat16::decode(rows.wire_scales[i]);
  kernels::dequantize(
      {}, {.codes = rows.codes, .scales = rows.scales, .grouping = kernels::Grouping::row, .y = rows.numbers});
}

}  // namespace

const char* to_string(WireFormat format) noexcept {
  switch (format) {
    case WireFormat::f32: return "f32";
    case WireFormat::bf16: return "bf16";
    case WireFormat::fp8: return "fp8";
    case WireFormat::int8: return "int8";
  }
  return "?";
}

std::optional<WireFormat> wire_format_named(std::string_view name) noexcept {
  for (const WireFormat format : kFormats) {
    if (name == to_string(format)) return format;
  }
  return std::nullopt;
}

void Packet::write(std::int64_t begin, std::int64_t count, const float* numbers) const {
  if (count == 0) return;
  switch (format_) {
    case WireFormat::f32: std::memcpy(bytes_ + 4 * begin, numbers, static_cast<std::size_t>(4 * count)); return;
    case WireFormat::bf16:
      return kernels::cast(
          {}, {.x = numbers_view(numbers, Shape{count}), .y = View(bytes_ + 2 * begin, DType::bf16, Shape{count})});
    case WireFormat::fp8:
    case WireFormat::int8: break;
  }
  for_rows(format_, bytes_, count_, begin, count, numbers, quantize_rows);
}

void Packet::read(std::int64_t begin, std::int64_t count, float* numbers) const {
  if (count == 0) return;
  switch (format_) {
    case WireFormat::f32: std::memcpy(numbers, bytes_ + 4 * begin, static_cast<std::size_t>(4 * count)); return;
    case WireFormat::bf16:
      return kernels::cast(
          {}, {.x = View(bytes_ + 2 * begin, DType::bf16, Shape{count}), .y = numbers_view(numbers, Shape{count})});
    case WireFormat::fp8:
    case WireFormat::int8: break;
  }
  for_rows(format_, bytes_, count_, begin, count, numbers, dequantize_rows);
}

void Packet::open() const { std::memset(bytes_, 0, sizeof kSpoiled); }

void Packet::spoil() const { std::memcpy(bytes_, &kSpoiled, sizeof kSpoiled); }

bool Packet::spoiled() const { return std::memcmp(bytes_, &kSpoiled, sizeof kSpoiled) == 0; }

}  // namespace athanor::comm
