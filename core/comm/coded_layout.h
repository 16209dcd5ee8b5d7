// Where the numbers of an array are while ranks exchange them. Rank r owns piece_of(count, ranks, r). All pieces travel
// as long as the longest, in segments one after the other, so that one is on the wire while the next is made: a buffer
// holds, for each segment, one packet for each rank.
#pragma once

#include "core/comm/coded_format.h"
#include "core/comm/combine.h"

#include <cstdint>

namespace athanor::comm {

// Numbers worked on at a time, which stay in the first caches, and threads that do so, each with room for one such
// chunk of every rank.
inline constexpr std::int64_t kCodedChunk = 8 * kWireStretch;
inline constexpr int kCodedLanes = 2;

class CodedLayout {
 public:
  CodedLayout(WireFormat format, std::int64_t count, int ranks) noexcept;

  [[nodiscard]] WireFormat format() const noexcept { return format_; }
  [[nodiscard]] std::int64_t count() const noexcept { return count_; }
  [[nodiscard]] Piece piece(int rank) const noexcept { return piece_of(count_, ranks_, rank); }
  [[nodiscard]] int segments() const noexcept { return segments_; }
  // The numbers of the array that a packet holds; the packet may have room for more.
  [[nodiscard]] Piece numbers(int segment, int rank) const noexcept;
  [[nodiscard]] Packet packet(int segment, int rank, std::byte* buffer) const noexcept;
  // In a buffer: all packets of a segment, one after the other.
  [[nodiscard]] std::int64_t segment_begin(int segment) const noexcept;
  [[nodiscard]] std::int64_t packet_bytes(int segment) const noexcept;
  [[nodiscard]] std::int64_t buffer_bytes() const noexcept { return ranks_ * wire_bytes(format_, longest_); }

 private:
  [[nodiscard]] std::int64_t room(int segment) const noexcept;

  WireFormat format_;
  int ranks_;
  std::int64_t count_;
  std::int64_t longest_;  // numbers of a piece on the wire
  std::int64_t segment_;  // numbers of each packet but those of the last segment
  int segments_;
};

// What every rank sends of an array of `count` numbers, scales included, frames of the transport not.
[[nodiscard]] std::int64_t coded_all_reduce_bytes(WireFormat format, std::int64_t count, int ranks) noexcept;
// Of a reduce_scatter as of an all_gather.
[[nodiscard]] std::int64_t coded_half_bytes(WireFormat format, std::int64_t count, int ranks) noexcept;

}  // namespace athanor::comm
