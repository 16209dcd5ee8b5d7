// CRC32C (Castagnoli), with the processor's instruction where it has one. Pure; safe on any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace athanor {

// `so_far` is the value of the bytes before; 0 at the start.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t so_far = 0) noexcept;

}  // namespace athanor
