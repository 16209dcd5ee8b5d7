#include "core/data/prepare/svg.h"

#include <fmt/format.h>
#include <librsvg/rsvg.h>

#include <memory>

namespace athanor::data {
namespace {

struct Unref {
  void operator()(RsvgHandle* handle) const { g_object_unref(handle); }
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};

tl::unexpected<Error> failed(std::string_view name, GError* error) {
  std::string cause = error != nullptr ? error->message : "the library gave no reason";
  if (error != nullptr) g_error_free(error);
  return fail(ErrorKind::corrupt, fmt::format("draw {}", name), std::move(cause), "fetch the sources again");
}

// Cairo keeps 0xAARRGGBB words with premultiplied colour.
Image to_straight(cairo_surface_t* surface, int side) {
  Image image{side, side, {}};
  image.rgba.reserve(static_cast<std::size_t>(side) * static_cast<std::size_t>(side) * 4);
  cairo_surface_flush(surface);
  const unsigned char* rows = cairo_image_surface_get_data(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  for (int y = 0; y < side; ++y) {
    const auto* row = reinterpret_cast<const std::uint32_t*>(rows + static_cast<std::ptrdiff_t>(y) * stride);
    for (int x = 0; x < side; ++x) {
      const std::uint32_t alpha = row[x] >> 24;
      for (const int shift : {16, 8, 0}) {
        const std::uint32_t value = row[x] >> shift & 0xFF;
        image.rgba.push_back(static_cast<std::uint8_t>(alpha == 0 ? 0 : (value * 255 + alpha / 2) / alpha));
      }
      image.rgba.push_back(static_cast<std::uint8_t>(alpha));
    }
  }
  return image;
}

}  // namespace

Result<Image> render_svg(std::string_view svg, int side, std::string_view name) {
  GError* error = nullptr;
  const std::unique_ptr<RsvgHandle, Unref> handle(
      rsvg_handle_new_from_data(reinterpret_cast<const guint8*>(svg.data()), svg.size(), &error));
  if (!handle) return failed(name, error);
  const std::unique_ptr<cairo_surface_t, Unref> surface(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, side, side));
  const std::unique_ptr<cairo_t, Unref> context(cairo_create(surface.get()));
  const RsvgRectangle viewport{0, 0, static_cast<double>(side), static_cast<double>(side)};
  if (rsvg_handle_render_document(handle.get(), context.get(), &viewport, &error) == 0) return failed(name, error);
  return to_straight(surface.get(), side);
}

}  // namespace athanor::data
