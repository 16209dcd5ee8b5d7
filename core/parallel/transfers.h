// Which transfers a schedule's ops give rise to. Stages of the ops must exist.
#pragma once

#include "core/parallel/schedule.h"

#include <optional>

namespace athanor::parallel {

// The send that carries the result of a compute op to the stage that waits for it; nothing where that stage shares the
// rank or there is none.
[[nodiscard]] std::optional<Op> send_of(const Schedule& schedule, const Op& op) noexcept;
// The receive that brings what a compute op needs from another rank; nothing where it needs nothing from elsewhere.
[[nodiscard]] std::optional<Op> receive_of(const Schedule& schedule, const Op& op) noexcept;
// The other end of a send or receive.
[[nodiscard]] Op counterpart(const Op& transfer) noexcept;
// The rank at the other end of a send or receive; -1 where its stage has no neighbour on that side.
[[nodiscard]] int peer_of(const Schedule& schedule, const Op& transfer) noexcept;

}  // namespace athanor::parallel
