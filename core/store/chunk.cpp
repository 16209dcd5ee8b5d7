#include "core/store/chunk.h"

#include "kernels/base/error.h"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

namespace athanor::store {
namespace {

constexpr std::size_t kMaxUnpacked = 64U << 20;
constexpr int kLevel = 3;

[[noreturn]] void damaged(const char* what) {
  throw Failure(ErrorKind::corrupt, "read samples from the history", what,
                "build the history again from the run directories: athanor-agent rebuild");
}

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

std::string compress(std::string_view bytes) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compress2(context.get(), out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size) != 0) throw Failure(ErrorKind::internal, "compress samples", ZSTD_getErrorName(size));
  out.resize(size);
  return out;
}

std::string decompress(std::string_view bytes) {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  const auto size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > kMaxUnpacked)
    damaged("a chunk has no valid head");
  std::string out(size, '\0');
  const std::size_t got = ZSTD_decompressDCtx(context.get(), out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(got) != 0 || got != out.size()) damaged("a chunk does not match its checksum");
  return out;
}

// Differences wrap around, so that any 64-bit value survives.
void put_varint(std::string& out, std::uint64_t difference) {
  std::uint64_t zigzag = (difference << 1U) ^ (0 - (difference >> 63U));
  while (zigzag >= 0x80) {
    out.push_back(static_cast<char>(zigzag | 0x80U));
    zigzag >>= 7U;
  }
  out.push_back(static_cast<char>(zigzag));
}

std::uint64_t take_varint(std::string_view& bytes) {
  std::uint64_t zigzag = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (bytes.empty()) damaged("a chunk is too short");
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    zigzag |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return (zigzag >> 1U) ^ (0 - (zigzag & 1U));
  }
  damaged("a chunk holds a number that does not end");
}

void put_column(std::string& out, std::span<const Point> points, std::int64_t Point::*member) {
  std::uint64_t previous = 0;
  std::uint64_t slope = 0;
  for (const Point& point : points) {
    const auto value = static_cast<std::uint64_t>(point.*member);
    put_varint(out, value - previous - slope);
    slope = value - previous;
    previous = value;
  }
}

void take_column(std::string_view& bytes, std::span<Point> points, std::int64_t Point::*member) {
  std::uint64_t previous = 0;
  std::uint64_t slope = 0;
  for (Point& point : points) {
    slope += take_varint(bytes);
    previous += slope;
    point.*member = static_cast<std::int64_t>(previous);
  }
}

}  // namespace

std::string pack_points(std::span<const Point> points) {
  std::string plain;
  plain.reserve(points.size() * 14 + 16);
  const auto count = static_cast<std::uint32_t>(points.size());
  plain.append(reinterpret_cast<const char*>(&count), sizeof count);
  put_column(plain, points, &Point::step);
  put_column(plain, points, &Point::time_ns);
  const std::size_t planes = plain.size();
  plain.resize(planes + points.size() * sizeof(double));
  std::uint64_t previous = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto bits = std::bit_cast<std::uint64_t>(points[i].value);
    for (std::size_t plane = 0; plane < sizeof(double); ++plane) {
      plain[planes + plane * points.size() + i] = static_cast<char>((bits ^ previous) >> (8 * plane));
    }
    previous = bits;
  }
  return compress(plain);
}

std::vector<Point> unpack_points(std::string_view bytes) {
  const std::string plain = decompress(bytes);
  std::string_view rest = plain;
  std::uint32_t count = 0;
  if (rest.size() < sizeof count) damaged("a chunk is too short");
  std::memcpy(&count, rest.data(), sizeof count);
  rest.remove_prefix(sizeof count);
  if (rest.size() < std::size_t{count} * sizeof(double)) damaged("a chunk is too short");
  std::vector<Point> points(count);
  take_column(rest, points, &Point::step);
  take_column(rest, points, &Point::time_ns);
  if (rest.size() != points.size() * sizeof(double)) damaged("a chunk has the wrong length");
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

static_assert(std::endian::native == std::endian::little);
static_assert(std::is_trivially_copyable_v<Bucket> && sizeof(Bucket) == 9 * 8,
              "buckets are stored as they lie in memory");

std::string pack_buckets(std::span<const Bucket> buckets) {
  return compress({reinterpret_cast<const char*>(buckets.data()), buckets.size_bytes()});
}

std::vector<Bucket> unpack_buckets(std::string_view bytes) {
  const std::string plain = decompress(bytes);
  if (plain.size() % sizeof(Bucket) != 0) damaged("a summary has the wrong length");
  std::vector<Bucket> buckets(plain.size() / sizeof(Bucket));
  if (!buckets.empty()) std::memcpy(buckets.data(), plain.data(), plain.size());
  return buckets;
}

Bucket bucket_of(const Point& point) {
  const bool finite = std::isfinite(point.value);
  const double extreme = finite ? point.value : std::numeric_limits<double>::quiet_NaN();
  return {point.step, point.step, point.time_ns, point.time_ns, extreme, extreme, point.value, 1, finite ? 0 : 1};
}

void merge(Bucket& bucket, const Bucket& more) {
  bucket.first_step = std::min(bucket.first_step, more.first_step);
  bucket.last_step = std::max(bucket.last_step, more.last_step);
  bucket.first_time_ns = std::min(bucket.first_time_ns, more.first_time_ns);
  bucket.last_time_ns = std::max(bucket.last_time_ns, more.last_time_ns);
  bucket.minimum = std::fmin(bucket.minimum, more.minimum);  // fmin and fmax prefer a number to NaN
  bucket.maximum = std::fmax(bucket.maximum, more.maximum);
  bucket.last = more.last;
  bucket.count += more.count;
  bucket.non_finite += more.non_finite;
}

Bucket bucket_of(std::span<const Point> points) {
  Bucket sum = bucket_of(points.front());
  for (const Point& point : points.subspan(1)) merge(sum, bucket_of(point));
  return sum;
}

Bucket bucket_of(std::span<const Bucket> buckets) {
  Bucket sum = buckets.front();
  for (const Bucket& bucket : buckets.subspan(1)) merge(sum, bucket);
  return sum;
}

}  // namespace athanor::store
