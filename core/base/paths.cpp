#include "core/base/paths.h"

#include "kernels/base/error.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <pwd.h>
#include <string>
#include <unistd.h>

namespace athanor {
namespace fs = std::filesystem;
namespace {

fs::path from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? fs::path(value) : fs::path();
}

fs::path user_home() {
  if (fs::path home = from_environment("HOME"); home.is_absolute()) return home;
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> buffer{};
  if (getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    if (fs::path home = found->pw_dir; home.is_absolute()) return home;
  }
  throw Failure(ErrorKind::invalid_input, "find the folder for Athanor's data", "this user has no home folder",
                "set ATHANOR_HOME to a folder that may be written");
}

}  // namespace

fs::path athanor_home() {
  if (fs::path home = from_environment("ATHANOR_HOME"); !home.empty()) return fs::absolute(home).lexically_normal();
  // The XDG specification says that a relative value is to be ignored.
  if (fs::path data = from_environment("XDG_DATA_HOME"); data.is_absolute()) return data / "athanor";
  return user_home() / ".local" / "share" / "athanor";
}

fs::path datasets_dir() { return athanor_home() / "datasets"; }
fs::path dataset_dir(std::string_view name) { return datasets_dir() / name; }
fs::path sources_dir() { return athanor_home() / "sources"; }
fs::path weights_dir() { return athanor_home() / "weights"; }
fs::path runs_dir() { return athanor_home() / "runs"; }
fs::path agent_dir() { return athanor_home() / "agent"; }
fs::path history_path() { return athanor_home() / "history.db"; }

fs::path whole_folder(const fs::path& named) {
  return ((named.empty() ? fs::current_path() : fs::absolute(named)) / "").lexically_normal().parent_path();
}

bool is_safe_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > 200 || name.front() == '.') return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

}  // namespace athanor
