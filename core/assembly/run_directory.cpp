#include "core/assembly/run_directory.h"

#include "core/base/files.h"
#include "core/base/paths.h"
#include "core/journal/reader.h"
#include "core/store/reader.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <charconv>
#include <ctime>
#include <optional>

namespace athanor::runner {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLongestSlug = 60;

// Letters that are safe in every file system and in every shell.
std::string slug(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (safe) {
      out += c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  out.resize(std::min(out.size(), kLongestSlug));
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() ? "run" : out;
}

std::optional<store::RunId> number_of(const std::string& text) {
  store::RunId number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 1) return std::nullopt;
  return number;
}

// Numbers are the history's; it knows which folder each belongs to.
Result<fs::path> folder_of(store::RunId number) {
  const auto history = store::Reader::open(history_path());
  if (!history) return tl::unexpected(history.error());
  const auto run = (*history)->run(number);
  if (!run) return tl::unexpected(run.error());
  return fs::path(run->directory);
}

}  // namespace

fs::path RunDirectory::journal(int rank) const { return folder_ / journal::file_name(rank); }

fs::path RunDirectory::log(int rank) const { return folder_ / "logs" / fmt::format("rank-{}.log", rank); }

bool RunDirectory::has_run() const {
  std::error_code code;
  return fs::exists(journal(), code);
}

Result<void> RunDirectory::create() const {
  for (const fs::path& folder : {folder_, checkpoints(), media(), log().parent_path()}) {
    if (auto made = make_folders(folder); !made) return made;
  }
  return {};
}

fs::path fresh_run_folder(const recipe::Recipe& recipe) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  const std::string stem = fmt::format("{}-{:%Y%m%d-%H%M%S}", slug(recipe.text("run.name")), parts);
  fs::path folder = runs_dir() / stem;
  std::error_code code;
  for (int other = 2; fs::exists(folder, code); ++other) folder = runs_dir() / fmt::format("{}-{}", stem, other);
  return folder;
}

Result<RunDirectory> find_run(const std::string& run) {
  const auto intention = fmt::format("find the run {}", run);
  const auto remedy =
      fmt::format("name a folder of {}, or a number as athanor-agent list shows it", runs_dir().string());
  std::error_code code;
  const fs::path named = runs_dir() / run;
  for (const fs::path& folder : {whole_folder(run), named}) {
    if (fs::exists(folder / "recipe.toml", code)) return RunDirectory(whole_folder(folder));
  }
  if (const auto number = number_of(run); number && fs::exists(history_path(), code)) {
    auto folder = folder_of(*number);
    if (!folder) return fail(folder.error().kind, intention, folder.error().cause, folder.error().remedy);
    if (fs::exists(*folder / "recipe.toml", code)) return RunDirectory(std::move(*folder));
    const char* what = fs::exists(*folder, code) ? "its folder {} holds no recipe.toml" : "its folder {} is gone";
    return fail(ErrorKind::invalid_input, intention, fmt::format(fmt::runtime(what), folder->string()),
                "restore the folder from a copy");
  }
  if (fs::path(run).is_absolute() || fs::exists(run, code)) {
    return fail(ErrorKind::invalid_input, intention,
                fs::exists(run, code) ? "it holds no recipe.toml" : "there is no such folder", remedy);
  }
  return fail(ErrorKind::invalid_input, intention,
              fmt::format("there is no such folder, neither here nor in {}", runs_dir().string()), remedy);
}

Result<recipe::Recipe> read_recipe(const RunDirectory& run) {
  auto parsed = recipe::parse_file(run.recipe().string());
  if (!parsed) return tl::unexpected(parsed.error());
  if (parsed->faults.empty()) return std::move(parsed->recipe);
  return fail(ErrorKind::corrupt, fmt::format("read the recipe of the run {}", run.folder().string()),
              recipe::to_string(parsed->faults.front(), "recipe.toml"), "restore it from a copy");
}

}  // namespace athanor::runner
