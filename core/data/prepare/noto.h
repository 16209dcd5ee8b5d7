// Drawings out of a colour font that holds bitmaps, found by shaping the characters as a text program would.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace athanor::data {

// Not for concurrent use.
class BitmapFont {
 public:
  [[nodiscard]] static Result<BitmapFont> open(const std::filesystem::path& file);
  ~BitmapFont();
  BitmapFont(BitmapFont&&) noexcept;
  BitmapFont& operator=(BitmapFont&&) = delete;

  // The PNG file of the one glyph that draws these characters; empty when the font has none.
  [[nodiscard]] std::string png(const std::vector<std::uint32_t>& code_points) const;

 private:
  struct Handles;
  explicit BitmapFont(std::unique_ptr<Handles> handles);
  std::unique_ptr<Handles> handles_;
};

}  // namespace athanor::data
