#include "core/checkpoint/whole.h"

#include "core/base/digest.h"
#include "core/base/files.h"
#include "core/checkpoint/names.h"

#include <fmt/format.h>

namespace athanor::checkpoint {
namespace fs = std::filesystem;
namespace {

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

}  // namespace

std::string judge(const fs::path& checkpoint, Manifest& out) {
  std::error_code code;
  if (!fs::exists(checkpoint / kMarkerFile, code)) return "COMPLETE is missing";
  const auto text = read_file(checkpoint / kMarkerFile);
  if (!text) return "COMPLETE cannot be read: " + text.error().cause;
  auto manifest = manifest_from_json(*text);
  if (!manifest) return "COMPLETE is damaged";
  out = std::move(*manifest);
  if (out.format > kShardedFormat)
    return fmt::format("its format {} is newer than this program's {}", out.format, kShardedFormat);
  if (checkpoint.filename() != folder_name(out.step)) return fmt::format("COMPLETE is of step {}", out.step);
  const bool sharded = out.format == kShardedFormat;
  for (const char* name : {kStateFile, sharded ? kIndexFile : kModelFile, sharded ? kIndexFile : kOptimizerFile}) {
    if (!out.files.contains(name)) return fmt::format("COMPLETE does not name {}", name);
  }
  for (const auto& [name, facts] : out.files) {
    if (std::string reason = judge_size(checkpoint / name, facts); !reason.empty()) return reason;
  }
  return {};
}

std::string judge_digests(const fs::path& checkpoint, const Manifest& manifest) {
  for (const auto& [name, facts] : manifest.files) {
    if (facts.sha256.empty()) continue;
    if (std::string reason = judge_digest(checkpoint / name, facts); !reason.empty()) return reason;
  }
  return {};
}

}  // namespace athanor::checkpoint
