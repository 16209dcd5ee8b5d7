// Records of a LevelDB log with the head and the checksums of Weights & Biases: 7 bytes ":W&B", u16 0xBEE1, u8 version;
// then blocks of 32 KiB, the head being part of the first, with pieces of u32 CRC-32 (of IEEE 802.3, over type and
// bytes), u16 length, u8 type. Source: leveldb, doc/log_format.md; wandb/sdk/internal/datastore.py. Throws Failure(io)
// alone.
#pragma once

#include "core/import/input.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::imports {

[[nodiscard]] bool has_wandb_head(Input& input);

class LevelLog {
 public:
  // Behind the head.
  explicit LevelLog(Input& input);
  // The next whole record; valid until the next call. Behind damage it goes on with the next block. False at the end.
  bool next(std::string_view& record);
  // What was lost, a sentence each.
  [[nodiscard]] std::vector<std::string> lost() const;

 private:
  enum class Piece : std::uint8_t { none = 0, full = 1, first = 2, middle = 3, last = 4 };
  bool next_piece(Piece& type, std::string_view& bytes);
  void pass_block(std::int64_t reason_at);

  Input& input_;
  std::string record_;
  std::int64_t pending_ = 0;
  std::int64_t damaged_ = 0, damaged_at_ = -1;
  std::int64_t torn_from_ = -1;
};

}  // namespace athanor::imports
