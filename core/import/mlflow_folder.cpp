// MLflow's folders: mlruns/<experiment>/<run>/ with meta.yaml and a file for each metric, parameter and tag. Source:
// mlflow/store/tracking/file_store.py.
#include "core/base/files.h"
#include "core/import/input.h"
#include "core/import/numbers.h"
#include "core/import/readers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace athanor::imports {
namespace fs = std::filesystem;
namespace {

constexpr const char* kMeta = "meta.yaml";
constexpr std::int64_t kLongestValue = 1 << 20;  // bytes of a parameter, a tag or a meta.yaml

using Meta = std::map<std::string, std::string>;

// What a text in quotes says; PyYAML escapes only what must be.
std::string unquoted(const std::string& text) {
  if (text.size() < 2 || text.front() != text.back() || (text.front() != '\'' && text.front() != '"')) return text;
  std::string out;
  const bool is_single = text.front() == '\'';
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    const bool is_pair = is_single ? text[i] == '\'' && text[i + 1] == '\'' : text[i] == '\\';
    if (is_pair && i + 2 < text.size()) ++i;
    out += !is_single && is_pair && text[i] == 'n' ? '\n' : text[i];
  }
  return out;
}

std::string head_of(const fs::path& file) {
  Input input(file);
  return std::string(input.peek(static_cast<std::size_t>(kLongestValue)));
}

// Flat "key: value" lines; a line that begins with a space goes on with the value before it.
Meta meta_in(const fs::path& folder) {
  std::error_code code;
  if (!fs::is_regular_file(folder / kMeta, code)) return {};
  Input input(folder / kMeta);
  input.end_at(kLongestValue);
  Meta raw;
  std::string key;
  while (const auto line = input.line()) {
    if (line->starts_with(' ') && !key.empty()) {
      raw[key] += ' ' + line->substr(std::min(line->size(), line->find_first_not_of(' ')));
      continue;
    }
    const std::size_t colon = line->find(": ");
    key = line->substr(0, colon);
    raw[key] = colon == std::string::npos ? "" : line->substr(colon + 2);
  }
  for (auto& [name, value] : raw) value = unquoted(value);
  return raw;
}

std::string value_of(const Meta& meta, const char* key) {
  const auto found = meta.find(key);
  return found == meta.end() ? "" : found->second;
}

std::string run_id(const Meta& meta) {
  const std::string id = value_of(meta, "run_id");
  return id.empty() ? value_of(meta, "run_uuid") : id;
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code code, ignored;
  for (auto entry = fs::directory_iterator(folder, code); !code && entry != fs::directory_iterator();
       entry.increment(code))
    if (entry->is_directory(ignored) && !entry->path().filename().string().starts_with('.'))
      folders.push_back(entry->path());
  std::ranges::sort(folders);
  return folders;
}

struct Counts {
  std::int64_t deleted = 0;
};

void find_below(const fs::path& folder, int depth, Found& found, Counts& counts) {
  const Meta meta = meta_in(folder);
  if (!run_id(meta).empty()) {
    const bool is_deleted = value_of(meta, "lifecycle_stage") == "deleted";
    counts.deleted += is_deleted ? 1 : 0;
    if (!is_deleted) found.sources.push_back({Format::mlflow, folder, "", value_of(meta, "run_name")});
    return;
  }
  if (depth == 0) return;
  for (const fs::path& below : folders_in(folder)) find_below(below, depth - 1, found, counts);
}

// Every file below `folder` with its name as MLflow knows it: a path.
std::vector<std::pair<std::string, fs::path>> files_below(const fs::path& folder) {
  std::vector<std::pair<std::string, fs::path>> files;
  std::error_code code, ignored;
  for (auto entry = fs::recursive_directory_iterator(folder, code);
       !code && entry != fs::recursive_directory_iterator(); entry.increment(code))
    if (entry->is_regular_file(ignored))
      files.emplace_back(entry->path().lexically_relative(folder).generic_string(), entry->path());
  std::ranges::sort(files);
  return files;
}

std::string value_in(const fs::path& file) {
  std::string text = head_of(file);
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

// "time value step", of older versions "time value".
struct Line {
  std::int64_t time_ns = 0, step = 0;
  double value = 0;
};
std::optional<Line> line_of(std::string_view text) {
  std::array<std::string_view, 3> parts = {"", "", "0"};
  for (std::string_view& part : parts) {
    const std::size_t end = std::min(text.size(), text.find(' '));
    if (end > 0) part = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  const auto time = number_in(parts[0]), value = number_in(parts[1]);
  const auto step = step_in(parts[2]);
  if (!time || !value || !step) return std::nullopt;
  const auto whole = whole_number_in(parts[0]);
  return Line{whole ? time_of_milliseconds(*whole) : time_of(*time), *step, *value};
}

void take_metric(const std::string& name, const fs::path& file, Told& told, const Tell& tell) {
  Input input(file);
  std::int64_t damaged = 0;
  while (const auto text = input.line()) {
    if (text->empty()) continue;
    const auto line = line_of(*text);
    if (line)
      tell_or_throw(tell, line->time_ns, journal::MetricSamples{line->step, {{name, line->value}}});
    else
      ++damaged;
  }
  if (damaged > 0) told.lost.push_back(fmt::format("{} of metric {}", counted(damaged, "line"), name));
}

}  // namespace

void take_mlflow_tag(Told& told, const std::string& key, const std::string& value) {
  if (key == "mlflow.runName") {
    if (!value.empty()) told.name = value;
  } else if (key == "mlflow.note.content") {
    told.note = cut_text(value);
  } else if (key.starts_with("mlflow.")) {
    told.origin[key] = cut_text(value);
  } else {
    told.tags.push_back(cut_text(value.empty() ? key : key + "=" + value));
  }
}

void take_mlflow_status(Told& told, const std::string& status) {
  // The numbers of RunStatus in service.proto.
  static constexpr std::array<const char*, 6> kNames = {"", "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"};
  std::string name = status;
  if (const auto number = whole_number_in(status); number && *number > 0 && *number < 6)
    name = kNames.at(static_cast<std::size_t>(*number));
  if (name == "FINISHED") {
    told.end = End::finished;
    told.cause.clear();
    return;
  }
  told.end = name == "FAILED" ? End::failed : End::stopped;
  told.cause = name.empty() ? "MLflow does not say how it ended" : "MLflow says it is " + name;
}

Found find_mlflow(const fs::path& path) {
  std::error_code code;
  if (fs::is_regular_file(path, code)) return find_mlflow_database(path);
  Found found;
  Counts counts;
  constexpr int kDepth = 3;  // a folder that holds mlruns, mlruns, an experiment, a run
  find_below(path, kDepth, found, counts);
  if (counts.deleted > 0) found.left_out.push_back(counted(counts.deleted, "run") + " deleted in MLflow");
  if (found.sources.empty() && fs::is_regular_file(path / "mlflow.db", code))
    return find_mlflow_database(path / "mlflow.db");
  return found;
}

Told read_mlflow(const Source& source, const Tell& tell) {
  if (!source.part.empty()) return read_mlflow_database(source, tell);
  const Meta meta = meta_in(source.path);
  Told told;
  told.id = run_id(meta);
  if (told.id.empty())
    throw Failure(ErrorKind::corrupt, "import " + source.path.string(), "its meta.yaml names no run",
                  "restore it from a copy");
  told.name = value_of(meta, "run_name");
  told.created_ns = time_of_milliseconds(whole_number_in(value_of(meta, "start_time")).value_or(0));
  told.ended_ns = time_of_milliseconds(whole_number_in(value_of(meta, "end_time")).value_or(0));
  take_mlflow_status(told, value_of(meta, "status"));
  const std::string experiment = value_of(meta_in(source.path.parent_path()), "name");
  if (!experiment.empty()) told.origin["experiment"] = experiment;
  for (const auto& [name, file] : files_below(source.path / "params")) told.settings[name] = setting_in(value_in(file));
  for (const auto& [name, file] : files_below(source.path / "tags")) take_mlflow_tag(told, name, value_in(file));
  for (const auto& [name, file] : files_below(source.path / "metrics")) {
    try {
      take_metric(name, file, told, tell);
    } catch (const Failure& failure) {
      if (failure.error().kind != ErrorKind::io || failure.error().intention != "read " + file.string()) throw;
      told.lost.push_back("metric " + name + ": " + failure.error().cause);
    }
  }
  return told;
}

}  // namespace athanor::imports
