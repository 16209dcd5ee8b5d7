// How one pass of a layer's product is computed. Includes nothing above std.
#pragma once

#include <array>
#include <cstdint>

namespace athanor::precision {

// stream is the format of the activations themselves.
enum class PassFormat : std::uint8_t { stream, f16, f8_delayed, f8_tensor, f8_block };
inline constexpr std::array<const char*, 5> kPassFormatNames = {"stream", "fp16", "fp8-delayed", "fp8-tensor",
                                                                "fp8-block"};
inline constexpr std::size_t kPassFormatCount = kPassFormatNames.size();
[[nodiscard]] constexpr bool is_fp8(PassFormat format) noexcept { return format >= PassFormat::f8_delayed; }

// Forward multiplies activations by weights, backward the gradient by both.
enum class Pass : std::uint8_t { forward, backward };
inline constexpr int kPassCount = 2;
using PassFormats = std::array<PassFormat, kPassCount>;
[[nodiscard]] constexpr const char* to_string(Pass pass) noexcept {
  return pass == Pass::forward ? "forward" : "backward";
}

}  // namespace athanor::precision
