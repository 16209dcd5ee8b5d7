#include "core/distributed/run_world.h"

#include "core/distributed/stopwatch.h"

#include <fmt/format.h>

#include <algorithm>

namespace athanor::distributed {

std::vector<train::Exchanged> RunWorld::exchanged() const {
  std::vector<train::Exchanged> all;
  for (const Meter& meter : meters_) all.push_back(meter());
  if (all.empty()) return all;
  const comm::Traffic sent = ranks_.traffic();
  all.front().sent_bytes += sent.payload_bytes + sent.overhead_bytes;
  all.front().waited_s += std::chrono::duration<double>(waited_ + (also_ ? also_() : waited_.zero())).count();
  return all;
}

bool RunWorld::any(bool holds) {
  const Stopwatch watch(waited_);
  std::int32_t flag = holds ? 1 : 0;
  ranks_.all_reduce(View(&flag, DType::i32, Shape{1}), comm::Reduce::max);
  return flag != 0;
}

std::string RunWorld::first_told(const std::string& text) {
  auto mine = static_cast<std::int64_t>(text.size());
  std::vector<std::int64_t> all(static_cast<std::size_t>(ranks_.size()));
  ranks_.all_gather({&mine, DType::i64, Shape{1}}, {all.data(), DType::i64, Shape{ranks_.size()}});
  const auto first = std::ranges::find_if(all, [](std::int64_t bytes) { return bytes > 0; });
  if (first == all.end()) return {};
  const int rank = static_cast<int>(first - all.begin());
  std::string told = text;
  told.resize(static_cast<std::size_t>(*first));
  ranks_.broadcast({told.data(), DType::u8, Shape{*first}}, rank);
  return fmt::format("rank {}: {}", rank, told);
}

// Only the others wait for the first one's work; it finds them waiting.
void RunWorld::meet() {
  const auto usual = ranks_.timeout();
  if (!leads()) ranks_.set_timeout(kLongestAlone);
  ranks_.barrier();
  ranks_.set_timeout(usual);
}

}  // namespace athanor::distributed
