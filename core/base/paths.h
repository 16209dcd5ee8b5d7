// Where Athanor keeps its state. Everything lives below one folder, which `ATHANOR_HOME` moves.
//   <home>/datasets/<name>   prepared data sets        <home>/runs/<id>     run directories (the truth)
//   <home>/history.db        the history store         <home>/agent         queue, lock, socket, logs of the agent
//   <home>/sources           unpacked packages that preparation reads
//   <home>/weights/<name>    prepared weights of others, in the Hugging Face layout
// The environment is read at every call, so that a test can point it elsewhere; nothing here creates a folder.
// Throws Failure(invalid_input) when no home can be derived (no ATHANOR_HOME, no HOME and no passwd entry).
#pragma once

#include <filesystem>
#include <string_view>

namespace athanor {

// $ATHANOR_HOME, else $XDG_DATA_HOME/athanor, else ~/.local/share/athanor. Always absolute.
[[nodiscard]] std::filesystem::path athanor_home();

[[nodiscard]] std::filesystem::path datasets_dir();
[[nodiscard]] std::filesystem::path dataset_dir(std::string_view name);
[[nodiscard]] std::filesystem::path sources_dir();
[[nodiscard]] std::filesystem::path weights_dir();
[[nodiscard]] std::filesystem::path runs_dir();
[[nodiscard]] std::filesystem::path agent_dir();
[[nodiscard]] std::filesystem::path history_path();

// A folder as everything that notes it writes it: absolute, normal and without a slash at its end; empty is here.
[[nodiscard]] std::filesystem::path whole_folder(const std::filesystem::path& named);

// One path segment a user may choose (data set, run): letters, digits, '.', '_', '-', not starting with '.', 1..200
// bytes.
[[nodiscard]] bool is_safe_name(std::string_view name) noexcept;

}  // namespace athanor
