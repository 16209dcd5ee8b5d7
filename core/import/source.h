// Runs in the stores of other trackers. What is read is foreign: errors and damage are values, nothing throws. Any
// thread, one at a time for each call.
#pragma once

#include "core/base/result.h"
#include "core/journal/event.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace athanor::imports {

enum class Format : std::uint8_t { automatic, tensorboard, mlflow, wandb, csv };
[[nodiscard]] const char* to_string(Format format) noexcept;
// "auto", "tensorboard", "mlflow", "wandb", "csv". invalid_input for any other.
[[nodiscard]] Result<Format> format_named(std::string_view name);

// One run in somebody else's store, not yet read.
struct Source {
  Format format = Format::automatic;
  std::filesystem::path path;       // what is read for it: a file or a folder
  std::string part;                 // which run of a file that holds several
  std::string name;                 // as far as it is known without reading
  std::int64_t begin = 0, end = 0;  // of a CSV file with several runs: the bytes of this one; 0: all
};

struct Found {
  std::vector<Source> sources;        // by path and part
  std::vector<std::string> left_out;  // sentences: "2 runs were deleted in MLflow."
};
// All runs at a path, of one format or of whichever it is. Errors: invalid_input where there is none, with what was
// looked for; io.
[[nodiscard]] Result<Found> find_sources(const std::filesystem::path& path, Format format);

enum class End : std::uint8_t { finished, stopped, failed };

using Setting = std::variant<bool, std::int64_t, double, std::string>;

// What is known of a run once it was read.
struct Told {
  std::string id;  // the same whenever the same run is read, wherever its files lie
  std::string name;
  std::int64_t created_ns = 0, ended_ns = 0;  // Unix epoch; 0: not told
  End end = End::stopped;
  std::string cause;  // of stopped and failed
  std::map<std::string, Setting> settings;
  std::vector<std::string> tags;
  std::string note;
  std::map<std::string, std::string> origin;  // "mlflow.user": what else the store says of where it comes from
  std::vector<std::string> lost;              // damage, a sentence each
  std::vector<std::string> left_out;          // what this program has no place for, a sentence each
};

// MetricSamples, Recovery and LogLine, in the order of the file; times since the Unix epoch, 0 where none is told. An
// Error ends the reading.
using Tell = std::function<Result<void>(std::int64_t time_ns, journal::Payload payload)>;

// Errors: io where it cannot be read, corrupt where nothing of it can be understood, what `tell` returns.
[[nodiscard]] Result<Told> read_source(const Source& source, const Tell& tell);

}  // namespace athanor::imports
