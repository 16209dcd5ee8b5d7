#include "core/store/old_chunk.h"

#include "core/store/columns.h"
#include "core/store/zstd.h"

#include <zstd.h>

#include <bit>
#include <cstring>
#include <span>
#include <string>

namespace athanor::store {
namespace {

constexpr std::size_t kMaxUnpacked = 64U << 20;

std::uint64_t take_varint(std::string_view& bytes) {
  std::uint64_t zigzag = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (bytes.empty()) damaged_page("a chunk is too short");
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    zigzag |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return (zigzag >> 1U) ^ (0 - (zigzag & 1U));
  }
  damaged_page("a chunk holds a number that does not end");
}

void take_numbers(std::string_view& bytes, std::span<Point> points, std::int64_t Point::*member) {
  std::uint64_t previous = 0;
  std::uint64_t slope = 0;
  for (Point& point : points) {
    slope += take_varint(bytes);
    previous += slope;
    point.*member = static_cast<std::int64_t>(previous);
  }
}

}  // namespace

std::vector<Point> points_of_old_chunk(std::string_view bytes) {
  const auto size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > kMaxUnpacked)
    damaged_page("a chunk has no valid head");
  std::string plain;
  decompress(bytes, size, plain);
  std::string_view rest = plain;
  std::uint32_t count = 0;
  if (rest.size() < sizeof count) damaged_page("a chunk is too short");
  std::memcpy(&count, rest.data(), sizeof count);
  rest.remove_prefix(sizeof count);
  if (rest.size() < std::size_t{count} * sizeof(double)) damaged_page("a chunk is too short");
  std::vector<Point> points(count);
  take_numbers(rest, points, &Point::step);
  take_numbers(rest, points, &Point::time_ns);
  if (rest.size() != points.size() * sizeof(double)) damaged_page("a chunk has the wrong length");
  std::uint64_t previous = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t plane = 0; plane < sizeof(double); ++plane) {
      previous ^= static_cast<std::uint64_t>(static_cast<unsigned char>(rest[plane * points.size() + i]))
                  << (8 * plane);
    }
    points[i].value = std::bit_cast<double>(previous);
  }
  return points;
}

}  // namespace athanor::store
