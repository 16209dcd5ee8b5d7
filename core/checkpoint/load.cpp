#include "core/base/digest.h"
#include "core/base/files.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/manifest.h"
#include "core/checkpoint/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace athanor::checkpoint {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = "step-";

Result<std::vector<Array>> read_arrays(const fs::path& file) {
  const auto reader = SafetensorsReader::open(file);
  if (!reader) return tl::unexpected(reader.error());
  std::vector<Array> out;
  for (const ArrayEntry& entry : reader->arrays()) {
    auto values = reader->read_f32(entry);
    if (!values) return tl::unexpected(values.error());
    out.push_back({entry.name, entry.shape, std::move(*values)});
  }
  return out;
}

Result<Contents> read_contents(const fs::path& checkpoint) {
  const auto text = read_file(checkpoint / kStateFile);
  if (!text) return tl::unexpected(text.error());
  auto state = state_from_json(*text);
  if (!state) return tl::unexpected(state.error());
  auto parameters = read_arrays(checkpoint / kModelFile);
  if (!parameters) return tl::unexpected(parameters.error());
  auto optimizer = read_arrays(checkpoint / kOptimizerFile);
  if (!optimizer) return tl::unexpected(optimizer.error());
  return Contents{std::move(*state), std::move(*parameters), std::move(*optimizer)};
}

std::string judge_size(const fs::path& file, const FileFacts& facts) {
  std::error_code code;
  const auto bytes = fs::file_size(file, code);
  const std::string name = file.filename().string();
  if (code) return fmt::format("{} is missing", name);
  if (static_cast<std::int64_t>(bytes) == facts.bytes) return {};
  return fmt::format("{} has {} bytes instead of {}", name, bytes, facts.bytes);
}

std::string judge_digest(const fs::path& file, const FileFacts& facts) {
  const std::string name = file.filename().string();
  const auto digest = sha256_file(file);
  if (!digest) return fmt::format("{} cannot be read: {}", name, digest.error().cause);
  return *digest == facts.sha256 ? std::string() : fmt::format("the digest of {} does not match", name);
}

// The reason why a checkpoint is not whole, as far as its marker and the sizes of its files tell.
std::string judge(const fs::path& checkpoint, Manifest& out) {
  std::error_code code;
  if (!fs::exists(checkpoint / kMarkerFile, code)) return "COMPLETE is missing";
  const auto text = read_file(checkpoint / kMarkerFile);
  if (!text) return "COMPLETE cannot be read: " + text.error().cause;
  auto manifest = manifest_from_json(*text);
  if (!manifest) return "COMPLETE is damaged";
  out = std::move(*manifest);
  if (out.format > kFormat) return fmt::format("its format {} is newer than this program's {}", out.format, kFormat);
  if (checkpoint.filename() != folder_name(out.step)) return fmt::format("COMPLETE is of step {}", out.step);
  for (const char* name : {kModelFile, kOptimizerFile, kStateFile}) {
    if (!out.files.contains(name)) return fmt::format("COMPLETE does not name {}", name);
  }
  for (const auto& [name, facts] : out.files) {
    if (std::string reason = judge_size(checkpoint / name, facts); !reason.empty()) return reason;
  }
  return {};
}

// The same, as far as every byte tells.
std::string judge_all(const fs::path& checkpoint, Manifest& out) {
  std::string reason = judge(checkpoint, out);
  for (auto file = out.files.begin(); reason.empty() && file != out.files.end(); ++file) {
    reason = judge_digest(checkpoint / file->first, file->second);
  }
  return reason;
}

Saved saved_as(const fs::path& checkpoint, const Manifest& manifest) {
  Saved out{manifest.step, checkpoint, 0};
  for (const auto& [name, facts] : manifest.files) out.bytes += facts.bytes;
  return out;
}

}  // namespace

std::string folder_name(std::int64_t step) { return fmt::format("{}{}", kPrefix, step); }

std::optional<std::int64_t> step_of(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  std::int64_t step = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), step);
  if (error != std::errc{} || end != name.data() + name.size() || step < 0) return std::nullopt;
  return step;
}

std::vector<std::int64_t> steps(const fs::path& folder) {
  std::vector<std::int64_t> out;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    if (const auto step = step_of(entry.path().filename().string())) out.push_back(*step);
  }
  std::ranges::sort(out);
  return out;
}

std::vector<Saved> saved(const fs::path& folder) {
  std::vector<Saved> out;
  for (const std::int64_t step : steps(folder)) {
    Manifest manifest;
    const fs::path checkpoint = folder / folder_name(step);
    if (judge(checkpoint, manifest).empty()) out.push_back(saved_as(checkpoint, manifest));
  }
  return out;
}

Result<Saved> find_step(const fs::path& folder, std::int64_t step) {
  const fs::path checkpoint = folder / folder_name(step);
  const auto intention = fmt::format("load the checkpoint {}", checkpoint.string());
  std::error_code code;
  if (!fs::exists(checkpoint, code)) {
    std::string known;
    for (const Saved& other : saved(folder)) known += fmt::format("{}{}", known.empty() ? "" : ", ", other.step);
    return fail(ErrorKind::invalid_input, intention, "there is no such checkpoint",
                known.empty() ? "the run has none" : "the run has steps " + known);
  }
  Manifest manifest;
  if (std::string reason = judge_all(checkpoint, manifest); !reason.empty()) {
    return fail(ErrorKind::corrupt, intention, std::move(reason), "use another step or restore it from a copy");
  }
  return saved_as(checkpoint, manifest);
}

std::string why_not_whole(const fs::path& checkpoint) {
  Manifest manifest;
  return judge_all(checkpoint, manifest);
}

Result<Loaded> load_newest(const fs::path& folder) {
  const auto intention = fmt::format("load a checkpoint from {}", folder.string());
  std::vector<std::int64_t> known = steps(folder);
  if (known.empty())
    return fail(ErrorKind::invalid_input, intention, "it holds none", "let the run go on until it has written one");
  std::vector<Skipped> skipped;
  std::string reasons;
  for (auto step = known.rbegin(); step != known.rend(); ++step) {
    const fs::path checkpoint = folder / folder_name(*step);
    std::string reason = why_not_whole(checkpoint);
    if (reason.empty()) {
      auto contents = read_contents(checkpoint);
      if (contents) return Loaded{std::move(*contents), checkpoint, std::move(skipped)};
      reason = contents.error().message();
    }
    reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", folder_name(*step), reason);
    skipped.push_back({folder_name(*step), std::move(reason)});
  }
  return fail(ErrorKind::corrupt, intention, "none is whole (" + reasons + ")",
              "restore one from a copy or start anew");
}

Result<Loaded> load(const Saved& found) {
  auto contents = read_contents(found.folder);
  if (!contents) return tl::unexpected(contents.error());
  return Loaded{std::move(*contents), found.folder, {}};
}

Result<Loaded> load_step(const fs::path& folder, std::int64_t step) {
  const auto found = find_step(folder, step);
  if (!found) return tl::unexpected(found.error());
  return load(*found);
}

}  // namespace athanor::checkpoint
