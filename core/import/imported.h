// imported.json: where the run of a run directory comes from. Values; files are read and written whole.
#pragma once

#include "core/import/source.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace athanor::imports {

inline constexpr const char* kImportedFile = "imported.json";

struct Imported {
  std::string format;  // "mlflow"
  std::string path;    // what was read
  std::string id;      // of the run, as the format has it
  std::string digest;  // of what was taken: another one when the source has grown
  std::string name;
  std::int64_t created_ns = 0;
  std::int64_t last_step = 0, samples = 0;
  std::vector<std::string> tags;
  std::string note;
  std::map<std::string, std::string> origin;
  std::vector<std::string> lost, left_out;
};

// The folder of a run of this format and id below the folder of the runs: "mlflow-5f0c…".
[[nodiscard]] std::string folder_of(const std::string& format, const std::string& id);

[[nodiscard]] std::string to_json(const Imported& imported);
// Nothing where there is no such file, or none that can be understood.
[[nodiscard]] std::optional<Imported> read_imported(const std::filesystem::path& folder);

// A recipe that sets nothing but "imported.<name>", for what the run was set up with.
[[nodiscard]] std::string recipe_of(const std::map<std::string, Setting>& settings);

}  // namespace athanor::imports
