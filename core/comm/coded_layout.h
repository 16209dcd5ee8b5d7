// Where the numbers of arrays are while ranks exchange them. Rank r owns piece_of(count, ranks, r) of each. All pieces
// of an array travel as long as its longest, in segments one after the other, so that one is on the wire while the next
// is made: a buffer holds, for each segment, one message for each rank, and a message a packet for each array that has
// numbers in the segment. Several arrays together are fewer messages; packets are the same as those of each alone.
#pragma once

#include "core/comm/coded_format.h"
#include "core/comm/combine.h"

#include <cstdint>
#include <span>
#include <vector>

namespace athanor::comm {

// Numbers worked on at a time, which stay in the first caches: there is room for one such chunk of every rank.
inline constexpr std::int64_t kCodedChunk = 8 * kWireStretch;

struct CodedArray {
  WireFormat format;
  std::int64_t count;
};

class CodedLayout {
 public:
  // Numbers that a packet has room for in each rank's piece of an array, and where it is in a message.
  struct Slice {
    std::size_t array;
    std::int64_t begin, room;
    std::int64_t offset;
  };

  CodedLayout(std::span<const CodedArray> arrays, int ranks);

  [[nodiscard]] const CodedArray& array(std::size_t array) const noexcept { return arrays_[array]; }
  [[nodiscard]] Piece piece(std::size_t array, int rank) const noexcept {
    return piece_of(arrays_[array].count, ranks_, rank);
  }
  // Numbers of all arrays that a rank owns.
  [[nodiscard]] std::int64_t owned(int rank) const noexcept;
  [[nodiscard]] int segments() const noexcept { return static_cast<int>(segments_.size()); }
  [[nodiscard]] std::span<const Slice> slices(int segment) const noexcept { return at(segment).slices; }
  // The numbers of the array that a packet holds; the packet may have room for more.
  [[nodiscard]] Piece numbers(const Slice& slice, int rank) const noexcept;
  [[nodiscard]] Packet packet(int segment, const Slice& slice, int rank, std::byte* buffer) const noexcept;
  // In a buffer: all messages of a segment, one after the other.
  [[nodiscard]] std::int64_t segment_begin(int segment) const noexcept { return at(segment).begin; }
  [[nodiscard]] std::int64_t message_bytes(int segment) const noexcept { return at(segment).message_bytes; }
  [[nodiscard]] std::int64_t buffer_bytes() const noexcept;

 private:
  struct Segment {
    std::int64_t begin = 0;
    std::int64_t room = 0;  // numbers of a message
    std::int64_t message_bytes = 0;
    std::vector<Slice> slices = {};
  };
  [[nodiscard]] const Segment& at(int segment) const noexcept { return segments_[static_cast<std::size_t>(segment)]; }
  void add(std::size_t array, std::int64_t begin, std::int64_t room);

  int ranks_;
  std::int64_t longest_;  // numbers of a message
  std::vector<CodedArray> arrays_;
  std::vector<Segment> segments_;
};

// What every rank sends of an array of `count` numbers, scales included, frames of the transport not.
[[nodiscard]] std::int64_t coded_all_reduce_bytes(WireFormat format, std::int64_t count, int ranks) noexcept;
// Of a reduce_scatter as of an all_gather.
[[nodiscard]] std::int64_t coded_half_bytes(WireFormat format, std::int64_t count, int ranks) noexcept;

}  // namespace athanor::comm
