#include "core/observe/sampler.h"

#include "core/observe/process.h"

namespace athanor::observe {

Sampler::Sampler(std::chrono::milliseconds interval, std::vector<WatchedGpu> gpus,
                 std::function<void(const journal::DeviceSample&)> take, std::function<void(const std::string&)> miss)
    : take_(std::move(take)),
      miss_(std::move(miss)),
      thread_([this, interval, gpus = std::move(gpus)] { work(interval, gpus); }) {}

Sampler::~Sampler() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Sampler::work(std::chrono::milliseconds interval, const std::vector<WatchedGpu>& gpus) {
  const std::int64_t memory_total = machine().memory_bytes;
  const GpuMeter gpu_meter(gpus);
  if (miss_ && !gpu_meter.why_not().empty()) miss_(gpu_meter.why_not());
  CpuMeter meter;
  (void)meter.utilisation();
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, interval, [this] { return stopping_; })) {
    lock.unlock();
    take_({.device = "cpu",
           .utilisation = meter.utilisation(),
           .memory_bytes = memory_use().resident_bytes,
           .memory_total_bytes = memory_total,
           .power_w = -1,
           .temperature_c = temperature_c()});
    for (const journal::DeviceSample& sample : gpu_meter.read()) take_(sample);
    lock.lock();
  }
}

}  // namespace athanor::observe
