// What must be done before an op can be: the one statement of the rules that validator and simulator share. Internal to
// core/parallel; stages of the ops must exist.
#pragma once

#include "core/parallel/op_table.h"
#include "core/parallel/transfers.h"

#include <optional>

namespace athanor::parallel::detail {

inline constexpr int kNowhere = -1;

// Where each op stands in the list of its stage's rank; kNowhere where it does not.
using Places = OpTable<int>;

// B where the schedule joins this backward, else I.
[[nodiscard]] inline Op backward_of(const Places& places, int stage, int micro_batch) noexcept {
  const Op joined{OpKind::backward, stage, micro_batch};
  return places[joined] != kNowhere ? joined : Op{OpKind::input_gradient, stage, micro_batch};
}

// The op on another rank that an op of micro-batch waits for, if any. With transfers a receive is posted and only its
// consumer waits, for the send itself.
[[nodiscard]] inline std::optional<Op> awaited(const Schedule& schedule, const Places& places, bool transfers,
                                               const Op& op) noexcept {
  const auto receive = receive_of(schedule, op);
  if (!receive) return {};
  const Op send = counterpart(*receive);
  if (transfers) return send;
  if (send.kind == OpKind::send_forward) return Op{OpKind::forward, send.stage, send.micro_batch};
  return backward_of(places, send.stage, send.micro_batch);
}

// Calls `visit` with each op that must stand earlier in the same rank's list. Ops of whole stages are not covered.
template <class Visit>
void visit_local_needs(const Schedule& schedule, const Places& places, bool transfers, const Op& op, Visit&& visit) {
  const int stage = op.stage, micro_batch = op.micro_batch;
  const auto is_here = [&](int other) {
    return other >= 0 && other < schedule.stage_count() &&
           schedule.stage_ranks[static_cast<std::size_t>(other)] ==
               schedule.stage_ranks[static_cast<std::size_t>(stage)];
  };
  const auto visit_receive = [&] {
    if (const auto receive = receive_of(schedule, op); receive && transfers) visit(*receive);
  };
  switch (op.kind) {
    case OpKind::forward:
      if (is_here(stage - 1)) visit(Op{OpKind::forward, stage - 1, micro_batch});
      visit_receive();
      break;
    case OpKind::input_gradient:
    case OpKind::backward:
      visit(Op{OpKind::forward, stage, micro_batch});
      if (is_here(stage + 1)) visit(backward_of(places, stage + 1, micro_batch));
      if (places[{OpKind::offload, stage, micro_batch}] != kNowhere) visit(Op{OpKind::prefetch, stage, micro_batch});
      visit_receive();
      break;
    case OpKind::weight_gradient: visit(Op{OpKind::input_gradient, stage, micro_batch}); break;
    case OpKind::send_forward:
    case OpKind::offload: visit(Op{OpKind::forward, stage, micro_batch}); break;
    case OpKind::send_backward: visit(backward_of(places, stage, micro_batch)); break;
    case OpKind::prefetch: visit(Op{OpKind::offload, stage, micro_batch}); break;
    default: break;
  }
}

}  // namespace athanor::parallel::detail
