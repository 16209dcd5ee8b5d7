// The real starter data, prepared once per build folder from the packages that installer/fetch-starter-data unpacked.
#pragma once

#include "core/base/paths.h"
#include "core/base/result.h"
#include "core/data/prepare/emoji.h"

#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <unistd.h>

namespace athanor::data {

inline bool have_starter_sources() {
  std::error_code ignored;
  return std::filesystem::exists(default_sources() / "packages.tsv", ignored);
}

// Call only with have_starter_sources(). Test processes that run side by side wait for each other.
inline std::filesystem::path prepared_starter_data() {
  const std::filesystem::path home = std::filesystem::path(ATH_BINARY_DIR) / "test-data";
  std::filesystem::create_directories(home);
  const int lock = ::open((home / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock >= 0) (void)::flock(lock, LOCK_EX);
  PrepareOptions options;
  options.sources = default_sources();
  options.output = home / "emoji";
  const auto card = prepare_emoji(options);
  if (lock >= 0) ::close(lock);
  (void)value_or_throw(card);
  return options.output;
}

// Skips the test with the reason and the remedy.
#define ATH_NEED_STARTER_DATA()                                                            \
  if (!::athanor::data::have_starter_sources())                                            \
  GTEST_SKIP() << "the starter packages are not at " << ::athanor::data::default_sources() \
               << "; run installer/fetch-starter-data " << ::athanor::data::default_sources().parent_path()

}  // namespace athanor::data
