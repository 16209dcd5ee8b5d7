// A copy of parameters and optimizer state in memory, to go back to when a step spoils them.
#pragma once

#include "core/optim/optimizer.h"
#include "core/tensor/context.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace athanor::train {

class Rewind {
 public:
  // Copies everything; the memory of an earlier copy is used again. `done`: steps done.
  void take(Context& context, const std::vector<Parameter>& parameters, const optim::Optimizer& optimizer,
            std::int64_t done);
  [[nodiscard]] bool taken() const noexcept { return done_ >= 0; }
  [[nodiscard]] std::int64_t done() const noexcept { return done_; }
  // Only with the parameters and the optimizer it was taken of.
  void restore(Context& context, const std::vector<Parameter>& parameters, optim::Optimizer& optimizer) const;

 private:
  std::vector<Tensor> values_, state_;
  std::int64_t optimizer_steps_ = 0;
  std::int64_t done_ = -1;
};

}  // namespace athanor::train
