#include "core/checkpoint/folder.h"

#include "core/base/digest.h"
#include "core/base/files.h"
#include "core/checkpoint/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace athanor::checkpoint {
namespace fs = std::filesystem;
namespace {

constexpr const char* kAside = ".tmp-";

tl::unexpected<Error> refused(const fs::path& path, const std::error_code& code) {
  return tl::unexpected(write_refusal(fmt::format("write {}", path.string()), code.value()));
}

// What writers that died left behind.
void remove_leftovers(const fs::path& folder) {
  std::error_code ignored;
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().filename().string().starts_with(kAside)) leftovers.push_back(entry.path());
  }
  for (const fs::path& leftover : leftovers) fs::remove_all(leftover, ignored);
}

// "step-400.refused-2": a checkpoint that made room for another.
bool is_aside(const std::string& name) {
  return name.find(".refused-") != std::string::npos || name.find(".superseded-") != std::string::npos;
}

std::vector<fs::path> put_aside(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    if (is_aside(entry.path().filename().string())) out.push_back(entry.path());
  }
  return out;
}

// One more than the highest that was given, so that names are not used again while any is left.
int next_number(const fs::path& target) {
  int highest = 0;
  for (const fs::path& other : put_aside(target.parent_path())) {
    const std::string name = other.filename().string();
    if (!name.starts_with(target.filename().string() + ".")) continue;
    int number = 0;
    const char* digits = name.data() + name.rfind('-') + 1;
    std::from_chars(digits, name.data() + name.size(), number);
    highest = std::max(highest, number);
  }
  return highest + 1;
}

// A folder of the same step that is not whole, or whole but of another past, keeps its bytes under another name.
Result<void> make_room(const fs::path& target) {
  std::error_code code;
  if (!fs::exists(target, code)) return {};
  const bool whole = why_not_whole(target).empty();
  for (int attempt = next_number(target);; ++attempt) {
    const fs::path other = fmt::format("{}.{}-{}", target.string(), whole ? "superseded" : "refused", attempt);
    if (fs::exists(other, code)) continue;
    fs::rename(target, other, code);
    if (code) return refused(target, code);
    fs::last_write_time(other, fs::file_time_type::clock::now(), code);  // since when it is aside
    return {};
  }
}

// Renamed first, so that a checkpoint is there wholly or not at all.
void remove_checkpoint(const fs::path& folder, const std::string& name) {
  std::error_code code;
  const fs::path doomed = folder / fmt::format("{}remove-{}", kAside, name);
  fs::rename(folder / name, doomed, code);
  if (!code) fs::remove_all(doomed, code);
}

// Of what was put aside the newest `keep` stay: they are there to be looked at, not to fill the disk.
void retain_aside(const fs::path& folder, std::int64_t keep) {
  std::vector<std::pair<fs::file_time_type, std::string>> aside;
  std::error_code code;
  for (const fs::path& path : put_aside(folder)) {
    aside.emplace_back(fs::last_write_time(path, code), path.filename().string());
  }
  std::ranges::sort(aside);
  const auto excess = static_cast<std::int64_t>(aside.size()) - std::max<std::int64_t>(keep, 1);
  for (std::int64_t i = 0; i < excess; ++i) remove_checkpoint(folder, aside[static_cast<std::size_t>(i)].second);
}

// Keeps the newest `keep` up to the one just written. Later steps are what a resume passed over; they are not counted.
void retain(const fs::path& folder, std::int64_t written_step, std::int64_t keep) {
  std::vector<std::int64_t> complete;
  for (const std::int64_t step : steps(folder)) {
    std::error_code code;
    if (step <= written_step && fs::exists(folder / folder_name(step) / kMarkerFile, code)) complete.push_back(step);
  }
  const auto excess = static_cast<std::int64_t>(complete.size()) - std::max<std::int64_t>(keep, 1);
  for (std::int64_t i = 0; i < excess; ++i)
    remove_checkpoint(folder, folder_name(complete[static_cast<std::size_t>(i)]));
}

Result<void> give_name(const fs::path& aside, const fs::path& target) {
  if (auto made = make_room(target); !made) return made;
  std::error_code code;
  fs::rename(aside, target, code);
  if (code) return refused(target, code);
  return flush_folder(target.parent_path());
}

}  // namespace

fs::path aside_of(const fs::path& folder, std::int64_t step) { return folder / (kAside + folder_name(step)); }

Result<fs::path> begin_checkpoint(const fs::path& folder, std::int64_t step) {
  std::error_code code;
  fs::create_directories(folder, code);
  if (code) return refused(folder, code);
  remove_leftovers(folder);
  fs::path aside = aside_of(folder, step);
  fs::create_directory(aside, code);
  if (code) return refused(aside, code);
  return aside;
}

Result<Written> complete_checkpoint(const fs::path& aside, const Manifest& manifest, std::int64_t keep) {
  const fs::path folder = aside.parent_path();
  const fs::path target = folder / folder_name(manifest.step);
  auto placed = flush_folder(aside);
  if (placed) placed = write_file_atomically(aside / kMarkerFile, to_json(manifest));
  if (placed) placed = give_name(aside, target);
  if (!placed) {
    give_up_checkpoint(aside);
    return tl::unexpected(placed.error());
  }
  retain(folder, manifest.step, keep);
  retain_aside(folder, keep);
  Written written{target, 0};
  for (const auto& [file, facts] : manifest.files) written.bytes += facts.bytes;
  return written;
}

void give_up_checkpoint(const fs::path& aside) {
  std::error_code ignored;
  fs::remove_all(aside, ignored);
}

Result<void> write_state(const fs::path& aside, const TrainingState& state, Manifest& manifest) {
  const std::string text = to_json(state);
  manifest.step = state.step;
  manifest.files[kStateFile] = {static_cast<std::int64_t>(text.size()), sha256_hex(text)};
  return write_file_flushed(aside / kStateFile, text);
}

Result<void> put_aside_after(const fs::path& folder, std::int64_t step) {
  bool any = false;
  for (const std::int64_t later : steps(folder)) {
    if (later <= step) continue;
    if (auto moved = make_room(folder / folder_name(later)); !moved) return moved;
    any = true;
  }
  return any ? flush_folder(folder) : Result<void>();
}

}  // namespace athanor::checkpoint
