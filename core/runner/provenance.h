// Where a run comes from: program, machine, seeds, data and recipe, as JSON in provenance.json. The beginning is
// written once; every session of the run, the first included, is added to the list "sessions".
#pragma once

#include "core/assembly/recipe_input.h"
#include "core/assembly/run_directory.h"
#include "core/base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace athanor::runner {

// What this program was built from.
[[nodiscard]] std::string_view version();
[[nodiscard]] std::string_view build_commit();      // "" when it was built outside a repository
[[nodiscard]] std::string_view build_difference();  // the uncommitted changes it was built with

struct Session {
  std::int64_t step = 0;  // steps done when it begins
  std::string from;       // "checkpoint step-400", "fork of <run> at step 400"; empty for a fresh run
  std::string parent;     // folder of the run that was forked
};
// A resumed run keeps what it has and gains a session; what cannot be read then is the Error, corrupt.
[[nodiscard]] Result<void> write_provenance(const RunDirectory& run, const SoundRecipe& sound, const Session& session,
                                            bool resumed);

// What later sessions ask of the beginning. Texts are empty where an older program did not note them.
struct Origin {
  bool is_fork = false;
  std::string parent;  // folder of the run that was forked; empty when that or the step was not noted
  std::int64_t fork_step = 0;
  std::string data_name, data_digest;
  std::string recipe;  // resolved TOML
};
// Nothing when the run has no provenance; corrupt when it cannot be understood.
[[nodiscard]] Result<std::optional<Origin>> read_origin(const RunDirectory& run);

}  // namespace athanor::runner
