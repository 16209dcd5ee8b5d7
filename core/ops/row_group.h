// Replicas that have some rows each of the batch of which one loss is taken, and compute their part of it.
#pragma once

#include "core/ops/loss.h"
#include "core/tensor/context.h"

#include <cstdint>

namespace athanor::ops {

class RowGroup {
 public:
  virtual ~RowGroup() = default;
  // `whole` [rows of the batch, ...], f32 or i32, is contiguous and holds this replica's rows: fills in those of the
  // others. A call that all replicas make, in the same order; failures are those of the group.
  virtual void gather(Context& context, const Tensor& whole) = 0;
};

// The pairs of one replica, from pair `first` of the batch on, and what it has been given of all.
struct OwnPairs {
  RowGroup& group;  // outlives the backward pass
  std::int64_t first;
  Variable image, text;          // [n,D]: get their gradients
  Tensor all_images, all_texts;  // [N,D], which hold the own ones as well
};

// Whether divided_contrastive_loss() takes so many pairs: it does where the work that replicas save is worth what they
// exchange, on a CPU from 513 pairs on (kernels/ops/loss/contrastive_loss.h). The same on replicas of one kind, and in
// a dry run.
[[nodiscard]] bool divides_contrastive_loss(const Context& context, std::int64_t pairs);
// contrastive_loss() of all pairs, on all replicas alike, with its bits: each computes the rows of its own images
// against all texts and of its own texts against all images. One of N replicas so makes 2/N - 1/N^2 of the logits, and
// again in the backward pass, takes 1/N of the products of the gradient and holds an N-th of it, each up to whole tiles
// of 128 or 256 pairs. What is exchanged are
// one to three numbers of each pair, once in each direction, and no gradients of features: those of the own pairs are
// complete. options.ids i32 [N] are those of all; no scales per sample. Adds those numbers up on the host. Throws
// Failure(invalid_input) for shapes that do not fit, and where pairs are not divided.
[[nodiscard]] Variable divided_contrastive_loss(Context& context, const OwnPairs& own, const Variable& logit_scale,
                                                const ContrastiveLossOptions& options = {});

}  // namespace athanor::ops
