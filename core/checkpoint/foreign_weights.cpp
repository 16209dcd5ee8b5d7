#include "core/checkpoint/foreign_weights.h"

#include "core/base/files.h"
#include "core/base/paths.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace athanor::checkpoint {
namespace fs = std::filesystem;
namespace {

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr std::uintmax_t kMostIndexBytes = 100'000'000;

using ShardOf = std::map<std::string, std::string>;  // array -> file

Result<ShardOf> read_index(const fs::path& file) {
  const auto intention = fmt::format("read {}", file.string());
  std::error_code code;
  if (fs::file_size(file, code) > kMostIndexBytes || code) {
    return fail(ErrorKind::corrupt, intention, code ? code.message() : "it is too large to be an index");
  }
  const auto text = read_file(file);
  if (!text) return tl::unexpected(text.error());
  const auto document = nlohmann::json::parse(*text, nullptr, false);
  if (!document.is_object() || !document.contains("weight_map") || !document["weight_map"].is_object()) {
    return fail(ErrorKind::corrupt, intention, "it has no weight_map");
  }
  ShardOf out;
  for (const auto& [name, shard] : document["weight_map"].items()) {
    if (!shard.is_string() || !is_safe_name(shard.get<std::string>())) {
      return fail(ErrorKind::corrupt, intention, fmt::format("'{}' lies in no file of this folder", name));
    }
    out.emplace(name, shard.get<std::string>());
  }
  return out;
}

}  // namespace

Result<ForeignWeights> ForeignWeights::open(const fs::path& file_or_folder) {
  ForeignWeights out;
  out.path_ = file_or_folder;
  std::error_code code;
  Result<void> done;
  if (!fs::is_directory(file_or_folder, code)) {
    done = out.add(file_or_folder);
  } else if (fs::exists(file_or_folder / kSingle, code)) {
    done = out.add(file_or_folder / kSingle);
  } else if (fs::exists(file_or_folder / kIndex, code)) {
    done = out.open_shards(file_or_folder / kIndex);
  } else {
    done = fail(ErrorKind::invalid_input, fmt::format("read the weights in {}", file_or_folder.string()),
                fmt::format("it holds neither {} nor {}", kSingle, kIndex),
                "name a folder in the Hugging Face layout or a safetensors file");
  }
  if (!done) return tl::unexpected(done.error());
  return out;
}

Result<void> ForeignWeights::add(const fs::path& file) {
  auto reader = SafetensorsReader::open(file);
  if (!reader) return tl::unexpected(reader.error());
  for (const ArrayEntry& entry : reader->arrays()) arrays_.push_back({entry.name, entry.shape});
  files_.push_back(std::move(*reader));
  return {};
}

Result<void> ForeignWeights::open_shards(const fs::path& index) {
  const auto shard_of = read_index(index);
  if (!shard_of) return tl::unexpected(shard_of.error());
  std::set<std::string> shards;
  for (const auto& [name, shard] : *shard_of) shards.insert(shard);
  for (const std::string& shard : shards) {
    if (auto added = add(index.parent_path() / shard); !added) return added;
  }
  const auto refuse = [&index](std::string cause) -> Result<void> {
    return fail(ErrorKind::corrupt, fmt::format("read {}", index.string()), std::move(cause),
                "fetch the folder again, whole");
  };
  for (const auto& [name, shard] : *shard_of) {
    const bool there = std::ranges::any_of(
        files_, [&](const auto& file) { return file.file().filename() == shard && file.find(name) != nullptr; });
    if (!there) return refuse(fmt::format("'{}' is said to lie in {} and does not", name, shard));
  }
  for (const SafetensorsReader& file : files_) {
    for (const ArrayEntry& entry : file.arrays()) {
      const auto known = shard_of->find(entry.name);
      if (known == shard_of->end() || file.file().filename() != known->second) {
        return refuse(
            fmt::format("'{}' lies in {} and the index does not say so", entry.name, file.file().filename().string()));
      }
    }
  }
  return {};
}

Result<std::vector<float>> ForeignWeights::numbers(std::string_view name) {
  for (SafetensorsReader& file : files_) {
    if (const ArrayEntry* entry = file.find(name)) return file.read_numbers(*entry);
  }
  return fail(ErrorKind::invalid_input, fmt::format("read '{}' from {}", name, path_.string()), "it is not there");
}

}  // namespace athanor::checkpoint
