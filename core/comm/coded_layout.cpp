#include "core/comm/coded_layout.h"

#include <algorithm>

namespace athanor::comm {
namespace {

constexpr std::int64_t kGrain = 16;                       // of piece_of()
constexpr std::int64_t kSegment = 1024 << 10;             // numbers of all packets together
constexpr std::int64_t kLeastPacket = 32 * kWireStretch;  // below that, the time of a message is not that of its bytes

std::int64_t longest_piece(std::int64_t count, int ranks) noexcept {
  const std::int64_t grains = (count + kGrain - 1) / kGrain;
  return (grains + ranks - 1) / ranks * kGrain;
}

}  // namespace

CodedLayout::CodedLayout(WireFormat format, std::int64_t count, int ranks) noexcept
    : format_(format),
      ranks_(ranks),
      count_(count),
      longest_(longest_piece(count, ranks)),
      segment_(std::max(kSegment / ranks / kWireStretch * kWireStretch, kLeastPacket)),
      segments_(static_cast<int>((longest_ + segment_ - 1) / segment_)) {}

std::int64_t CodedLayout::room(int segment) const noexcept { return std::min(segment_, longest_ - segment * segment_); }

Piece CodedLayout::numbers(int segment, int rank) const noexcept {
  const Piece whole = piece(rank);
  const std::int64_t skipped = std::min(segment * segment_, whole.count);
  return {whole.begin + skipped, std::min(room(segment), whole.count - skipped)};
}

std::int64_t CodedLayout::packet_bytes(int segment) const noexcept { return wire_bytes(format_, room(segment)); }

std::int64_t CodedLayout::segment_begin(int segment) const noexcept {
  return ranks_ * wire_bytes(format_, segment * segment_);
}

Packet CodedLayout::packet(int segment, int rank, std::byte* buffer) const noexcept {
  return {format_, room(segment), buffer + segment_begin(segment) + rank * packet_bytes(segment)};
}

std::int64_t coded_half_bytes(WireFormat format, std::int64_t count, int ranks) noexcept {
  return (ranks - 1) * wire_bytes(format, longest_piece(count, ranks));
}

std::int64_t coded_all_reduce_bytes(WireFormat format, std::int64_t count, int ranks) noexcept {
  return 2 * coded_half_bytes(format, count, ranks);
}

}  // namespace athanor::comm
