// The header of a safetensors file as values. Private to the reader.
#pragma once

#include "core/checkpoint/safetensors.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::checkpoint {

// Why a header cannot be believed; thrown to SafetensorsReader::open().
struct HeaderRefused {
  std::string reason;
};

struct SafetensorsHeader {
  std::vector<ArrayEntry> arrays;  // in the order of their bytes
  std::map<std::string, std::string> metadata;
};

// Reads the JSON `text` without ever building more than the entries themselves, and checks them against the
// `data_bytes` that stand behind the header. Throws HeaderRefused.
[[nodiscard]] SafetensorsHeader parse_safetensors_header(std::string_view text, std::int64_t data_bytes);

// The numbers of `bytes`, of any type: narrow floats widened exactly, F64 rounded. corrupt when one is too large for a
// float, or a whole number that a float cannot hold exactly; it names the array.
[[nodiscard]] Result<void> to_floats(std::string_view name, std::string_view dtype, std::span<const std::byte> bytes,
                                     std::span<float> out);

// 0 for an unknown type.
[[nodiscard]] std::int64_t bytes_per_element(std::string_view dtype) noexcept;

}  // namespace athanor::checkpoint
