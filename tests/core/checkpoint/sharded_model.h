// A small model of odd sizes, and its pieces in any layout.
#pragma once

#include "core/checkpoint/reader.h"
#include "core/checkpoint/shards.h"
#include "core/parallel/shard_layout.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace athanor::checkpoint {

inline constexpr const char* kSlots[] = {"m", "v"};

// Spread over the stages of a pipeline; the first table is tied, so the first and the last stage hold it.
[[nodiscard]] std::vector<parallel::LogicalParameter> odd_model(int stages);

struct OddLayout {
  parallel::Mesh mesh;
  parallel::Shard shard = parallel::Shard::none;

  [[nodiscard]] parallel::ShardLayout shares() const;
  [[nodiscard]] std::string text() const;
};
// All that make a difference to who holds what, for worlds of 1 to `most` ranks.
[[nodiscard]] std::vector<OddLayout> odd_layouts(int most);

// The bits of a whole tensor: no two numbers of the model are alike, and no two seeds.
[[nodiscard]] std::vector<std::uint32_t> numbers_of(const std::string& name, std::int64_t count, std::uint32_t seed);
[[nodiscard]] std::vector<std::byte> part_of(const std::vector<std::uint32_t>& numbers,
                                             const std::vector<std::int64_t>& shape, const Box& box);

// What a rank writes; `key` names it for its residuals, empty: it has none.
[[nodiscard]] ShardContents contents_of(const parallel::RankShare& share, std::int64_t step, const std::string& key);
// What a rank asks for, into memory of its own, and the bits that must come.
struct Request {
  std::vector<Wanted> wanted;
  std::vector<std::vector<std::byte>> memory, expected;
};
[[nodiscard]] Request request_of(const parallel::RankShare& share, std::int64_t step);

// Writes step-<step> by as many threads as the layout has ranks.
void save(const std::filesystem::path& folder, const OddLayout& layout, std::int64_t step, std::int64_t keep = 10);

}  // namespace athanor::checkpoint
