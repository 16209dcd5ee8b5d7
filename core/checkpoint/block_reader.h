// Reads pieces of a file block by block into the boxes that are asked of them. Private to core/checkpoint.
#pragma once

#include "core/base/result.h"
#include "core/checkpoint/reader.h"
#include "core/checkpoint/shard_index.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace athanor::checkpoint {

// One stored piece and what is wanted of it.
struct PieceRequest {
  const StoredTensor* tensor = nullptr;
  const StoredBox* stored = nullptr;
  std::vector<const Wanted*> wanted;  // each meets the stored box; none: read to be checked only
};

// `requests` are of one file, in the order of their bytes. Returns how many bytes were read.
[[nodiscard]] Result<std::int64_t> read_pieces(const std::filesystem::path& file,
                                               std::span<const PieceRequest> requests);

}  // namespace athanor::checkpoint
