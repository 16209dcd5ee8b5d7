// Weights that another program wrote: one safetensors file, or a folder in the layout of the Hugging Face hub
// (model.safetensors, or model.safetensors.index.json and the shards it names).
#pragma once

#include "core/checkpoint/safetensors.h"
#include "core/checkpoint/weight_names.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::checkpoint {

class ForeignWeights {
 public:
  // Checks every header. invalid_input when there are no weights; corrupt, naming the array, when the files and the
  // index contradict each other.
  [[nodiscard]] static Result<ForeignWeights> open(const std::filesystem::path& file_or_folder);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // Of all arrays, in the order of files and bytes.
  [[nodiscard]] const std::vector<NamedShape>& arrays() const { return arrays_; }
  // The numbers of one array, whatever its type. invalid_input for an unknown name.
  [[nodiscard]] Result<std::vector<float>> numbers(std::string_view name);

 private:
  [[nodiscard]] Result<void> add(const std::filesystem::path& file);
  [[nodiscard]] Result<void> open_shards(const std::filesystem::path& index);

  std::filesystem::path path_;
  std::vector<SafetensorsReader> files_;
  std::vector<NamedShape> arrays_;
};

}  // namespace athanor::checkpoint
