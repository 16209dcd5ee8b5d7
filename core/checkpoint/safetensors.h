// Named arrays in a file, in the safetensors layout:
//   8 bytes   little-endian length N of the header, at most 100 MB
//   N bytes   JSON object: name -> {"dtype", "shape", "data_offsets": [begin, end]}, and "__metadata__": text -> text
//   rest      the arrays' bytes; offsets count from here, arrays neither overlap nor leave gaps
// Reading trusts nothing: every length, offset and shape is checked against the file before a byte is used or room is
// made for it, and the refusal names the file and the array. Not for concurrent use of one object.
#pragma once

#include "core/base/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::checkpoint {

struct ArrayView {
  std::string name;  // logical dotted name
  std::vector<std::int64_t> shape;
  std::span<const float> values;  // row-major, as many as the shape says
};

// Writes F32 arrays in the given order and flushes the file to the disk; returns its SHA-256. Errors: write_refusal().
[[nodiscard]] Result<std::string> write_safetensors(const std::filesystem::path& file,
                                                    std::span<const ArrayView> arrays,
                                                    const std::map<std::string, std::string>& metadata = {});

struct BytesView {
  std::string name;
  std::string dtype;  // as ArrayEntry has it
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;  // as many as type and shape say
};

// The same for arrays of any type, without a digest; returns what stands before the first array.
[[nodiscard]] Result<std::string> write_safetensors(const std::filesystem::path& file,
                                                    std::span<const BytesView> arrays,
                                                    const std::map<std::string, std::string>& metadata);

struct ArrayEntry {
  std::string name;
  std::string dtype;  // "F32", "BF16", …
  std::vector<std::int64_t> shape;
  std::int64_t begin = 0;  // bytes from the end of the header
  std::int64_t end = 0;
};

class SafetensorsReader {
 public:
  // Reads and checks the header. Errors: io when it cannot be read, corrupt when it is not as specified above.
  [[nodiscard]] static Result<SafetensorsReader> open(const std::filesystem::path& file);
  SafetensorsReader(SafetensorsReader&& other) noexcept;
  SafetensorsReader& operator=(SafetensorsReader&& other) noexcept;
  ~SafetensorsReader();

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  [[nodiscard]] std::int64_t header_end() const { return data_begin_; }
  // In the order of their bytes.
  [[nodiscard]] const std::vector<ArrayEntry>& arrays() const { return arrays_; }
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const { return metadata_; }
  [[nodiscard]] const ArrayEntry* find(std::string_view name) const;
  // A copy of the bytes as they are stored.
  [[nodiscard]] Result<std::vector<std::byte>> read(const ArrayEntry& entry) const;
  // The bytes in the mapped file: no copy, valid while the reader lives, of any alignment. Whoever shortens the file
  // meanwhile breaks the process; where that must not be, use read(). Errors: io.
  [[nodiscard]] Result<std::span<const std::byte>> map(const ArrayEntry& entry);
  // corrupt when the array is not F32.
  [[nodiscard]] Result<std::vector<float>> read_f32(const ArrayEntry& entry) const;
  // The numbers of an array of any type: narrow floats widened exactly, F64 rounded. corrupt when one is too large for
  // a float, or a whole number that a float cannot hold exactly.
  [[nodiscard]] Result<std::vector<float>> read_numbers(const ArrayEntry& entry);

 private:
  SafetensorsReader() = default;
  [[nodiscard]] Result<void> read_bytes(const ArrayEntry& entry, void* target) const;

  int descriptor_ = -1;
  void* mapping_ = nullptr;
  std::int64_t file_bytes_ = 0;
  std::int64_t data_begin_ = 0;
  std::filesystem::path file_;
  std::vector<ArrayEntry> arrays_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace athanor::checkpoint
