// The squares of the gradients of a whole model of which each rank has some parameters: for the optimizer of one rank,
// which then clips and refuses as one process would that has all of them, with the same bits. A rank measures its own
// without waiting for others; all wait for one another once the sum is asked for.
#pragma once

#include "core/comm/communicator.h"
#include "core/optim/optimizer.h"
#include "core/optim/square_sums.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace athanor::distributed {

class ModelNorm {
 public:
  // What a rank counts: the gradient of all of a parameter, of its numbers from `first` on, or of a shard, which has a
  // name of its own (tensor_ranks.h).
  struct Part {
    Part(Parameter whole, std::int64_t from = 0)  // NOLINT: on purpose
        : parameter(std::move(whole)), name(parameter->path), first(from) {}
    Part(Parameter shard, std::string shard_name) : parameter(std::move(shard)), name(std::move(shard_name)) {}
    Parameter parameter;
    std::string name;
    std::int64_t first = 0;
  };
  // `model` names all parameters that learn, in the model's order; each of their numbers is counted by one of the ranks
  // that `axes` span together. Communicators and optimizer outlive it.
  ModelNorm(std::vector<comm::Communicator*> axes, optim::Optimizer& optimizer,
            const std::vector<optim::ParameterSize>& model, std::vector<Part> mine);
  ~ModelNorm() { optimizer_.set_sum_squares({}); }
  ModelNorm(const ModelNorm&) = delete;
  ModelNorm& operator=(const ModelNorm&) = delete;

  // For the other ranks, so far.
  [[nodiscard]] std::chrono::steady_clock::duration waited() const noexcept { return waited_; }

 private:
  void measure(Context& context);
  [[nodiscard]] ops::SquareSum sum_squares(Context& context);

  std::vector<comm::Communicator*> axes_;
  optim::Optimizer& optimizer_;
  std::vector<Part> mine_;
  optim::SquareSums sums_;
  std::chrono::steady_clock::duration waited_{};
};

}  // namespace athanor::distributed
