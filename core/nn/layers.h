// Layers: each owns its parameters under its path and computes one equation. Built in a Scope, called with a Context.
// Letters: B batch, T tokens, C channels, H height, W width, I/O channels in/out, V vocabulary.
#pragma once

#include "core/nn/scope.h"
#include "core/ops/conv.h"
#include "core/ops/elementwise.h"
#include "core/ops/gemm.h"
#include "core/ops/norm.h"

namespace athanor::nn {

// Where a layer stands in a stack whose rows of tokens are divided between the ranks of a tensor group: what it is
// given and gives there is [B T / ranks, C] of [B,T,C] (core/ops/tensor_group.h). As it stands: all rows are here.
struct TokenRows {
  std::int64_t batch = 0, tokens = 0;  // of all ranks together
  [[nodiscard]] bool divided() const noexcept { return batch > 0; }
};
// How a stack divides x [B,T,C]: not at all where the ranks do not, or where the rows do not come out even.
[[nodiscard]] TokenRows token_rows(const Context& context, const Variable& x_BTC);
// Into the stack and out of it.
[[nodiscard]] Variable divide_rows(Context& context, const Variable& x_BTC, const TokenRows& rows);
[[nodiscard]] Variable join_rows(Context& context, const Variable& x, const TokenRows& rows);
// What all rows learn together, where it is used on some of them: its gradient is summed over the ranks.
[[nodiscard]] Variable shared(Context& context, const Parameter& parameter, const TokenRows& rows);

// Which dim of a linear layer's weight is divided between the ranks of a tensor group, where there is one.
//   outputs  y is this rank's part of all outputs, x is whole ("column parallel")
//   inputs   x is this rank's part of all inputs, y is whole: the sum over ranks ("row parallel")
enum class Divide : std::uint8_t { none, outputs, inputs };

struct LinearConfig {
  std::int64_t in = 0, out = 0;  // of the whole layer
  bool bias = true;
  Divide divide = Divide::none;
  std::int64_t blocks = 1;  // outputs come as so many blocks, each of which is divided: 3 of q, k and v
};
// y [..., out] = act(x [..., in] weight^T + bias) + residual. Parameters: weight [out, in], bias [out].
class Linear {
 public:
  // Throws Failure(invalid_input) where what is to be divided does not come out even.
  Linear(const Scope& scope, const LinearConfig& config);
  // `rows` says how the whole side lies: x of divided outputs; y and the residual of divided inputs.
  [[nodiscard]] Variable forward(Context& context, const Variable& x, const ops::LinearOptions& options = {},
                                 const TokenRows& rows = {}) const;

 private:
  [[nodiscard]] Variable product(Context& context, const Variable& x, const Variable& bias,
                                 const ops::LinearOptions& options) const;
  [[nodiscard]] Variable whole(Context& context, const Variable& x, const ops::LinearOptions& options) const;
  [[nodiscard]] Variable summed(Context& context, const Variable& x, const ops::LinearOptions& options,
                                const TokenRows& rows) const;

  Divide divide_;
  std::shared_ptr<const Site> site_;
  Parameter weight_, bias_;
};

struct Conv2dConfig {
  std::int64_t in = 0, out = 0;
  int kernel = 3;
  int stride = 1;
  int padding = 1;
  bool bias = true;
};
// NHWC. Parameters: weight [out, kernel, kernel, in], bias [out].
class Conv2d {
 public:
  Conv2d(const Scope& scope, const Conv2dConfig& config);
  [[nodiscard]] Variable forward(Context& context, const Variable& x_BHWI) const;

 private:
  Conv2dConfig config_;
  std::shared_ptr<const Site> site_;
  Parameter weight_, bias_;
};

// Parameters: gain [C], bias [C].
class LayerNorm {
 public:
  LayerNorm(const Scope& scope, std::int64_t channels, float eps = 1e-5f);
  [[nodiscard]] Variable forward(Context& context, const Variable& x, const TokenRows& rows = {}) const;

 private:
  float eps_;
  Parameter gain_, bias_;
};

// Parameters: gain [C].
class RmsNorm {
 public:
  RmsNorm(const Scope& scope, std::int64_t channels, float eps = 1e-6f);
  [[nodiscard]] Variable forward(Context& context, const Variable& x) const;

 private:
  float eps_;
  Parameter gain_;
};

// Per sample; parameters: gain [C], bias [C].
class GroupNorm {
 public:
  GroupNorm(const Scope& scope, std::int64_t channels, const ops::GroupNormOptions& options);
  [[nodiscard]] Variable forward(Context& context, const Variable& x) const;

 private:
  ops::GroupNormOptions options_;
  Parameter gain_, bias_;
};

// How a table of words is divided: by words, which need not come out even; whole where there are fewer than ranks.
[[nodiscard]] std::optional<Division> vocabulary_division(const Scope& scope, std::int64_t vocabulary);
// The rows of a table that ids name, whichever rank has them.
[[nodiscard]] Variable look_up(Context& context, const Parameter& table, const Tensor& ids_BT);

// Rows of a table, which are divided between the ranks of a tensor group. Parameters: weight [V, C].
class Embedding {
 public:
  Embedding(const Scope& scope, std::int64_t vocabulary, std::int64_t channels, float deviation);
  [[nodiscard]] Variable forward(Context& context, const Tensor& ids_BT) const;

 private:
  std::shared_ptr<const Site> site_;
  Parameter weight_;
};

// Learned positions added to tokens. Parameters: weight [T, C].
class Positions {
 public:
  Positions(const Scope& scope, std::int64_t most_tokens, std::int64_t channels);
  // Uses the first T rows for x [B,T,C].
  [[nodiscard]] Variable forward(Context& context, const Variable& x_BTC) const;

 private:
  Parameter weight_;
};

class Dropout {
 public:
  Dropout(const Scope& scope, float probability) : options_{.probability = probability, .stream = scope.stream()} {}
  [[nodiscard]] Variable forward(Context& context, const Variable& x, const TokenRows& rows = {}) const;
  [[nodiscard]] bool active(const Context& context) const { return context.training() && options_.probability > 0; }

 private:
  ops::DropoutOptions options_;
};

}  // namespace athanor::nn
