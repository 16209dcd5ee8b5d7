// One rank of a run as a process of this program.
#pragma once

#include "core/assembly/recipe_input.h"
#include "core/assembly/run_directory.h"
#include "core/runner/commands.h"

#include <optional>
#include <string>
#include <sys/types.h>

namespace athanor::runner {

// Ends with its owner, by force.
class RankProcess {
 public:
  RankProcess() = default;  // none
  // Its messages go to logs/rank-<k>.log of the run, those of rank 0 to this process's own streams. It is asked to stop
  // when this process dies. Throws Failure(unavailable).
  RankProcess(const RunDirectory& directory, const SoundRecipe& sound, const TrainOptions& options,
              const RankPlace& place);
  RankProcess(RankProcess&& other) noexcept;
  RankProcess& operator=(RankProcess&& other) noexcept;
  ~RankProcess();

  [[nodiscard]] bool is_alive() const noexcept { return process_ > 0; }
  // Readable at its end; for poll().
  [[nodiscard]] int watch() const noexcept { return watch_; }
  // Whether it has ended since it was last asked.
  [[nodiscard]] bool reap() noexcept;
  void signal(int signal) const noexcept;
  // Stopped by a signal, so that it cannot do anything.
  [[nodiscard]] bool is_stopped() const;

  // Once it has ended.
  [[nodiscard]] int status() const noexcept { return status_; }   // of waitpid
  [[nodiscard]] std::optional<int> exit_status() const noexcept;  // nothing where a signal ended it
  // "was killed by signal 9 (Killed)"
  [[nodiscard]] std::string ending() const;

 private:
  pid_t process_ = -1;  // -1 once it has ended
  int watch_ = -1;
  int status_ = 0;
};

}  // namespace athanor::runner
