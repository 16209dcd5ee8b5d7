// A thread that measures the machine and the GPUs of a run at a fixed pace and hands every sample to a function.
#pragma once

#include "core/journal/event.h"
#include "core/observe/gpu_meter.h"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace athanor::observe {

class Sampler {
 public:
  // `take` is called on the sampler's thread, first after one interval; `miss` once, on the same thread and before,
  // with the reason why GPUs are not measured, where there is one.
  Sampler(std::chrono::milliseconds interval, std::vector<WatchedGpu> gpus,
          std::function<void(const journal::DeviceSample&)> take, std::function<void(const std::string&)> miss = {});
  // Stops and joins.
  ~Sampler();
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

 private:
  void work(std::chrono::milliseconds interval, const std::vector<WatchedGpu>& gpus);

  std::function<void(const journal::DeviceSample&)> take_;
  std::function<void(const std::string&)> miss_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace athanor::observe
