// Values under keys in a folder that all ranks of a group see, by which they find each other.
#pragma once

#include "core/base/files.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>

namespace athanor::comm {

class FolderKeys {
 public:
  explicit FolderKeys(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Appears as a whole. Throws Failure(io).
  void set(const std::string& key, std::string_view value) const {
    value_or_throw(write_file_atomically(file(key), value));
  }
  [[nodiscard]] bool has(const std::string& key) const {
    std::error_code ignored;
    return std::filesystem::exists(file(key), ignored);
  }
  // Of a key that is there. Throws Failure(io).
  [[nodiscard]] std::string get(const std::string& key) const { return value_or_throw(read_file(file(key))); }

 private:
  [[nodiscard]] std::filesystem::path file(std::string key) const {
    std::ranges::replace(key, '/', '-');
    return folder_ / ("key-" + key);
  }
  std::filesystem::path folder_;
};

}  // namespace athanor::comm
