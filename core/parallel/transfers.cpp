#include "core/parallel/transfers.h"

namespace athanor::parallel {
namespace {

bool are_apart(const Schedule& schedule, int a, int b) noexcept {
  return a >= 0 && b >= 0 && a < schedule.stage_count() && b < schedule.stage_count() &&
         schedule.stage_ranks[static_cast<std::size_t>(a)] != schedule.stage_ranks[static_cast<std::size_t>(b)];
}

bool goes_back(OpKind kind) noexcept { return kind == OpKind::input_gradient || kind == OpKind::backward; }

}  // namespace

std::optional<Op> send_of(const Schedule& schedule, const Op& op) noexcept {
  if (op.kind == OpKind::forward && are_apart(schedule, op.stage, op.stage + 1))
    return Op{OpKind::send_forward, op.stage, op.micro_batch};
  if (goes_back(op.kind) && are_apart(schedule, op.stage, op.stage - 1))
    return Op{OpKind::send_backward, op.stage, op.micro_batch};
  return {};
}

std::optional<Op> receive_of(const Schedule& schedule, const Op& op) noexcept {
  if (op.kind == OpKind::forward && are_apart(schedule, op.stage, op.stage - 1))
    return Op{OpKind::receive_forward, op.stage, op.micro_batch};
  if (goes_back(op.kind) && are_apart(schedule, op.stage, op.stage + 1))
    return Op{OpKind::receive_backward, op.stage, op.micro_batch};
  return {};
}

Op counterpart(const Op& transfer) noexcept {
  switch (transfer.kind) {
    case OpKind::send_forward: return {OpKind::receive_forward, transfer.stage + 1, transfer.micro_batch};
    case OpKind::receive_forward: return {OpKind::send_forward, transfer.stage - 1, transfer.micro_batch};
    case OpKind::send_backward: return {OpKind::receive_backward, transfer.stage - 1, transfer.micro_batch};
    default: return {OpKind::send_backward, transfer.stage + 1, transfer.micro_batch};
  }
}

int peer_of(const Schedule& schedule, const Op& transfer) noexcept {
  const int stage = counterpart(transfer).stage;
  if (stage < 0 || stage >= schedule.stage_count()) return -1;
  return schedule.stage_ranks[static_cast<std::size_t>(stage)];
}

}  // namespace athanor::parallel
