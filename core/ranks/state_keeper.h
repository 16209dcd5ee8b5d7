// What a rank of a run whose ranks share its state keeps in memory after every step, for the process that may have to
// take its place: its part of the state and how far the run is.
#pragma once

#include "core/assembly/assembly.h"
#include "core/distributed/state_copy.h"
#include "core/train/trainer.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace athanor::runner {

class StateKeeper {
 public:
  // `folder` is one in memory, which all ranks of the run on this host have. `assembly` outlives it.
  StateKeeper(const recipe::Recipe& recipe, Assembly& assembly, const std::filesystem::path& folder, int rank);

  // Why nothing is kept although it ought to be; empty otherwise.
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }
  // Where one of these ranks cannot keep its part, none does from here on. A call that all make.
  void keep_with(comm::Communicator& ranks);
  // After rank 0 has told of the step before, so that what is kept is not missing in the history.
  void keep(const train::Progress& progress);
  // Puts back the last state of which every rank has kept its part, and says how far that is; nothing where there is
  // none. A call that all ranks make, also instead of keep_with().
  [[nodiscard]] std::optional<train::Progress> bring_back(comm::Communicator& ranks);
  // What was kept belongs to a past that is left.
  void forget();

 private:
  Assembly& assembly_;
  std::filesystem::path file_;
  std::unique_ptr<distributed::StateCopy> copy_;  // null: nothing is kept
  std::string trouble_;
};

}  // namespace athanor::runner
