#include "core/distributed/run_world.h"

#include "core/distributed/stopwatch.h"

namespace athanor::distributed {

std::vector<train::Exchanged> RunWorld::exchanged() const {
  std::vector<train::Exchanged> all;
  for (const Meter& meter : meters_) all.push_back(meter());
  if (all.empty()) return all;
  const comm::Traffic sent = ranks_.traffic();
  all.front().sent_bytes += sent.payload_bytes + sent.overhead_bytes;
  all.front().waited_s += std::chrono::duration<double>(waited_).count();
  return all;
}

bool RunWorld::any(bool holds) {
  const Stopwatch watch(waited_);
  std::int32_t flag = holds ? 1 : 0;
  ranks_.all_reduce(View(&flag, DType::i32, Shape{1}), comm::Reduce::max);
  return flag != 0;
}

// Only the others wait for the first one's work; it finds them waiting.
void RunWorld::meet() {
  const auto usual = ranks_.timeout();
  if (!leads()) ranks_.set_timeout(kLongestAlone);
  ranks_.barrier();
  ranks_.set_timeout(usual);
}

}  // namespace athanor::distributed
