// The sum of gradients over replicas with unequal shares of the micro-batches, from the nodes of the tree that each of
// them comes to by itself (core/train/gradient_sum.h): with the bits of one process that adds all micro-batches.
//
// Every replica has a piece of the numbers, of which the others send it theirs of each of their nodes; it adds them in
// the order of the tree, and the sums come back. A replica sends as many nodes as the one with the most: with K of them
// (K + 1) / 2 times the bytes of an all_reduce, and K is 1 to 2 log2 of the micro-batches. Numbers go in buckets.
//
// Failures are the communicator's. Used by one thread at a time.
#pragma once

#include "core/comm/communicator.h"
#include "core/tensor/context.h"
#include "core/train/gradient_sum.h"

#include <cstdint>
#include <span>
#include <vector>

namespace athanor::distributed {

class NodeExchange {
 public:
  // All make the same calls with the same shares, by replica; both are referred to and outlive it.
  NodeExchange(comm::Communicator& ranks, std::span<const train::MicroBatches> shares);

  // The nodes of one gradient [n], f32, in order; absent ones count as zero. Returns where its sum will be, one of the
  // parts; absent where all are.
  [[nodiscard]] Tensor add(Context& context, std::vector<Tensor> parts);
  // After the last; then all sums are there.
  void finish(Context& context);

 private:
  static constexpr std::int64_t kBucketNumbers = 256 << 10;

  struct Member {
    std::vector<Tensor> parts;
    Tensor sum;
  };
  void exchange(Context& context);
  // Adds what has come for this rank's piece, of `each` numbers; the sum is in the first place.
  [[nodiscard]] std::span<float> combine(std::int64_t each);

  comm::Communicator& ranks_;
  std::vector<std::vector<train::SumNode>> nodes_;  // by replica
  std::size_t most_ = 0;                            // nodes of one
  std::vector<Member> bucket_;
  std::int64_t numbers_ = 0;                    // in the bucket
  std::vector<float> sent_, received_, whole_;  // by replica, then node; of the bucket
};

}  // namespace athanor::distributed
