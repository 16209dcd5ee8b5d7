// What the collectives of ordered_communicator.h send through the host: the counts of Communicator::traffic(), known
// beforehand. Frames are those of a transport through shared memory, one Stamp a message. Pure functions.
#pragma once

#include "core/comm/coded_layout.h"
#include "core/comm/communicator.h"

#include <cstdint>
#include <span>

namespace athanor::comm {

inline constexpr std::int64_t kSmallReduction = 16 << 10;     // bytes that all send to all at once instead of in pieces
inline constexpr std::int64_t kReductionSegment = 512 << 10;  // bytes of each peer's that wait to be combined
inline constexpr std::int64_t kTwoPhases = 64 << 10;          // bytes of a broadcast that all ranks help to spread

[[nodiscard]] Traffic operator+(const Traffic& a, const Traffic& b) noexcept;
[[nodiscard]] Traffic operator-(const Traffic& a, const Traffic& b) noexcept;

// By rank `rank` of `ranks`, of `count` numbers.
[[nodiscard]] Traffic all_reduce_traffic(DType dtype, std::int64_t count, int ranks, int rank) noexcept;
// Of an array that is cut into a piece for each rank.
[[nodiscard]] Traffic reduce_pieces_traffic(DType dtype, std::span<const Piece> pieces, int rank) noexcept;
[[nodiscard]] Traffic gather_pieces_traffic(DType dtype, std::span<const Piece> pieces, int rank) noexcept;
// Each rank gives `bytes`.
[[nodiscard]] Traffic all_gather_traffic(std::int64_t bytes, int ranks) noexcept;
[[nodiscard]] Traffic broadcast_traffic(DType dtype, std::int64_t count, int ranks, int rank, int root) noexcept;
// A single one.
[[nodiscard]] Traffic message_traffic(std::int64_t bytes) noexcept;
// CodedExchange::all_reduce, which is the same on all ranks.
[[nodiscard]] Traffic coded_all_reduce_traffic(std::span<const CodedArray> arrays, int ranks);

// Memory that a rank keeps besides what is exchanged: of OrderedCommunicator for an all_reduce, and of CodedExchange,
// without its residuals, where the largest buffer of a call and the most numbers that the rank owns of one are these.
[[nodiscard]] std::int64_t all_reduce_room(DType dtype, std::int64_t count, int ranks, int rank) noexcept;
[[nodiscard]] std::int64_t coded_room(std::int64_t buffer_bytes, std::int64_t owned, int ranks) noexcept;

}  // namespace athanor::comm
