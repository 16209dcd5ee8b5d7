// Reductions over ranks in the one order that all of Athanor uses: neighbours first, then pairs of pairs, an odd one
// out going up unchanged, as a binary counter adds its leaves. The result of n leaves that begin at a multiple of a
// power of two n is a node of every larger tree, so ranks that each combine such a run of micro-batches and then
// combine over ranks give the bits of one process that combines them all.
#pragma once

#include "core/comm/communicator.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace athanor::comm {

// out[i] = part_0[i] ∘ part_1[i] ∘ … of `count` numbers; `out` may be one of the parts. Throws Failure(internal) for a
// type without arithmetic. NaN wins in max and min.
void combine(std::span<const std::byte* const> parts, std::byte* out, std::int64_t count, DType dtype, Reduce reduce);

// The pieces into which `count` numbers are cut for `pieces` ranks: as even as can be, on multiples of `grain`.
[[nodiscard]] Piece piece_of(std::int64_t count, int pieces, int which, std::int64_t grain = 16) noexcept;

}  // namespace athanor::comm
