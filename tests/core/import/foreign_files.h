// Files of other trackers, byte by byte, as those write them.
#pragma once

#include "core/import/run_folder.h"
#include "core/import/source.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace athanor::imports {

// A folder that goes with the test.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  // Writes a file below it, with the folders above.
  std::filesystem::path write(const std::string& name, std::string_view bytes) const;

  std::filesystem::path path;
};

// Protobuf.
std::string varint(std::uint64_t value);
std::string varint_field(std::uint32_t number, std::uint64_t value);
std::string bytes_field(std::uint32_t number, std::string_view bytes);
std::string double_field(std::uint32_t number, double value);
std::string float_field(std::uint32_t number, float value);

// TensorBoard.
std::string tf_record(std::string_view bytes);
std::string tf_event(double time_s, std::int64_t step, std::string_view rest);
std::string scalar(std::string_view tag, float value);         // of torch.utils.tensorboard
std::string tensor_scalar(std::string_view tag, float value);  // of TensorFlow 2
std::string event_file(int steps, std::string_view tag = "loss");

// Weights & Biases.
std::string wandb_file(const std::vector<std::string>& records);
std::string wandb_run(std::string_view id, const std::map<std::string, std::string>& config = {});
std::string wandb_history(std::int64_t step, double time_s, const std::map<std::string, std::string>& values);
std::string wandb_exit(int code);

// What a source tells.
struct Heard {
  Told told;
  struct Sample {
    std::int64_t step = 0, time_ns = 0;
    double value = 0;
    bool operator==(const Sample&) const = default;
  };
  std::map<std::string, std::vector<Sample>> metrics;
  std::vector<std::string> log;
  int recoveries = 0;
};
Result<Heard> hear(const Source& source);
Heard hear_only(const std::filesystem::path& path, Format format = Format::automatic);  // of the only run there
std::vector<double> values_of(const Heard& heard, const std::string& metric);

}  // namespace athanor::imports
