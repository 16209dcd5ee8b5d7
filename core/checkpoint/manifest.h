// The COMPLETE marker and state.json as values.
#pragma once

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace athanor::checkpoint {

inline constexpr int kFormat = 1;         // one writer
inline constexpr int kShardedFormat = 2;  // shards.h
inline constexpr const char* kModelFile = "model.safetensors";
inline constexpr const char* kOptimizerFile = "optimizer.safetensors";
inline constexpr const char* kResidualFile = "residual.safetensors";  // not always there
inline constexpr const char* kStateFile = "state.json";
inline constexpr const char* kIndexFile = "manifest.json";  // of shards
inline constexpr const char* kMarkerFile = "COMPLETE";

struct FileFacts {
  std::int64_t bytes = 0;
  std::string sha256;  // none of shards, whose checksums stand in manifest.json
};

struct Manifest {
  int format = kFormat;
  std::int64_t step = 0;
  std::map<std::string, FileFacts> files;
};

[[nodiscard]] std::string to_json(const Manifest& manifest);
[[nodiscard]] Result<Manifest> manifest_from_json(std::string_view text);
[[nodiscard]] std::string to_json(const TrainingState& state);
[[nodiscard]] Result<TrainingState> state_from_json(std::string_view text);

}  // namespace athanor::checkpoint
