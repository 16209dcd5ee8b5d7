// Many curves into one picture of an axis rectangle. In every column of pixels a curve's band spans exactly the least
// minimum to the greatest maximum of the data columns that fall into it, and its line lies on top. Strokes are drawn in
// order, each over those before; a crowd is summed up and toned, so that where many lie is told from where one does,
// and one is still seen. A scene is a value: it can be drawn in any thread.
#pragma once

#include "widgets/plot/envelope/crowd.h"
#include "widgets/plot/envelope/stroke.h"

#include <QImage>

#include <functional>
#include <vector>

namespace athanor::widgets {

// One curve as it is to be drawn. Colours are not premultiplied and hold their opacity; 0: not drawn.
struct SceneCurve {
  SharedColumns columns;  // not null
  double offset = 0;      // added to x
  QRgb band = 0;          // in a crowd all of the curve
  QRgb trace = 0;         // a thin line through the last samples and all extremes
  QRgb line = 0;
  QRgb halo = 0;       // below the line and wider
  float width = 1.5F;  // of the line, in pixels; at least 1
  DashRhythm dash{};
};

struct Scene {
  XAxis axis = XAxis::step;
  AxisMap x, y;  // to pixels of the picture
  int width = 0, height = 0;
  float scale = 1;       // device pixels a pixel
  bool crowded = false;  // all curves are summed up by their bands' colours, and only the last `clear` drawn as well
  std::size_t clear = 0;
  Tone tone = Tone::saturating(0.16, 0.45);  // of bands, or of the crowd
  QRgb odd = 0;                              // of the crosses along the upper edge where samples are not finite
  std::vector<SceneCurve> curves;

  // About how many pieces of curves there are to draw, each of some ten nanoseconds.
  [[nodiscard]] std::size_t pieces() const;
};

// Calls the job for 0 … count - 1, in any order and any threads, and returns when all are done.
using Spread = std::function<void(int count, const std::function<void(int)>& job)>;
void one_by_one(int count, const std::function<void(int)>& job);

// Holds what drawing needs between frames: nothing is allocated for scenes no larger than those before. One thread at a
// time.
class Raster {
 public:
  // Into a premultiplied picture of the scene's size; made anew only if it is not one. Large scenes are drawn in parts.
  void draw(const Scene& scene, QImage& picture, const Spread& spread = one_by_one);

 private:
  class Part;
  struct Dot {
    float x = 0, y = 0, radius = 0;
    QRgb colour = 0;
  };
  // What a part of the picture is drawn with.
  struct Desk {
    Crowd crowd;
    std::vector<std::size_t> hints;     // by curve, where its data columns go on in the next tile
    std::vector<PixelColumn> folded;    // of the curves drawn one by one, a tile at a time
    std::vector<std::uint8_t> begins;   // whether a line begins there
    std::vector<std::uint32_t> pixels;  // of a tile, column by column from the top
    std::vector<Dot> dots;
  };
  void draw_dots(QImage& picture) const;
  void draw_odd(const Scene& scene, QImage& picture) const;

  std::vector<Desk> desks_;
  std::vector<std::uint8_t> odd_;  // by column of pixels
};

}  // namespace athanor::widgets
