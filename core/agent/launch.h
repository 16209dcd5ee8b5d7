// Run directories: made for queued runs, recognised when somebody else made them.
#pragma once

#include "core/agent/process.h"
#include "core/store/reader.h"
#include "core/store/writer.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace athanor::agent {

// Makes the directory with recipe.toml and ticket.json (number, parent: what a rebuilt history needs) and a process
// that waits for the word.
[[nodiscard]] Result<Waiting> prepare(const store::Run& run, const store::Job& job,
                                      const std::optional<store::Job>& parent, const std::filesystem::path& program,
                                      const Surroundings& surroundings);

// What a directory with a journal says about its run; nothing when it holds none, or is hidden by its name.
[[nodiscard]] std::optional<store::NewRun> recognise(const std::filesystem::path& directory);
// The order in which many of them enter a history: those with a number of their own, so that no other takes it; then
// the older ones first.
void sort_for_entry(std::vector<store::NewRun>& runs);

// The recipe that a run directory holds, which its process resolves when it begins.
struct Described {
  std::string recipe_toml;
  std::string name;
  std::int64_t steps = 0;
};
[[nodiscard]] std::optional<Described> describe(const std::filesystem::path& directory);

// Notes in the history which run the one in `directory` was forked from, as its provenance says. Nothing to note when
// it is no fork, or its parent's folder holds no run that the history knows.
[[nodiscard]] Result<void> note_parent(store::Writer& writer, store::RunId run, const std::filesystem::path& directory);

// Why a run that did not say so has ended, and as what it counts. A killed one gets the same words from the agent that
// saw it, from one that was started later and from a history built anew.
struct Verdict {
  store::RunStatus status = store::RunStatus::broken;
  std::string cause;
};
[[nodiscard]] Verdict verdict(const std::filesystem::path& directory, const Ending& ending);

}  // namespace athanor::agent
