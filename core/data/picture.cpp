#include "core/data/writer.h"

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>

namespace athanor::data {
namespace {

constexpr const char* kIntention = "decode a picture";

cv::Mat straight_to_premultiplied(const Image& image) {
  const cv::Mat straight(image.height, image.width, CV_8UC4, const_cast<std::uint8_t*>(image.rgba.data()));
  cv::Mat result;
  straight.convertTo(result, CV_32FC4);
  result.forEach<cv::Vec4f>([](cv::Vec4f& p, const int*) {
    const float alpha = p[3] / 255.0F;
    p = {p[0] * alpha, p[1] * alpha, p[2] * alpha, p[3]};
  });
  return result;
}

Image premultiplied_to_straight(const cv::Mat& mat) {
  Image image{mat.cols, mat.rows, {}};
  image.rgba.reserve(mat.total() * 4);
  for (int y = 0; y < mat.rows; ++y) {
    for (int x = 0; x < mat.cols; ++x) {
      const auto& p = mat.at<cv::Vec4f>(y, x);
      const float factor = p[3] > 0 ? 255.0F / p[3] : 0.0F;
      for (int c = 0; c < 3; ++c) image.rgba.push_back(cv::saturate_cast<std::uint8_t>(p[c] * factor));
      image.rgba.push_back(cv::saturate_cast<std::uint8_t>(p[3]));
    }
  }
  return image;
}

}  // namespace

std::string encode_png(const Image& image) {
  const cv::Mat rgba(image.height, image.width, CV_8UC4, const_cast<std::uint8_t*>(image.rgba.data()));
  cv::Mat bgra;
  cv::cvtColor(rgba, bgra, cv::COLOR_RGBA2BGRA);
  std::vector<std::uint8_t> bytes;
  cv::imencode(".png", bgra, bytes,
               {cv::IMWRITE_PNG_COMPRESSION, 6, cv::IMWRITE_PNG_STRATEGY, cv::IMWRITE_PNG_STRATEGY_DEFAULT});
  return {bytes.begin(), bytes.end()};
}

Result<Image> decode_png(std::string_view bytes) {
  if (bytes.empty()) return fail(ErrorKind::corrupt, kIntention, "there are no bytes");
  try {
    const cv::Mat raw(1, static_cast<int>(bytes.size()), CV_8UC1, const_cast<char*>(bytes.data()));
    cv::Mat decoded = cv::imdecode(raw, cv::IMREAD_UNCHANGED);
    if (decoded.empty()) return fail(ErrorKind::corrupt, kIntention, "the bytes are no picture");
    if (decoded.depth() == CV_16U) decoded.convertTo(decoded, CV_8U, 1.0 / 257);
    if (decoded.depth() != CV_8U) return fail(ErrorKind::corrupt, kIntention, "its pixels are not whole numbers");
    constexpr int kToRgba[5] = {-1, cv::COLOR_GRAY2RGBA, -1, cv::COLOR_BGR2RGBA, cv::COLOR_BGRA2RGBA};
    const int channels = decoded.channels();
    if (channels > 4 || kToRgba[channels] < 0)
      return fail(ErrorKind::corrupt, kIntention, "its colour layout is unknown");
    cv::Mat rgba;
    cv::cvtColor(decoded, rgba, kToRgba[channels]);
    Image image{rgba.cols, rgba.rows, {}};
    image.rgba.assign(rgba.datastart, rgba.dataend);
    return image;
  } catch (const cv::Exception& error) {
    return fail(ErrorKind::corrupt, kIntention, error.err);
  }
}

Image fit_square(const Image& image, int side) {
  const int longer = std::max(image.width, image.height);
  if (image.width == side && image.height == side) return image;
  cv::Mat square(longer, longer, CV_32FC4, cv::Scalar::all(0));
  const cv::Rect place((longer - image.width) / 2, (longer - image.height) / 2, image.width, image.height);
  straight_to_premultiplied(image).copyTo(square(place));
  cv::Mat scaled;
  cv::resize(square, scaled, {side, side}, 0, 0, longer > side ? cv::INTER_AREA : cv::INTER_LINEAR);
  return premultiplied_to_straight(scaled);
}

}  // namespace athanor::data
