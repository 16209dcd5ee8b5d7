// Differentiable look-ups and reductions over tokens. Letters: B batch, T tokens, C channels, V vocabulary.
#pragma once

#include "core/autograd/variable.h"

namespace athanor::ops {

// Which rows of a table there are: those from `first` on, of `all` (0: these are all).
struct TableRows {
  std::int64_t first = 0, all = 0;
};
// y [..., C] = rows of table [V,C] named by ids i32 [...]; zeros for an id whose row is not among these. Ids have no
// gradient. On a GPU the ids are not checked.
[[nodiscard]] Variable embedding(Context& context, const Variable& table, const Tensor& ids,
                                 const TableRows& rows = {});

// y [B,C]: mean of x [B,T,C] over the first lengths[b] tokens; lengths i32 [B] or absent (all T).
[[nodiscard]] Variable masked_mean(Context& context, const Variable& x, const Tensor& lengths = {});

// Along one dim of x; a negative dim counts from the innermost. index i32 is a list that names whole slices, or has the
// dims of x except for this one and names an element each. Indices have no gradient; on a GPU they are not checked.
//   gather       y[.., j, ..] = x[.., index[.., j, ..], ..]
//   scatter      x, in which y[.., index[.., j, ..], ..] = u[.., j, ..]: the last j stays where several name one
//   element scatter_add  the same with +=, in order of j
[[nodiscard]] Variable gather(Context& context, const Variable& x, int dim, const Tensor& index);
[[nodiscard]] Variable scatter(Context& context, const Variable& x, int dim, const Tensor& index, const Variable& u);
[[nodiscard]] Variable scatter_add(Context& context, const Variable& x, int dim, const Tensor& index,
                                   const Variable& u);

// The k largest of each row of x [..., N], largest first, and where they stood (i32 [..., k]). Of equals the one
// further left comes first.
struct TopK {
  Variable values;  // [..., k]
  Tensor indices;
};
[[nodiscard]] TopK top_k(Context& context, const Variable& x, std::int64_t k);

// For each row of x [..., D] the nearest of the codes [K,D]. `codes` passes its gradient straight through to x, as if
// nothing had been rounded; `loss` [1] = mean (codes - x)^2 pulls codes to what uses them, plus `commitment` times the
// same, which pulls x to its code. Formula and source: kernels/ops/index/nearest_code.h.
struct NearestCode {
  Variable codes;  // [..., D]
  Tensor indices;  // i32 [...]
  Variable loss;
};
struct NearestCodeOptions {
  float commitment = 0.25f;
};
[[nodiscard]] NearestCode nearest_code(Context& context, const Variable& x, const Variable& codebook,
                                       const NearestCodeOptions& options = {});

}  // namespace athanor::ops
