// Pages: kPageSamples samples of one metric, or kPageSummaries summaries of such, as bytes. Pure functions; any thread.
// With its times and values in double precision a page takes most of a page of the database, and no more.
//
// A page is u32 CRC32C of what follows, u32 number of entries, then its columns (see columns.h). Samples: step, time,
// value. Summaries: first and last step, first and last time, count, non-finite, minimum, maximum, last.
//
// Level 0 of a metric is its samples. A summary of level 1 is of kBase samples, one of level n + 1 of kFan of level n:
// at each zoom some level has between one and kFan summaries a pixel.
#pragma once

#include "core/store/types.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::store {

inline constexpr int kPageSamples = 1024;
inline constexpr int kPageSummaries = 448;
inline constexpr int kBase = 8;
inline constexpr int kFan = 4;

// Samples below each entry of a level.
[[nodiscard]] constexpr std::int64_t samples_below(int level) {
  std::int64_t samples = level == 0 ? 1 : kBase;
  for (int i = 1; i < level; ++i) samples *= kFan;
  return samples;
}

// The head of a page around its columns; and taken off again, which tells the number of entries. Throws
// Failure(corrupt).
[[nodiscard]] std::string with_page_head(std::size_t entries, const std::string& columns);
[[nodiscard]] std::size_t take_page_head(std::string_view& bytes);

[[nodiscard]] std::string pack_points(std::span<const Point> points);
[[nodiscard]] std::string pack_buckets(std::span<const Bucket> buckets);

// Append the entries of a page. Throw Failure(corrupt) when the bytes are not what was packed.
void unpack_points(std::string_view bytes, Times times, std::vector<Point>& out);
void unpack_buckets(std::string_view bytes, Times times, std::vector<Bucket>& out);

}  // namespace athanor::store
