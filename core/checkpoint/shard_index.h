// manifest.json as values: where every logical tensor of a checkpoint lies. Private to core/checkpoint.
#pragma once

#include "core/base/box.h"
#include "core/base/result.h"
#include "core/checkpoint/shards.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace athanor::checkpoint {

struct StoredBox {
  Box box;
  std::size_t file = 0;  // of ShardIndex::files
  std::int64_t begin = 0, end = 0;
  std::vector<std::uint32_t> checksums;  // of its blocks; none where the file was checked as a whole
};

struct StoredTensor {
  Section section = Section::model;
  std::string name, dtype;
  std::vector<std::int64_t> shape;
  std::vector<StoredBox> boxes;
};

struct StoredFile {
  std::string name;
  std::int64_t bytes = 0;
  std::int64_t head_bytes = 0;  // before the first array
  std::uint32_t head_checksum = 0;
};

struct ShardIndex {
  std::vector<StoredFile> files;
  std::vector<StoredTensor> tensors;
};

[[nodiscard]] std::string to_json(const ShardIndex& index);
// corrupt when it is not as to_json() writes it, or not sound.
[[nodiscard]] Result<ShardIndex> index_from_json(std::string_view text);

// Puts together what several ranks wrote; of one rank a tensor may come in several pieces, each listed for itself.
class IndexMerge {
 public:
  // invalid_input when two do not agree on a tensor's type or shape.
  [[nodiscard]] Result<void> add(ShardIndex from);
  [[nodiscard]] ShardIndex take() { return std::move(index_); }

 private:
  ShardIndex index_;
  std::map<std::pair<Section, std::string>, std::size_t> places_;
};

// What is not as it should be: a box outside its tensor or its file, checksums that do not fit its size, elements that
// no box or two boxes hold; empty when all is sound.
[[nodiscard]] std::string why_not_sound(const ShardIndex& index);

}  // namespace athanor::checkpoint
