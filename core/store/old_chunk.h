// Samples as stores before version 5 kept them. Only reading: see schema.cpp.
//
// One zstd frame (with checksum) over: u32 count; steps as zigzag varints of second differences; times likewise; values
// XORed with their predecessor, stored as eight planes of one byte each.
#pragma once

#include "core/store/types.h"

#include <string_view>
#include <vector>

namespace athanor::store {

// Throws Failure(corrupt) when the bytes are not such a chunk.
[[nodiscard]] std::vector<Point> points_of_old_chunk(std::string_view bytes);

}  // namespace athanor::store
