// The squares of the gradients of a whole model of which each rank has some parameters: for the optimizer of one rank,
// which then clips and refuses as one process would that has all of them, with the same bits.
#pragma once

#include "core/comm/communicator.h"
#include "core/optim/optimizer.h"
#include "core/optim/square_sums.h"

#include <vector>

namespace athanor::distributed {

class ModelNorm {
 public:
  // `model` names all parameters that learn, in the model's order; `mine` are those that this rank counts, and each is
  // counted by one of `ranks`. Context, communicator and optimizer outlive it.
  ModelNorm(Context& context, comm::Communicator& ranks, optim::Optimizer& optimizer,
            const std::vector<optim::ParameterSize>& model, std::vector<Parameter> mine);
  ~ModelNorm() { optimizer_.set_sum_squares({}); }
  ModelNorm(const ModelNorm&) = delete;
  ModelNorm& operator=(const ModelNorm&) = delete;

 private:
  [[nodiscard]] ops::SquareSum sum_squares();

  Context& context_;
  comm::Communicator& ranks_;
  optim::Optimizer& optimizer_;
  std::vector<Parameter> mine_;
  optim::SquareSums sums_;
};

}  // namespace athanor::distributed
