// Ranks as threads of the test.
#pragma once

#include "core/checkpoint/shards.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace athanor::checkpoint {

// What one rank says reaches all once all have said something.
class ThreadMeeting {
 public:
  explicit ThreadMeeting(int count) : texts_(static_cast<std::size_t>(count)) {}

  [[nodiscard]] Ranks ranks(int rank) {
    Ranks out;
    out.rank = rank;
    out.count = static_cast<int>(texts_.size());
    out.gather = [this, rank](std::string text) -> Result<std::vector<std::string>> {
      auto all = exchange(rank, std::move(text));
      return rank == 0 ? std::move(all) : std::vector<std::string>();
    };
    out.broadcast = [this, rank](std::string text) -> Result<std::string> {
      return exchange(rank, std::move(text)).front();
    };
    return out;
  }

  // Calls `work` on a thread for each rank.
  void run(const std::function<void(const Ranks&)>& work) {
    std::vector<std::thread> threads;
    for (int rank = 0; rank < static_cast<int>(texts_.size()); ++rank)
      threads.emplace_back([this, rank, &work] { work(ranks(rank)); });
    for (std::thread& thread : threads) thread.join();
  }

 private:
  std::vector<std::string> exchange(int rank, std::string text) {
    std::unique_lock lock(mutex_);
    texts_[static_cast<std::size_t>(rank)] = std::move(text);
    const int round = round_;
    if (++said_ == static_cast<int>(texts_.size())) {
      said_ = 0;
      ++round_;
      heard_ = texts_;
      all_said_.notify_all();
    } else {
      all_said_.wait(lock, [&] { return round_ != round; });
    }
    return heard_;  // nobody says anything new before all have left this round
  }

  std::mutex mutex_;
  std::condition_variable all_said_;
  std::vector<std::string> texts_, heard_;
  int said_ = 0, round_ = 0;
};

}  // namespace athanor::checkpoint
