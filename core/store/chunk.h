// Samples of one metric as compressed bytes, and summaries of stretches of samples. Pure functions.
//
// A sealed chunk holds exactly kChunkPoints samples. Its bytes are one zstd frame (with checksum) over: u32 count;
// steps as zigzag varints of second differences; times likewise; values XORed with their predecessor, stored as eight
// planes of one byte each. The fine summary of a chunk is one zstd frame over kFan buckets of kFinePoints samples each.
#pragma once

#include "core/store/types.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::store {

inline constexpr int kFan = 32;  // every level of the pyramid sums up this many of the level below
inline constexpr int kFinePoints = 32;
inline constexpr int kChunkPoints = kFan * kFinePoints;

[[nodiscard]] std::string pack_points(std::span<const Point> points);
// Throws Failure(corrupt) when the bytes are not what pack_points wrote.
[[nodiscard]] std::vector<Point> unpack_points(std::string_view bytes);

[[nodiscard]] std::string pack_buckets(std::span<const Bucket> buckets);
[[nodiscard]] std::vector<Bucket> unpack_buckets(std::string_view bytes);

[[nodiscard]] Bucket bucket_of(const Point& point);
// `bucket` then also covers `more`, which came later.
void merge(Bucket& bucket, const Bucket& more);
[[nodiscard]] Bucket bucket_of(std::span<const Point> points);    // of at least one
[[nodiscard]] Bucket bucket_of(std::span<const Bucket> buckets);  // of at least one

}  // namespace athanor::store
