// Summing samples up. Pure functions.
#pragma once

#include "core/store/types.h"

#include <span>

namespace athanor::store {

[[nodiscard]] Bucket bucket_of(const Point& point);
// `bucket` then also covers `more`, which came later.
void merge(Bucket& bucket, const Bucket& more);
[[nodiscard]] Bucket bucket_of(std::span<const Point> points);    // of at least one
[[nodiscard]] Bucket bucket_of(std::span<const Bucket> buckets);  // of at least one

}  // namespace athanor::store
