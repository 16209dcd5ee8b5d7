// What cross entropies keep for their backward pass, and that pass. Private to this folder.
#pragma once

#include "core/autograd/node.h"
#include "core/ops/loss.h"

namespace athanor::ops {

struct SavedCrossEntropy {
  SavedTensor logits, row_max, row_log, counted;
  Tensor targets;
  CrossEntropyOptions options;
};

// Input of the node: 0 logits.
void cross_entropy_grad(BackwardCall& call, const SavedCrossEntropy& saved);

}  // namespace athanor::ops
