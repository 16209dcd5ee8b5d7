#include "core/data/prepare/noto.h"

#include <hb-ot.h>
#include <hb.h>

#include <algorithm>
#include <iterator>

namespace athanor::data {

struct BitmapFont::Handles {
  hb_face_t* face = nullptr;
  hb_font_t* font = nullptr;
  hb_buffer_t* buffer = nullptr;
  ~Handles() {
    hb_buffer_destroy(buffer);
    hb_font_destroy(font);
    hb_face_destroy(face);
  }
};

BitmapFont::BitmapFont(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}
BitmapFont::BitmapFont(BitmapFont&&) noexcept = default;
BitmapFont::~BitmapFont() = default;

Result<BitmapFont> BitmapFont::open(const std::filesystem::path& file) {
  hb_blob_t* blob = hb_blob_create_from_file_or_fail(file.c_str());
  if (blob == nullptr) {
    return fail(ErrorKind::invalid_input, "open the font " + file.string(), "it cannot be read",
                "fetch the sources again");
  }
  auto handles = std::make_unique<Handles>();
  handles->face = hb_face_create(blob, 0);
  hb_blob_destroy(blob);
  handles->font = hb_font_create(handles->face);
  handles->buffer = hb_buffer_create();
  if (hb_ot_color_has_png(handles->face) == 0) {
    return fail(ErrorKind::corrupt, "open the font " + file.string(), "it holds no colour bitmaps",
                "fetch the sources again");
  }
  return BitmapFont(std::move(handles));
}

std::string BitmapFont::png(const std::vector<std::uint32_t>& code_points) const {
  // Some fonts know a sequence only without its variation selectors.
  std::vector<std::uint32_t> bare;
  std::ranges::copy_if(code_points, std::back_inserter(bare), [](std::uint32_t c) { return c != 0xFE0F; });
  for (const auto& sequence : {code_points, bare}) {
    hb_buffer_reset(handles_->buffer);
    hb_buffer_set_flags(handles_->buffer, HB_BUFFER_FLAG_REMOVE_DEFAULT_IGNORABLES);
    const int length = static_cast<int>(sequence.size());
    hb_buffer_add_codepoints(handles_->buffer, sequence.data(), length, 0, length);
    hb_buffer_guess_segment_properties(handles_->buffer);
    hb_shape(handles_->font, handles_->buffer, nullptr, 0);
    unsigned count = 0;
    const hb_glyph_info_t* glyphs = hb_buffer_get_glyph_infos(handles_->buffer, &count);
    if (count != 1 || glyphs[0].codepoint == 0) continue;
    hb_blob_t* blob = hb_ot_color_glyph_reference_png(handles_->font, glyphs[0].codepoint);
    unsigned size = 0;
    const char* data = hb_blob_get_data(blob, &size);
    std::string bytes(data != nullptr ? data : "", data != nullptr ? size : 0);
    hb_blob_destroy(blob);
    if (!bytes.empty()) return bytes;
  }
  return {};
}

}  // namespace athanor::data
