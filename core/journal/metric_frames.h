// Metric samples as frames: which names they have stands in frames of its own, told again from time to time. Internal
// to the journal. Not for concurrent use.
#pragma once

#include "core/journal/event.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace athanor::journal {

class MetricFrames {
 public:
  struct NameSet {
    std::int64_t offset = 0;  // of its frame in the file
    std::uint32_t crc = 0;    // of that frame
  };
  struct Frames {
    std::string bytes;  // the sample's frame, and before it those of its names where they are due
    std::string names;
    NameSet set;
    std::size_t longest = 0;  // payload; more than kMaxPayload must not be written
  };

  // What is to be written at byte `end`.
  [[nodiscard]] Frames make(const MetricSamples& samples, std::string_view stamp, std::int64_t end) const;
  // It is written.
  void keep(Frames&& written);

 private:
  std::map<std::string, NameSet> sets_;
};

}  // namespace athanor::journal
