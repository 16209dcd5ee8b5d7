#include "core/import/tf_records.h"

#include "core/base/crc32c.h"
#include "core/import/numbers.h"
#include "core/journal/codec.h"

#include <fmt/format.h>

namespace athanor::imports {
namespace {

constexpr std::int64_t kHead = 12, kFoot = 4;        // bytes
constexpr std::int64_t kLongestRecord = 64LL << 20;  // longer ones are graphs and pictures

std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15U) | (crc << 17U)) + 0xa282ead8U; }

bool is_right(std::string_view bytes, std::uint32_t told) { return masked(crc32c(bytes)) == told; }

}  // namespace

bool TfRecords::next(std::string_view& record) {
  input_.skip(pending_);
  pending_ = 0;
  while (input_.left() > 0) {
    const std::string_view head = input_.peek(kHead);
    if (head.size() < kHead) {
      torn_from_ = input_.offset();
      return false;
    }
    const auto length = journal::get<std::uint64_t>(head, 0);
    if (!is_right(head.substr(0, 8), journal::get<std::uint32_t>(head, 8))) {
      lost_from_ = input_.offset();
      return false;
    }
    const std::int64_t behind_head = input_.left() - kHead - kFoot;
    if (behind_head < 0 || length > static_cast<std::uint64_t>(behind_head)) {
      torn_from_ = input_.offset();
      return false;
    }
    const auto whole = static_cast<std::int64_t>(length) + kHead + kFoot;
    if (whole > kLongestRecord) {
      input_.skip(whole);
      continue;
    }
    const std::string_view bytes = input_.peek(static_cast<std::size_t>(whole));
    if (static_cast<std::int64_t>(bytes.size()) < whole) return false;  // the file became shorter
    record = bytes.substr(kHead, static_cast<std::size_t>(length));
    if (is_right(record, journal::get<std::uint32_t>(bytes, static_cast<std::size_t>(whole - kFoot)))) {
      pending_ = whole;
      return true;
    }
    ++damaged_;
    input_.skip(whole);
  }
  return false;
}

std::vector<std::string> TfRecords::lost(const std::string& file) const {
  std::vector<std::string> lost;
  if (damaged_ > 0) lost.push_back(fmt::format("{}: {} damaged", file, counted(damaged_, "record")));
  if (lost_from_ >= 0)
    lost.push_back(fmt::format("{}: the {} from byte {} on are damaged", file,
                               counted(input_.size() - lost_from_, "byte"), lost_from_));
  if (torn_from_ >= 0)
    lost.push_back(fmt::format("{}: its last record, from byte {} on, was never finished", file, torn_from_));
  return lost;
}

}  // namespace athanor::imports
