// Proof that the calling thread runs a block of parallel_for, where OpenMP regions stay on one thread and handlers of
// signals wait. What must not run elsewhere asks for it.
#pragma once

namespace athanor::kernels::cpu {

[[nodiscard]] bool is_inside_block() noexcept;

// Throws Failure (internal), saying that `intention` needs a block.
void require_block(const char* intention);

}  // namespace athanor::kernels::cpu
