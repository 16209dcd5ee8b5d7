// The ranks of a group as the training loop sees them. Failures are the communicator's. Used by one thread at a time.
#pragma once

#include "core/comm/group.h"
#include "core/train/world.h"

#include <chrono>
#include <functional>
#include <vector>

namespace athanor::distributed {

class RunWorld final : public train::World {
 public:
  using Meter = std::function<train::Exchanged()>;

  // `group` outlives it.
  explicit RunWorld(comm::Group& group) : board_(group.board()), ranks_(group.world()) {}

  // Something along an axis whose cost belongs to the run.
  void watch(Meter meter) { meters_.push_back(std::move(meter)); }

  // Time that belongs to no single axis; it counts with the first.
  void also_waits(std::function<std::chrono::steady_clock::duration()> time) { also_ = std::move(time); }

  [[nodiscard]] bool leads() const override { return ranks_.rank() == 0; }
  // Those watched, in that order; what it costs to agree in any() belongs to the first.
  [[nodiscard]] std::vector<train::Exchanged> exchanged() const override;
  [[nodiscard]] bool any(bool holds) override;
  [[nodiscard]] std::string first_told(const std::string& text) override;
  void at(std::string_view section) noexcept override { board_.enter_section(section); }
  void meet() override;

 private:
  // Evaluating and saving take longer than any exchange.
  static constexpr std::chrono::minutes kLongestAlone{60};

  comm::Board& board_;
  comm::Communicator& ranks_;
  std::vector<Meter> meters_;
  std::function<std::chrono::steady_clock::duration()> also_;
  std::chrono::steady_clock::duration waited_{};
};

}  // namespace athanor::distributed
