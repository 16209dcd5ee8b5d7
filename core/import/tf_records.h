// Records of a TensorFlow record file: u64 length, u32 masked CRC32C of the length, the bytes, u32 masked CRC32C of
// them; all little-endian. Source: tensorflow.org, "TFRecord and tf.train.Example". Throws Failure(io) alone.
#pragma once

#include "core/import/input.h"

#include <string>
#include <string_view>
#include <vector>

namespace athanor::imports {

class TfRecords {
 public:
  explicit TfRecords(Input& input) : input_(input) {}
  // The next whole record; valid until the next call. Damaged ones are passed over, and behind a length that is damaged
  // nothing can be found any more. False at the end.
  bool next(std::string_view& record);
  // What was lost, a sentence each.
  [[nodiscard]] std::vector<std::string> lost(const std::string& file) const;

 private:
  Input& input_;
  std::int64_t pending_ = 0;  // bytes of the record that was given last
  std::int64_t damaged_ = 0;
  std::int64_t lost_from_ = -1, torn_from_ = -1;
};

}  // namespace athanor::imports
