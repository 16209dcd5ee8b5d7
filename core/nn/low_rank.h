// Low-rank adapters (Hu et al. 2021, arXiv:2106.09685) on the weights of linear layers, added from outside: the paths
// and values of the base stay what they are.
//   y = x W^T + bias + (alpha / rank) dropout(x) A^T B^T,   A [rank, in] random, B [out, rank] zero at first
// Not synchronised: merging changes weights while nothing computes.
#pragma once

#include "core/nn/scope.h"
#include "core/ops/elementwise.h"
#include "core/ops/gemm.h"

#include <functional>
#include <vector>

namespace athanor {

// What hangs on ParameterState::adapter of a linear layer's weight.
struct LowRank {
  Parameter a, b;  // <module>.lora_a [rank, in], <module>.lora_b [out, rank]
  float scale = 1.0f;
  ops::DropoutOptions dropout;
  bool merged = false;  // the product is part of the weight at the moment
};

}  // namespace athanor

namespace athanor::nn {

struct LowRankConfig {
  std::int64_t rank = 8;
  float alpha = 16.0f;
  float dropout = 0.0f;
};

// Gives the weight of a linear layer an adapter, whose parameters join `parameters`; the weight itself learns no more.
// Throws Failure(invalid_input) when the weight belongs to no linear layer, is adapted already, or is divided between
// ranks.
void add_low_rank(Context& context, ParameterSet& parameters, const Parameter& weight, const LowRankConfig& config,
                  std::uint64_t seed);

// What Linear computes while an adapter is there and not merged; `base` is its product without the adapter.
[[nodiscard]] Variable adapted_linear(Context& context, const Variable& x, const LowRank& low,
                                      const ops::LinearOptions& options,
                                      const std::function<Variable(const ops::LinearOptions&)>& base);

// Adds every adapter's product to its weight, and takes it away again; what is so already stays so. Computed on the
// host in double.
void merge_low_rank(const Context& context, const ParameterSet& parameters);
void unmerge_low_rank(const Context& context, const ParameterSet& parameters);

// Without the adapters' own: what a model that knows nothing of adapters has.
[[nodiscard]] std::vector<Parameter> base_parameters(const ParameterSet& parameters);

}  // namespace athanor::nn
