// contrastive_loss without the N x N logits, on the CPU. Needs AVX2.
//
// Pairs are cut into B blocks. In round r of B, task i works on the tile of row block i and column block (i + r) mod B:
// the tasks of a round touch different rows and different columns, so row and column sums (and, in the gradient, dimage
// and dtext) are added up by one sweep without locks or copies, in an order that no thread count can change. A part
// goes through the tiles of its rows and of its columns in the same rounds, and leaves out the others.
#pragma once

#include "kernels/ops/loss/contrastive_loss.h"

namespace athanor::kernels {

void contrastive_loss_tiled(const Exec& exec, const ContrastiveLossArgs& args);
void contrastive_loss_grad_tiled(const Exec& exec, const ContrastiveLossGradArgs& args);
[[nodiscard]] std::size_t contrastive_loss_tiled_bytes(const Exec& exec, const ContrastiveLossArgs& args);
[[nodiscard]] std::size_t contrastive_loss_grad_tiled_bytes(const Exec& exec, const ContrastiveLossGradArgs& args);

}  // namespace athanor::kernels
