#include "core/journal/codec.h"

#include "core/journal/fields.h"

#include <array>
#include <bit>
#include <type_traits>

namespace athanor::journal {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the format is little-endian and written as it lies in memory");

// How many bytes of a well-formed UTF-8 character begin at `text`; 0 when none does.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 && first <= 0xF4  ? 4
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xC2 && first < 0xE0 ? 2
                                                             : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  // Overlong forms, surrogates and code points beyond U+10FFFF.
  if (first == 0xE0 && byte(1) < 0xA0) return 0;
  if (first == 0xED && byte(1) > 0x9F) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

struct Encoder {
  std::string& out;

  template <class T>
  void operator()(const char*, const T& value) {
    put_value(value);
  }

  template <class T>
  requires std::is_arithmetic_v<T>
  void put_value(T value) { put(out, value); }
  template <class T>
  requires std::is_enum_v<T>
  void put_value(T value) { put(out, static_cast<std::uint8_t>(value)); }
  void put_value(bool value) { put(out, static_cast<std::uint8_t>(value)); }
  void put_value(const std::string& value) { put_text(out, value); }
  template <class T>
  void put_value(const std::vector<T>& values) {
    put(out, static_cast<std::uint32_t>(values.size()));
    for (const T& value : values) put_value(value);
  }
  void put_value(const std::pair<std::string, double>& value) {
    put_text(out, value.first);
    put(out, value.second);
  }
  void put_value(const RetrievalHit& value) {
    std::string inner;
    Encoder nested{inner};
    visit_fields(nested, value);
    put(out, static_cast<std::uint32_t>(inner.size()));
    out += inner;
  }
};

struct Decoder {
  std::string_view bytes;
  bool good = true;

  template <class T>
  void operator()(const char*, T& value) {
    if (good && !bytes.empty()) take(value);  // a missing trailing field keeps its default
  }

  bool has(std::size_t size) {
    good = good && bytes.size() >= size;
    return good;
  }
  template <class T>
  requires std::is_arithmetic_v<T>
  void take(T& value) {
    if (!has(sizeof(T))) return;
    value = get<T>(bytes, 0);
    bytes.remove_prefix(sizeof(T));
  }
  void take(bool& value) {
    std::uint8_t byte = 0;
    take(byte);
    value = byte != 0;
  }
  static constexpr std::uint8_t last_of(RunState) { return static_cast<std::uint8_t>(RunState::failed); }
  static constexpr std::uint8_t last_of(SpanKind) { return static_cast<std::uint8_t>(SpanKind::idle); }
  static constexpr std::uint8_t last_of(Severity) { return static_cast<std::uint8_t>(Severity::error); }
  template <class T>
  requires std::is_enum_v<T>
  void take(T& value) {
    std::uint8_t byte = 0;
    take(byte);
    if (byte > last_of(T{})) good = false;
    if (good) value = static_cast<T>(byte);
  }
  void take(std::string& value) {
    std::uint32_t size = 0;
    take(size);
    if (!has(size)) return;
    value.assign(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  void take(std::pair<std::string, double>& value) {
    take(value.first);
    take(value.second);
  }
  void take(RetrievalHit& value) {
    std::string inner;
    take(inner);
    Decoder nested{inner};
    visit_fields(nested, value);
    good = good && nested.good;
  }
  template <class T>
  void take(std::vector<T>& values) {
    std::uint32_t count = 0;
    take(count);
    if (!has(count)) return;  // every element has at least one byte: a wild count cannot claim memory
    values.clear();
    for (std::uint32_t i = 0; i < count && good; ++i) take(values.emplace_back());
  }
};

constexpr std::array<FrameType, std::variant_size_v<Payload>> kTypes = {FrameType::state_changed,
                                                                        FrameType::metrics,
                                                                        FrameType::span,
                                                                        FrameType::device_sample,
                                                                        FrameType::retrieval_sample,
                                                                        FrameType::evaluation,
                                                                        FrameType::checkpoint_written,
                                                                        FrameType::precision_decision,
                                                                        FrameType::prediction_made,
                                                                        FrameType::prediction_checked,
                                                                        FrameType::alert,
                                                                        FrameType::fault_seen,
                                                                        FrameType::recovery,
                                                                        FrameType::log_line,
                                                                        FrameType::precision_change,
                                                                        FrameType::straggler_seen,
                                                                        FrameType::work_shifted};

template <std::size_t I = 0>
std::optional<Payload> decode_alternative(std::size_t index, std::string_view bytes) {
  if constexpr (I < std::variant_size_v<Payload>) {
    if (index != I) return decode_alternative<I + 1>(index, bytes);
    std::variant_alternative_t<I, Payload> value;
    Decoder decoder{bytes};
    visit_fields(decoder, value);
    if (decoder.good) return Payload(std::move(value));
  }
  return std::nullopt;
}

}  // namespace

void put_text(std::string& out, std::string_view text) {
  const std::size_t size_at = out.size();
  put(out, std::uint32_t{0});
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    out += length > 0 ? text.substr(0, length) : std::string_view("\xEF\xBF\xBD");
    text.remove_prefix(length > 0 ? length : 1);
  }
  const auto size = static_cast<std::uint32_t>(out.size() - size_at - sizeof(std::uint32_t));
  out.replace(size_at, sizeof size, reinterpret_cast<const char*>(&size), sizeof size);
}

FrameType frame_type(const Payload& payload) noexcept { return kTypes[payload.index()]; }

std::string encode(const Payload& payload) {
  std::string out;
  Encoder encoder{out};
  std::visit([&](const auto& value) { visit_fields(encoder, value); }, payload);
  return out;
}

std::optional<Payload> decode(FrameType type, std::string_view bytes) {
  for (std::size_t index = 0; index < kTypes.size(); ++index) {
    if (kTypes[index] == type) return decode_alternative(index, bytes);
  }
  return std::nullopt;
}

}  // namespace athanor::journal
