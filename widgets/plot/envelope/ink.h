// Draws over premultiplied pixels in one colour. Pure; any thread.
#pragma once

#include <QRgb>

#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace athanor::widgets {

class Ink {
 public:
  explicit Ink(QRgb colour);  // not premultiplied; its opacity counts
  // `parts` of 256 of the pixel.
  void over(std::uint32_t& pixel, int parts) const;
  void over(std::uint32_t* begin, const std::uint32_t* end) const;

 private:
  std::uint32_t colour_;  // premultiplied
#ifdef __SSE2__
  __m128i channels_;  // of it, 16 bits each, twice
#endif
};

}  // namespace athanor::widgets
