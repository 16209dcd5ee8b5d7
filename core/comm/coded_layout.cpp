#include "core/comm/coded_layout.h"

#include <algorithm>

namespace athanor::comm {
namespace {

constexpr std::int64_t kGrain = 16;                        // of piece_of()
constexpr std::int64_t kSegment = 1024 << 10;              // numbers of all messages together
constexpr std::int64_t kLeastMessage = 32 * kWireStretch;  // below that, the time of a message is not that of its bytes

std::int64_t longest_piece(std::int64_t count, int ranks) noexcept {
  const std::int64_t grains = (count + kGrain - 1) / kGrain;
  return (grains + ranks - 1) / ranks * kGrain;
}

}  // namespace

CodedLayout::CodedLayout(std::span<const CodedArray> arrays, int ranks)
    : ranks_(ranks),
      longest_(std::max(kSegment / ranks / kWireStretch * kWireStretch, kLeastMessage)),
      arrays_(arrays.begin(), arrays.end()) {
  for (std::size_t array = 0; array < arrays_.size(); ++array) {
    const std::int64_t whole = longest_piece(arrays_[array].count, ranks_);
    for (std::int64_t begin = 0; begin < whole; begin += longest_) add(array, begin, std::min(longest_, whole - begin));
  }
}

void CodedLayout::add(std::size_t array, std::int64_t begin, std::int64_t room) {
  if (segments_.empty() || segments_.back().room + room > longest_) segments_.push_back({.begin = buffer_bytes()});
  Segment& segment = segments_.back();
  segment.slices.push_back({array, begin, room, segment.message_bytes});
  segment.room += room;
  segment.message_bytes += wire_bytes(arrays_[array].format, room);
}

std::int64_t CodedLayout::owned(int rank) const noexcept {
  std::int64_t sum = 0;
  for (std::size_t array = 0; array < arrays_.size(); ++array) sum += piece(array, rank).count;
  return sum;
}

Piece CodedLayout::numbers(const Slice& slice, int rank) const noexcept {
  const Piece whole = piece(slice.array, rank);
  const std::int64_t skipped = std::min(slice.begin, whole.count);
  return {whole.begin + skipped, std::min(slice.room, whole.count - skipped)};
}

Packet CodedLayout::packet(int segment, const Slice& slice, int rank, std::byte* buffer) const noexcept {
  return {arrays_[slice.array].format, slice.room,
          buffer + segment_begin(segment) + rank * message_bytes(segment) + slice.offset};
}

std::int64_t CodedLayout::buffer_bytes() const noexcept {
  return segments_.empty() ? 0 : segments_.back().begin + ranks_ * segments_.back().message_bytes;
}

std::int64_t coded_half_bytes(WireFormat format, std::int64_t count, int ranks) noexcept {
  return (ranks - 1) * wire_bytes(format, longest_piece(count, ranks));
}

std::int64_t coded_all_reduce_bytes(WireFormat format, std::int64_t count, int ranks) noexcept {
  return 2 * coded_half_bytes(format, count, ranks);
}

}  // namespace athanor::comm
