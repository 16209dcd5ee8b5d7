#include "core/assembly/replay.h"

#include <algorithm>
#include <iterator>

namespace athanor::runner {
namespace {

class Collector {
 public:
  explicit Collector(Replay& out) : out_(out) {}

  void operator()(const journal::StateChanged& event) { out_.state = event; }
  void operator()(const journal::MetricSamples& event) {
    for (const auto& [name, value] : event.values) out_.metrics[name][event.step] = value;
  }
  void operator()(const journal::FaultSeen& event) { out_.faults.push_back(event); }
  void operator()(const journal::StragglerSeen& event) { out_.stragglers.push_back(event); }
  void operator()(const journal::WorkShifted& event) { out_.shifts.push_back(event); }
  void operator()(const journal::PredictionChecked& event) { out_.predictions.push_back(event); }
  void operator()(const journal::Recovery& event) {
    out_.recoveries.push_back(event);
    for (auto& [name, points] : out_.metrics) points.erase(points.upper_bound(event.step), points.end());
  }
  template <class Other>
  void operator()(const Other&) {}

 private:
  Replay& out_;
};

}  // namespace

Result<Replay> replay(const std::filesystem::path& journal, const std::function<void(const journal::Event&)>& each) {
  Replay out;
  Collector collect(out);
  std::int64_t offset = 0;
  while (true) {
    auto batch = journal::read(journal, offset);
    if (!batch) return tl::unexpected(batch.error());
    for (const journal::Event& event : batch->events) {
      std::visit(collect, event.payload);
      if (each) each(event);
    }
    out.events += static_cast<std::int64_t>(batch->events.size());
    std::ranges::move(batch->damage, std::back_inserter(out.damage));
    out.torn_tail_bytes = batch->torn_tail_bytes;
    out.whole_bytes = batch->next_offset;
    if (batch->next_offset == offset) return out;
    offset = batch->next_offset;
  }
}

}  // namespace athanor::runner
