// The oracle of contrastive_loss: plain loops in double, kept for ever.
#pragma once

#include "kernels/ops/loss/contrastive_loss.h"

namespace athanor::kernels {

void contrastive_loss_reference(const Exec& exec, const ContrastiveLossArgs& args);
void contrastive_loss_grad_reference(const Exec& exec, const ContrastiveLossGradArgs& args);

}  // namespace athanor::kernels
