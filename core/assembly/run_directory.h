// The folder of one run and the names inside it.
#pragma once

#include "core/base/result.h"
#include "core/recipe/recipe.h"

#include <filesystem>
#include <string>

namespace athanor::runner {

class RunDirectory {
 public:
  explicit RunDirectory(std::filesystem::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path recipe() const { return folder_ / "recipe.toml"; }
  [[nodiscard]] std::filesystem::path provenance() const { return folder_ / "provenance.json"; }
  [[nodiscard]] std::filesystem::path journal(int rank = 0) const;
  [[nodiscard]] std::filesystem::path checkpoints() const { return folder_ / "checkpoints"; }
  [[nodiscard]] std::filesystem::path media() const { return folder_ / "media"; }
  [[nodiscard]] std::filesystem::path log(int rank = 0) const;

  // True when a run has begun here.
  [[nodiscard]] bool has_run() const;
  // Makes the folder and its sub-folders. Errors: as make_folders().
  [[nodiscard]] Result<void> create() const;

 private:
  std::filesystem::path folder_;
};

// <ATHANOR_HOME>/runs/<name in safe letters>-<time>, not yet taken.
[[nodiscard]] std::filesystem::path fresh_run_folder(const recipe::Recipe& recipe);
// A run named by its folder, by its name below <ATHANOR_HOME>/runs, or by its number in the history. invalid_input when
// there is none.
[[nodiscard]] Result<RunDirectory> find_run(const std::string& run);
// The resolved recipe of a run. corrupt when it cannot be understood.
[[nodiscard]] Result<recipe::Recipe> read_recipe(const RunDirectory& run);

}  // namespace athanor::runner
