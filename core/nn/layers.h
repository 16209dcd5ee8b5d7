// Layers: each owns its parameters under its path and computes one equation. Built in a Scope, called with a Context.
// Letters: B batch, T tokens, C channels, H height, W width, I/O channels in/out, V vocabulary.
#pragma once

#include "core/nn/scope.h"
#include "core/ops/conv.h"
#include "core/ops/elementwise.h"
#include "core/ops/gemm.h"
#include "core/ops/norm.h"

namespace athanor::nn {

struct LinearConfig {
  std::int64_t in = 0, out = 0;
  bool bias = true;
};
// y [..., out] = act(x [..., in] weight^T + bias) + residual. Parameters: weight [out, in], bias [out].
class Linear {
 public:
  Linear(const Scope& scope, const LinearConfig& config);
  [[nodiscard]] Variable forward(Context& context, const Variable& x, const ops::LinearOptions& options = {}) const;

 private:
  [[nodiscard]] Variable product(Context& context, const Variable& x, const ops::LinearOptions& options) const;

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
  [[nodiscard]] Variable forward(Context& context, const Variable& x) const;

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

// Rows of a table. Parameters: weight [V, C].
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
  [[nodiscard]] Variable forward(Context& context, const Variable& x) const {
    return ops::dropout(context, x, options_);
  }
  [[nodiscard]] bool active(const Context& context) const { return context.training() && options_.probability > 0; }

 private:
  ops::DropoutOptions options_;
};

}  // namespace athanor::nn
