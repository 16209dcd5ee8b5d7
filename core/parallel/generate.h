// The static pipeline schedules. Pure functions; each gives compute ops only (F, I, W or B), to be lowered by
// `passes.h`.
//
// Notation: p ranks, v chunks per rank, m micro-batches; F, I, W, B = I + W the times of all layers of one rank, so
// that a chunk takes 1/v of them; activations in units of one micro-batch on one rank, held from F to W.
//
//   schedule          stages   bubble time, free hops    activations of a rank
//   gpipe             p        (p-1)(F+B)                m
//   1f1b              p        (p-1)(F+B)                min(m, p-r)
//   interleaved-1f1b  p v      (p-1)(F+B)/v              up to p (1 + (p-1)/(p v))
//   zb-h1             p        (p-1)(F+I-W)              p
//   zb-h2             p        (p-1)(F+I-2W)             2p - 1
//   zb-v              2p       0 where F = I = W         p
//   v-half, v-min     2p       see below                 p/2, p/3, and less than 2 more
//
// Bubbles of the split schedules are of the span of a rank, from its first op to its last; seen from the barrier at the
// end of a step, the time until the last rank starts remains a bubble.
//
// Every function throws Failure (invalid_input) where p, v or m is below 1 or breaks the rule it names.
#pragma once

#include "core/parallel/schedule.h"

#include <cstdint>

namespace athanor::parallel {

// All forwards, then all backwards. Huang et al. 2019, "GPipe", arXiv 1811.06965.
[[nodiscard]] Schedule gpipe(int ranks, int micro_batches);

// Rank r: min(p-1-r, m) forwards to warm up, then (F, B) in turns, then the backwards that are left. Narayanan et al.
// 2019, "PipeDream", with one flush a step.
[[nodiscard]] Schedule one_f_one_b(int ranks, int micro_batches);

// v stages a rank, interleaved. With rounds = max(1, floor(m/p)) and g = m/rounds, which must be whole, rank r warms up
// with min((v-1) g + 2 (p-1-r), v m) forwards; its k-th forward is of chunk floor(k/g) mod v, its k-th backward of
// chunk v-1 - floor(k/g) mod v. Narayanan et al. 2021, arXiv 2104.04473, section 2.2. v = 1 gives another warm-up than
// 1f1b.
[[nodiscard]] Schedule interleaved_one_f_one_b(int ranks, int chunks, int micro_batches);
// Whether m is divisible by rounds.
[[nodiscard]] bool can_interleave(std::int64_t ranks, std::int64_t micro_batches) noexcept;

// 1F1B with the backward split: rank r does W of micro-batch j after I of j + r. Qi et al. 2023, arXiv 2401.10241.
[[nodiscard]] Schedule zb_h1(int ranks, int micro_batches);
// Warm-up of 2 (p-1-r) forwards, W delayed by 2r: no bubble in the span where F = I = W. As above.
[[nodiscard]] Schedule zb_h2(int ranks, int micro_batches);

// Two chunks placed as a V: no bubble in the span where F = I = W, at the activations of 1F1B. As above, and Qi
// et al. 2024, arXiv 2405.15362.
[[nodiscard]] Schedule zb_v(int ranks, int micro_batches);

// The memory-bounded members of the V family: the ops of micro-batch j stand where a building block that begins every 6
// slots puts them, a slot being the time of one op of one chunk. In the block F of chunk 0 and I of chunk 1 go down the
// ranks, one every `down` slots, F of chunk 1 and I of chunk 0 come up, one every `up`; W fills the slots left free. An
// activation of chunk 0 lives 2p (down + up) slots on rank 0, so p (down + up)/6 units of them are held there, and p
// up/3 of chunk 1 on the last: v-min has down = up = 1, v-half 2 and 1. Qi et al. 2024, arXiv 2405.15362.
[[nodiscard]] Schedule v_half(int ranks, int micro_batches);
[[nodiscard]] Schedule v_min(int ranks, int micro_batches);

// Every static schedule that p, m and up to `chunks` chunks a rank allow.
[[nodiscard]] std::vector<Schedule> static_schedules(int ranks, int micro_batches, int chunks);

}  // namespace athanor::parallel
