#include "core/data/augment.h"

#include "core/data/random.h"

#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace athanor::data {
namespace {

constexpr float kDegree = std::numbers::pi_v<float> / 180;

cv::Mat as_mat(const Drawing& drawing) {
  return {drawing.side, drawing.side, CV_8UC4, const_cast<std::uint8_t*>(drawing.rgba.data())};
}

void scale_to(const cv::Mat& from, int px, cv::Mat& to) {
  if (from.cols == px && from.rows == px) {
    to = from;
  } else {
    cv::resize(from, to, {px, px}, 0, 0, from.cols > px ? cv::INTER_AREA : cv::INTER_LINEAR);
  }
}

bool moves(const Augmentation& a) {
  return a.scale.low != 1 || a.scale.high != 1 || a.rotation_degrees != 0 || a.shift != 0 || a.stretch != 0 ||
         a.shear != 0 || a.flip != 0;
}

// From output to input positions, around the middle of the picture.
cv::Matx23f draw_geometry(const Augmentation& a, SampleRandom random, int side) {
  const float zoom = random.between(a.scale.low, a.scale.high);
  const float angle = random.around(0, a.rotation_degrees) * kDegree;
  const float stretch = std::exp(random.around(0, a.stretch) / 2);
  const float shear = random.around(0, a.shear);
  const float mirror = random.chance(a.flip) ? -1.0F : 1.0F;
  const float shift_x = random.around(0, a.shift) * static_cast<float>(side);
  const float shift_y = random.around(0, a.shift) * static_cast<float>(side);
  const cv::Matx22f rotation(std::cos(angle), -std::sin(angle), std::sin(angle), std::cos(angle));
  const cv::Matx22f shape(zoom * stretch * mirror, zoom * shear, 0, zoom / stretch);
  const cv::Matx22f back = (rotation * shape).inv();
  const float middle = static_cast<float>(side - 1) / 2;
  const cv::Vec2f offset = cv::Vec2f(middle, middle) - back * cv::Vec2f(middle + shift_x, middle + shift_y);
  return {back(0, 0), back(0, 1), offset[0], back(1, 0), back(1, 1), offset[1]};
}

// Red, green and blue after = matrix * before + offset * opacity.
struct ColourChange {
  cv::Matx33f matrix = cv::Matx33f::eye();
  float offset = 0;
};

cv::Matx33f hue_rotation(float angle) {
  // Rodrigues' formula around the grey axis (1, 1, 1).
  const float c = std::cos(angle);
  const float third = (1 - c) / 3;
  const float s = std::sin(angle) / std::sqrt(3.0F);
  return {c + third, third - s, third + s, third + s, c + third, third - s, third - s, third + s, c + third};
}

ColourChange draw_colour(const Augmentation& a, SampleRandom random) {
  const float hue = random.around(0, a.hue_degrees) * kDegree;
  const float kept = random.around(1, a.saturation);
  const float saturation = random.chance(a.greyscale) ? 0.0F : kept;
  const float brightness = random.around(1, a.brightness);
  const float contrast = random.around(1, a.contrast);
  // Luma weights of ITU-R BT.601.
  const cv::Matx33f luma(0.299F, 0.587F, 0.114F, 0.299F, 0.587F, 0.114F, 0.299F, 0.587F, 0.114F);
  cv::Matx33f gains = cv::Matx33f::eye();
  for (int channel = 0; channel < 3; ++channel) {
    gains(channel, channel) = brightness * random.around(1, a.channel_gain) * contrast;
  }
  ColourChange change;
  change.matrix = gains * (cv::Matx33f::eye() * saturation + luma * (1 - saturation)) * hue_rotation(hue);
  change.offset = 0.5F * (1 - contrast);
  return change;
}

cv::Vec3f draw_background(const Augmentation& a, SampleRandom random) {
  const bool white = random.chance(a.white_background);
  const cv::Vec3f colour(random.unit(), random.unit(), random.unit());
  return white ? cv::Vec3f(1, 1, 1) : colour;
}

// Premultiplied RGBA bytes over a plain colour, into values of 0 … 1.
void compose(const cv::Mat& rgba, const ColourChange& change, const cv::Vec3f& background, std::span<float> out) {
  const cv::Matx33f& m = change.matrix;
  float* target = out.data();
  for (int y = 0; y < rgba.rows; ++y) {
    const std::uint8_t* pixel = rgba.ptr<std::uint8_t>(y);
    for (int x = 0; x < rgba.cols; ++x, pixel += 4, target += 3) {
      const float r = static_cast<float>(pixel[0]) / 255;
      const float g = static_cast<float>(pixel[1]) / 255;
      const float b = static_cast<float>(pixel[2]) / 255;
      const float alpha = static_cast<float>(pixel[3]) / 255;
      for (int c = 0; c < 3; ++c) {
        const float colour = m(c, 0) * r + m(c, 1) * g + m(c, 2) * b + change.offset * alpha;
        target[c] = std::clamp(colour, 0.0F, alpha) + background[c] * (1 - alpha);
      }
    }
  }
}

void change_strokes(const Augmentation& a, SampleRandom random, cv::Mat& picture) {
  const float draw = random.unit();
  if (draw >= a.stroke) return;
  static const cv::Mat kNeighbours = cv::Mat::ones(3, 3, CV_8U);
  if (draw < a.stroke / 2) {
    cv::dilate(picture, picture, kNeighbours);
  } else {
    cv::erode(picture, picture, kNeighbours);
  }
}

void blur(const Augmentation& a, SampleRandom random, cv::Mat& picture) {
  const bool wanted = random.chance(a.blur);
  const float strength = random.between(a.blur_strength.low, a.blur_strength.high);
  if (!wanted) return;
  cv::Mat soft;
  cv::blur(picture, soft, {3, 3}, {-1, -1}, cv::BORDER_REPLICATE);
  cv::addWeighted(picture, 1 - strength, soft, strength, 0, picture);
}

void cut_out(const Augmentation& a, SampleRandom random, cv::Mat& picture) {
  if (!random.chance(a.cutout)) return;
  const auto side = static_cast<float>(picture.cols);
  const float width = random.between(a.cutout_side.low, a.cutout_side.high) * side;
  const float height = random.between(a.cutout_side.low, a.cutout_side.high) * side;
  const float left = random.unit() * side - width / 2;
  const float top = random.unit() * side - height / 2;
  const cv::Scalar colour(random.unit(), random.unit(), random.unit());
  const cv::Rect area(cvRound(left), cvRound(top), cvRound(width), cvRound(height));
  picture(area & cv::Rect(0, 0, picture.cols, picture.rows)).setTo(colour);
}

void add_noise(const Augmentation& a, SampleRandom random, std::span<float> values) {
  if (a.noise <= 0) return;
  for (std::size_t i = 0; i < values.size(); i += 2) {
    // Box and Muller 1958.
    const float radius = a.noise * std::sqrt(-2 * std::log(1 - random.unit()));
    const float angle = 2 * std::numbers::pi_v<float> * random.unit();
    values[i] += radius * std::cos(angle);
    if (i + 1 < values.size()) values[i + 1] += radius * std::sin(angle);
  }
}

void centre_values(std::span<float> values) {
  for (float& value : values) value = std::clamp(value, 0.0F, 1.0F) * 2 - 1;
}

// The smallest rectangle that holds everything visible; the whole picture when nothing is.
cv::Rect visible_part(const cv::Mat& rgba) {
  cv::Mat alpha;
  cv::extractChannel(rgba, alpha, 3);
  cv::Mat visible = alpha > 8;
  const cv::Rect part = cv::boundingRect(visible);
  return part.empty() ? cv::Rect(0, 0, rgba.cols, rgba.rows) : part;
}

}  // namespace

Drawing make_drawing(std::span<const std::uint8_t> rgba, int width, int height, int side, float margin) {
  const cv::Mat straight(height, width, CV_8UC4, const_cast<std::uint8_t*>(rgba.data()));
  const cv::Rect part = margin < 0 ? cv::Rect(0, 0, width, height) : visible_part(straight);
  const int longer = std::max(part.width, part.height);
  const int square = longer + 2 * cvRound(std::max(margin, 0.0F) * static_cast<float>(longer));
  cv::Mat premultiplied(square, square, CV_32FC4, cv::Scalar::all(0));
  const cv::Point corner((square - part.width) / 2, (square - part.height) / 2);
  for (int y = 0; y < part.height; ++y) {
    for (int x = 0; x < part.width; ++x) {
      const auto& from = straight.at<cv::Vec4b>(part.y + y, part.x + x);
      const auto alpha = static_cast<float>(from[3]);
      const float factor = alpha / 255;
      premultiplied.at<cv::Vec4f>(corner.y + y, corner.x + x) = {static_cast<float>(from[0]) * factor,
                                                                 static_cast<float>(from[1]) * factor,
                                                                 static_cast<float>(from[2]) * factor, alpha};
    }
  }
  cv::Mat scaled;
  scale_to(premultiplied, side, scaled);
  Drawing drawing{side, std::vector<std::uint8_t>(static_cast<std::size_t>(side) * static_cast<std::size_t>(side) * 4)};
  cv::Mat bytes = as_mat(drawing);
  scaled.convertTo(bytes, CV_8UC4);
  return drawing;
}

void augment(const Drawing& drawing, const Augmentation& augmentation, std::uint64_t seed, std::uint64_t sample, int px,
             std::span<float> out) {
  const auto random = [&](Purpose purpose) { return SampleRandom(seed, purpose, sample); };
  cv::Mat moved = as_mat(drawing);
  if (moves(augmentation)) {
    const cv::Matx23f back = draw_geometry(augmentation, random(Purpose::geometry), drawing.side);
    cv::Mat warped;
    cv::warpAffine(moved, warped, back, moved.size(), cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_CONSTANT);
    moved = warped;
  }
  cv::Mat small;
  scale_to(moved, px, small);
  compose(small, draw_colour(augmentation, random(Purpose::colour)),
          draw_background(augmentation, random(Purpose::background)), out);
  cv::Mat picture(px, px, CV_32FC3, out.data());
  change_strokes(augmentation, random(Purpose::stroke), picture);
  blur(augmentation, random(Purpose::blur), picture);
  cut_out(augmentation, random(Purpose::cutout), picture);
  add_noise(augmentation, random(Purpose::noise), out);
  centre_values(out);
}

void render_plain(const Drawing& drawing, int px, std::span<float> out) {
  cv::Mat small;
  scale_to(as_mat(drawing), px, small);
  compose(small, ColourChange(), cv::Vec3f(1, 1, 1), out);
  centre_values(out);
}

}  // namespace athanor::data
