// Ranks for tests: as threads of the test, or as processes of their own.
#pragma once

#include "core/comm/group.h"

#include <atomic>
#include <functional>
#include <string>
#include <vector>

namespace athanor::comm {

enum class Kind { threads, processes };
[[nodiscard]] inline std::string to_string(Kind kind) { return kind == Kind::threads ? "threads" : "processes"; }

// How each rank ended: an empty text when it came back, else what it threw. A process that a signal ended says so.
using Endings = std::vector<std::string>;

// Runs `work` on every rank. In processes a GoogleTest assertion would go unnoticed: throw instead (see require()).
Endings run_ranks(Kind kind, int size, const GroupOptions& options, const std::function<void(Group&)>& work);

// The same for processes that join a group themselves, through a folder of their own.
Endings run_processes(int size, const std::function<void(const std::string& folder, int rank)>& work);

// Throws when it does not hold.
void require(bool holds, const std::string& what);

// Until any rank has noted why the group is at its end. Throws where that does not happen.
void wait_for_fault(Group& group);

// Counts over all processes that were forked beside it.
class Counter {
 public:
  Counter();
  ~Counter();
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;
  void add(int more = 1) { *count_ += more; }
  [[nodiscard]] int count() const { return *count_; }
  // Throws where that does not happen.
  void wait_for(int count) const;

 private:
  std::atomic<int>* count_;
};

// Stops this process until then.
void stop_until(const Counter& counter, int count);

inline View view_of(std::vector<float>& numbers) {
  return {numbers.data(), DType::f32, Shape{static_cast<std::int64_t>(numbers.size())}};
}
inline View view_of(std::vector<std::int64_t>& numbers) {
  return {numbers.data(), DType::i64, Shape{static_cast<std::int64_t>(numbers.size())}};
}

}  // namespace athanor::comm
