// Parameters put together for one exchange between those that hold ranges of them: the ranges of one replica lie side
// by side. Private to this folder.
#pragma once

#include "core/comm/communicator.h"
#include "core/distributed/state_share.h"

#include <cstdint>
#include <span>
#include <vector>

namespace athanor::distributed {

// Calls visit(place, replica, range, where it begins among the packed numbers).
template <class Visit>
void for_ranges(std::span<const StateShare::Place* const> places, const Visit& visit) {
  std::int64_t begin = 0;
  for (std::size_t replica = 0; replica < places.front()->ranges.size(); ++replica) {
    for (const StateShare::Place* place : places) {
      const parallel::Range& range = place->ranges[replica];
      const std::int64_t count = range.end - range.begin;
      if (count > 0) visit(*place, replica, range, begin);
      begin += count;
    }
  }
}

// Of the packed numbers, by replica.
[[nodiscard]] inline std::vector<comm::Piece> packed_pieces(std::span<const StateShare::Place* const> places) {
  std::vector<comm::Piece> pieces(places.front()->ranges.size());
  std::int64_t begin = 0;
  for (std::size_t replica = 0; replica < pieces.size(); ++replica) {
    pieces[replica].begin = begin;
    for (const StateShare::Place* place : places) begin += place->ranges[replica].end - place->ranges[replica].begin;
    pieces[replica].count = begin - pieces[replica].begin;
  }
  return pieces;
}

}  // namespace athanor::distributed
