// What ranks say to each other about a checkpoint, as text. Private to core/checkpoint.
#pragma once

#include "core/base/result.h"
#include "core/checkpoint/shard_index.h"
#include "core/checkpoint/shards.h"

#include <cstdint>
#include <string>
#include <vector>

namespace athanor::checkpoint {

// The leader's numbers, or the error that it came to, on every rank.
using Numbers = std::vector<std::int64_t>;
[[nodiscard]] Result<Numbers> from_leader(const Ranks& ranks, const Result<Numbers>& own);

// Whether it went well on every rank; else, on all of them alike, the error of the first on which it did not.
[[nodiscard]] Result<void> agree(const Ranks& ranks, const Result<void>& own);

// What a rank wrote, or the error that it came to.
[[nodiscard]] std::string report_of(const Result<ShardIndex>& index);
[[nodiscard]] Result<ShardIndex> read_report(const std::string& text);

}  // namespace athanor::checkpoint
