// Ranks that hold one model between them: each has a part of the large layers, and computes all of the small ones
// (Shoeybi et al. 2019, "Megatron-LM", arXiv:1909.08053). The ops here are what stands between a layer that is divided
// and one that is not. They come in pairs: the gradient of each is the other of its pair.
//
//   copy_to_group    y = x                        dx = sum over ranks of dy
//   reduce_from_group y = sum over ranks of x     dx = dy
// and, where rows of tokens are divided between the ranks outside divided layers (Korthikanti et al. 2022,
// arXiv:2205.05198, "sequence parallelism"), with rows the outermost dim and rank i's the i-th part of them:
//   gather_rows      y = rows of all ranks        dx = own rows of the sum of dy
//   reduce_rows      y = own rows of the sum of x dx = rows of dy of all ranks
//   take_rows        y = own rows of x            dx = rows of dy of all ranks         x is the same on all ranks
//   join_rows        y = rows of all ranks        dx = own rows of dy                  dy is the same on all ranks
//
// Sums have one order, and a sum has the same bits on every rank: so what is not divided stays the same on all of them.
// Each op is a call that all ranks make, in the same order, forward and backward. Failures are those of the group.
#pragma once

#include "core/autograd/variable.h"
#include "core/ops/loss.h"
#include "core/tensor/context.h"

namespace athanor::ops {

// Installed with Context::set_tensor_group before a model is built, and as long as it computes. Tensors are contiguous
// and of a format that activations may have; sums of narrow formats are added in f32 and rounded once.
class TensorGroup {
 public:
  enum class Reduce : std::uint8_t { sum, max };

  virtual ~TensorGroup() = default;
  [[nodiscard]] virtual int count() const = 0;
  [[nodiscard]] virtual int index() const = 0;
  // Whether activations outside divided layers are divided by rows as well.
  [[nodiscard]] virtual bool divides_rows() const = 0;

  // In place.
  virtual void all_reduce(Context& context, const Tensor& x, Reduce reduce = Reduce::sum) = 0;
  // whole [count * n, ...] from the parts [n, ...] of all ranks.
  virtual void all_gather(Context& context, const Tensor& part, const Tensor& whole) = 0;
  // The n rows of this rank of the sum over ranks of whole [count * n, ...].
  virtual void reduce_scatter(Context& context, const Tensor& whole, const Tensor& part) = 0;
};

// The group of more than one that a context has; null where there is none.
[[nodiscard]] TensorGroup* group_of(const Context& context) noexcept;
// The same, for a model that was built divided. Throws Failure(internal) where there is none.
[[nodiscard]] TensorGroup& needed_group(const Context& context);

[[nodiscard]] Variable copy_to_group(Context& context, const Variable& x);
// Reduces in place where nobody else sees x.
[[nodiscard]] Variable reduce_from_group(Context& context, Variable x);
[[nodiscard]] Variable gather_rows(Context& context, const Variable& x);
[[nodiscard]] Variable reduce_rows(Context& context, const Variable& x);
[[nodiscard]] Variable take_rows(Context& context, const Variable& x);
[[nodiscard]] Variable join_rows(Context& context, const Variable& x);

// cross_entropy() over classes that are divided between the ranks: logits [..., Vi] are those of the classes from
// `first` on, targets i32 [...] name classes of all ranks. Loss [1] and gradients are the same as if one rank had all
// logits (Megatron-LM, section 3; logits never travel: three numbers a row do). Computes a row's three numbers on the
// host, in f64.
[[nodiscard]] Variable divided_cross_entropy(Context& context, const Variable& logits, const Tensor& targets,
                                             std::int32_t first, std::int32_t ignored = kernels::kIgnoredTarget);

}  // namespace athanor::ops
