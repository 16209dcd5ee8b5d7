#include "core/import/level_log.h"

#include "core/import/numbers.h"
#include "core/journal/codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace athanor::imports {
namespace {

constexpr std::int64_t kBlock = 32768, kHead = 7, kPieceHead = 7;
constexpr std::string_view kIdent = ":W&B\xe1\xbe";
constexpr std::size_t kLongestRecord = 64U << 20;

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1U) != 0 ? 0xEDB88320U ^ (value >> 1U) : value >> 1U;
    table[i] = value;
  }
  return table;
}

// CRC-32 of IEEE 802.3, bit by bit the one of zlib.
std::uint32_t crc32(std::string_view bytes) {
  static constexpr std::array<std::uint32_t, 256> kTable = make_table();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : bytes) crc = kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFFU] ^ (crc >> 8U);
  return ~crc;
}

}  // namespace

bool has_wandb_head(Input& input) {
  return input.peek(static_cast<std::size_t>(kHead)).substr(0, kIdent.size()) == kIdent;
}

LevelLog::LevelLog(Input& input) : input_(input) { input_.skip(kHead); }

void LevelLog::pass_block(std::int64_t reason_at) {
  ++damaged_;
  if (damaged_at_ < 0) damaged_at_ = reason_at;
  input_.skip(kBlock - input_.offset() % kBlock);
}

// The piece stays in the input until the next call.
bool LevelLog::next_piece(Piece& type, std::string_view& bytes) {
  input_.skip(pending_);
  pending_ = 0;
  while (input_.left() > 0) {
    const std::int64_t at = input_.offset();
    const std::int64_t room = kBlock - at % kBlock;
    if (room < kPieceHead) {
      input_.skip(room);
      continue;
    }
    const std::string_view block = input_.peek(static_cast<std::size_t>(room));
    if (static_cast<std::int64_t>(block.size()) < kPieceHead) {
      torn_from_ = at;
      return false;
    }
    const auto crc = journal::get<std::uint32_t>(block, 0);
    const std::size_t length = journal::get<std::uint16_t>(block, 4);
    const auto kind = static_cast<std::uint8_t>(block[6]);
    const std::size_t whole = static_cast<std::size_t>(kPieceHead) + length;
    const bool is_padding = kind == 0 && length == 0 && crc == 0;
    const bool is_last_block = static_cast<std::int64_t>(block.size()) == input_.left();
    if (is_padding) {
      input_.skip(room);
    } else if (whole > block.size() && is_last_block && static_cast<std::int64_t>(whole) <= room) {
      torn_from_ = at;
      return false;
    } else if (whole > block.size() || kind > 4 || crc32(block.substr(6, 1 + length)) != crc) {
      type = Piece::none;
      pass_block(at);
      return true;  // what was begun before is cut by it
    } else {
      type = static_cast<Piece>(kind);
      bytes = block.substr(static_cast<std::size_t>(kPieceHead), length);
      pending_ = static_cast<std::int64_t>(whole);
      return true;
    }
  }
  return false;
}

bool LevelLog::next(std::string_view& record) {
  record_.clear();
  bool is_open = false;
  Piece type = Piece::none;
  std::string_view bytes;
  while (next_piece(type, bytes)) {
    if (type == Piece::none) {
      is_open = false;
      record_.clear();
    } else if (type == Piece::full) {
      record = bytes;
      return true;
    } else if (type == Piece::first) {
      record_ = bytes;
      is_open = true;
    } else if (is_open && record_.size() <= kLongestRecord) {
      record_ += bytes;
      if (type == Piece::last) {
        record = record_;
        return true;
      }
    }
  }
  if (is_open && torn_from_ < 0) torn_from_ = input_.offset();
  return false;
}

std::vector<std::string> LevelLog::lost() const {
  std::vector<std::string> lost;
  if (damaged_ > 0)
    lost.push_back(
        fmt::format("what stands in {} behind damage, the first at byte {}", counted(damaged_, "block"), damaged_at_));
  if (torn_from_ >= 0) lost.push_back(fmt::format("the last record, at byte {}, was never finished", torn_from_));
  return lost;
}

}  // namespace athanor::imports
