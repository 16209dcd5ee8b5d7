#include "core/comm/host_traffic.h"

#include "core/comm/combine.h"
#include "core/comm/message.h"

#include <vector>

namespace athanor::comm {
namespace {

Traffic sent(std::int64_t payload, std::int64_t messages) noexcept {
  return {payload, messages * static_cast<std::int64_t>(sizeof(Stamp)), messages};
}

std::int64_t bytes_of(DType dtype, std::int64_t count) noexcept {
  return static_cast<std::int64_t>(storage_bytes(dtype, count));
}

std::int64_t segment_numbers(DType dtype) noexcept { return kReductionSegment * 8 / size_bits(dtype); }

}  // namespace

Traffic operator+(const Traffic& a, const Traffic& b) noexcept {
  return {a.payload_bytes + b.payload_bytes, a.overhead_bytes + b.overhead_bytes, a.messages + b.messages};
}

Traffic operator-(const Traffic& a, const Traffic& b) noexcept {
  return {a.payload_bytes - b.payload_bytes, a.overhead_bytes - b.overhead_bytes, a.messages - b.messages};
}

Traffic all_reduce_traffic(DType dtype, std::int64_t count, int ranks, int rank) noexcept {
  if (ranks == 1) return {};
  const std::int64_t all = bytes_of(dtype, count);
  if (all <= kSmallReduction) return sent((ranks - 1) * all, ranks - 1);
  std::vector<Piece> pieces;
  for (int peer = 0; peer < ranks; ++peer) pieces.push_back(piece_of(count, ranks, peer));
  return reduce_pieces_traffic(dtype, pieces, rank) + gather_pieces_traffic(dtype, pieces, rank);
}

Traffic reduce_pieces_traffic(DType dtype, std::span<const Piece> pieces, int rank) noexcept {
  const std::int64_t segment = segment_numbers(dtype);
  Traffic out;
  for (std::size_t peer = 0; peer < pieces.size(); ++peer) {
    const std::int64_t theirs = pieces[peer].count;
    if (peer != static_cast<std::size_t>(rank))
      out = out + sent(bytes_of(dtype, theirs), (theirs + segment - 1) / segment);
  }
  return out;
}

Traffic gather_pieces_traffic(DType dtype, std::span<const Piece> pieces, int rank) noexcept {
  return all_gather_traffic(bytes_of(dtype, pieces[static_cast<std::size_t>(rank)].count),
                            static_cast<int>(pieces.size()));
}

Traffic all_gather_traffic(std::int64_t bytes, int ranks) noexcept {
  const std::int64_t messages = bytes > 0 ? ranks - 1 : 0;
  return sent((ranks - 1) * bytes, messages);
}

Traffic message_traffic(std::int64_t bytes) noexcept { return sent(bytes, 1); }

// Whoever is not the root answers with an empty message; large ones go out in pieces, which all then gather.
Traffic broadcast_traffic(DType dtype, std::int64_t count, int ranks, int rank, int root) noexcept {
  if (ranks == 1) return {};
  const std::int64_t all = bytes_of(dtype, count);
  const bool in_pieces = all > kTwoPhases && ranks > 2;
  const std::int64_t own = bytes_of(dtype, piece_of(count, ranks, rank).count);
  Traffic out = rank == root ? sent(in_pieces ? all - own : (ranks - 1) * all, ranks - 1) : message_traffic(0);
  if (in_pieces) out = out + all_gather_traffic(own, ranks);
  return out;
}

Traffic coded_all_reduce_traffic(std::span<const CodedArray> arrays, int ranks) {
  if (ranks == 1) return {};
  std::int64_t bytes = 0;
  for (const auto& [format, count] : arrays) bytes += coded_all_reduce_bytes(format, count, ranks);
  return sent(bytes, 2 * std::int64_t{CodedLayout(arrays, ranks).segments()} * (ranks - 1));
}

std::int64_t all_reduce_room(DType dtype, std::int64_t count, int ranks, int rank) noexcept {
  if (ranks == 1) return 0;
  const std::int64_t all = bytes_of(dtype, count);
  const std::int64_t segment = std::min(segment_numbers(dtype), piece_of(count, ranks, rank).count);
  return ranks * (all <= kSmallReduction ? all : bytes_of(dtype, segment));
}

std::int64_t coded_room(std::int64_t buffer_bytes, std::int64_t owned, int ranks) noexcept {
  const std::int64_t numbers = owned + kCodedChunk * ranks;
  return 2 * buffer_bytes + numbers * static_cast<std::int64_t>(sizeof(float));
}

}  // namespace athanor::comm
