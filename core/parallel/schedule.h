// A pipeline schedule as data: what every rank does, in which order. Generators make it, passes lower it, the validator
// explains what is wrong with it, the simulator times it, the runtime executes it and the window draws it.
// A value: owns all it holds, no locks, safe to read from many threads. Includes only std and core/base.
//
// A model is cut into stages 0 … S-1 along its depth; each stage lies on one rank of the pipeline axis (S = p v: p
// ranks with v chunks each) and works on micro-batches 0 … m-1. A backward of a parameterised op Y = X A has two halves
// (Qi et al. 2023, "Zero Bubble Pipeline Parallelism", arXiv 2401.10241):
//   I  dX = dY A^T   awaited by the stage before
//   W  dA = X^T dY   awaited by nobody before the step, so it may fill what would be a bubble
#pragma once

#include "core/base/result.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::parallel {

enum class OpKind : std::uint8_t {
  forward,           // F: the stage's forward on a micro-batch
  input_gradient,    // I: the half of backward that the stage before waits for
  weight_gradient,   // W: the other half
  backward,          // B: I and W as one
  send_forward,      // the output of the stage's F, to the stage after
  receive_forward,   // the input of the stage's F, from the stage before
  send_backward,     // the input gradient of the stage's I or B, to the stage before
  receive_backward,  // the output gradient of the stage's I or B, from the stage after
  unshard,           // gather the stage's parameters from the data axis
  reshard,           // let go of the gathered parameters
  reduce_gradient,   // reduce the stage's gradients along the data axis
  offload,           // move the activations of the stage's micro-batch to a slower tier
  prefetch,          // and bring them back
  step,              // the optimizer's step on the stage's parameters
};
inline constexpr std::size_t kOpKindCount = 14;
inline constexpr std::array<const char*, kOpKindCount> kOpKindNames = {
    "F",      "I",       "W",       "B",           "SEND_F",  "RECV_F",   "SEND_B",
    "RECV_B", "UNSHARD", "RESHARD", "REDUCE_GRAD", "OFFLOAD", "PREFETCH", "STEP"};
[[nodiscard]] constexpr const char* to_string(OpKind kind) noexcept {
  return kOpKindNames[static_cast<std::size_t>(kind)];
}

[[nodiscard]] constexpr bool is_compute(OpKind kind) noexcept { return kind <= OpKind::backward; }
[[nodiscard]] constexpr bool is_send(OpKind kind) noexcept {
  return kind == OpKind::send_forward || kind == OpKind::send_backward;
}
[[nodiscard]] constexpr bool is_receive(OpKind kind) noexcept {
  return kind == OpKind::receive_forward || kind == OpKind::receive_backward;
}
// Whether an op of this kind belongs to one micro-batch; the others are of their stage as a whole.
[[nodiscard]] constexpr bool has_micro_batch(OpKind kind) noexcept {
  return kind <= OpKind::receive_backward || kind == OpKind::offload || kind == OpKind::prefetch;
}

inline constexpr std::int32_t kWholeStage = -1;

struct Op {
  OpKind kind = OpKind::forward;
  std::int32_t stage = 0;
  std::int32_t micro_batch = kWholeStage;  // kWholeStage where has_micro_batch(kind) is false

  bool operator==(const Op&) const = default;
};

// How stages lie on ranks; c = chunk, r = rank.
enum class Placement {
  contiguous,   // stage v r + c: neighbours in depth share a rank
  interleaved,  // stage p c + r (Narayanan et al. 2021, arXiv 2104.04473)
  v,  // to and fro: c even stage p c + r, c odd stage p (c+1) - 1 - r. With v = 2 the first and the last stage
      // share rank 0 (Qi et al. 2024, "Pipeline Parallelism with Controllable Memory", arXiv 2405.15362)
  other,
};
inline constexpr std::array<const char*, 4> kPlacementNames = {"contiguous", "interleaved", "v", "other"};
[[nodiscard]] constexpr const char* to_string(Placement placement) noexcept {
  return kPlacementNames[static_cast<std::size_t>(placement)];
}

// The rank of each stage. `placement` is not other.
[[nodiscard]] std::vector<int> place_stages(Placement placement, int ranks, int chunks);

struct Schedule {
  std::string name;                    // of the generator, or what a person called it; one line
  int micro_batches = 0;               // m
  std::vector<int> stage_ranks;        // the rank of each stage
  std::vector<std::vector<Op>> ranks;  // what each rank does, in order

  [[nodiscard]] int stage_count() const noexcept { return static_cast<int>(stage_ranks.size()); }
  [[nodiscard]] int rank_count() const noexcept { return static_cast<int>(ranks.size()); }
  bool operator==(const Schedule&) const = default;
};

// The placement that gives these ranks to the stages; of several the first in Placement's order.
[[nodiscard]] Placement placement_of(const Schedule& schedule);

// Whether sends and receives stand in the lists. A schedule without any leaves them to the passes, and the validator
// and simulator take each result to be sent where it is ready.
[[nodiscard]] bool has_transfers(const Schedule& schedule) noexcept;

// Whether any micro-batch goes backward.
[[nodiscard]] bool goes_backward(const Schedule& schedule) noexcept;

// "F3.12": stage 3, micro-batch 12; "STEP3": of the stage as a whole.
[[nodiscard]] std::string to_text(const Op& op);
[[nodiscard]] Result<Op> parse_op(std::string_view text);

// The exact text form, which reads back as the same value; a line per rank, so that two schedules can be compared with
// any tool for lines:
//   schedule zb-v
//   micro-batches 8
//   stages 0 1 1 0
//   rank 0: F0.0 F0.1 …
//   rank 1: …
// Empty lines and lines that begin with # are passed over. Reading checks the form only, `validate` the sense; a fault
// is an invalid_input error that names line and word.
[[nodiscard]] std::string to_text(const Schedule& schedule);
[[nodiscard]] Result<Schedule> parse_schedule(std::string_view text);

}  // namespace athanor::parallel
