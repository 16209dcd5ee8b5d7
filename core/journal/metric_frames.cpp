#include "core/journal/metric_frames.h"

#include "core/journal/codec.h"
#include "core/journal/frames.h"

#include <algorithm>
#include <utility>

namespace athanor::journal {
namespace {

constexpr std::size_t kMaxNameSets = 256;
constexpr std::size_t kCrcAt = 8;  // in a frame's header

}  // namespace

MetricFrames::Frames MetricFrames::make(const MetricSamples& samples, std::string_view stamp, std::int64_t end) const {
  Frames out;
  put(out.names, static_cast<std::uint32_t>(samples.values.size()));
  for (const auto& [name, value] : samples.values) put_text(out.names, name);
  out.longest = std::max(out.names.size(), stamp.size() + 20 + 8 * samples.values.size());
  if (out.longest > kMaxPayload) return out;

  const auto known = sets_.find(out.names);
  if (known != sets_.end()) out.set = known->second;
  if (known == sets_.end() || end - out.set.offset > kNamesEvery) {
    const std::string frame = make_frame(FrameType::names, out.names);
    out.set = {end, get<std::uint32_t>(frame, kCrcAt)};
    out.bytes = known == sets_.end() ? frame + frame : frame;
  }
  std::string payload(stamp);
  put(payload, samples.step);
  put(payload, out.set.offset);
  put(payload, out.set.crc);
  for (const auto& [name, value] : samples.values) put(payload, value);
  out.bytes += make_frame(FrameType::metrics, payload);
  return out;
}

void MetricFrames::keep(Frames&& written) {
  const auto known = sets_.find(written.names);
  if (known != sets_.end()) {
    known->second = written.set;
    return;
  }
  if (sets_.size() >= kMaxNameSets) sets_.clear();
  sets_.emplace(std::move(written.names), written.set);
}

}  // namespace athanor::journal
