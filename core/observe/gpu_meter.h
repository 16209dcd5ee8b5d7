// What GPUs are doing, asked of the driver's management library (NVML). The library is opened when first needed, so
// that programs run on machines without it; a value the driver does not tell is negative. One thread per object. Source
// of the interface: NVIDIA Management Library API reference, version 2 entry points.
#pragma once

#include "core/journal/event.h"

#include <memory>
#include <string>
#include <vector>

namespace athanor::observe {

struct WatchedGpu {
  std::string label;   // "cuda:0", as samples name it
  std::string bus_id;  // "0000:1b:00.0"
};

class GpuMeter {
 public:
  // Without the library, or for a bus id the driver does not know, there are no samples; why_not() says so.
  explicit GpuMeter(const std::vector<WatchedGpu>& gpus, const std::string& library = "libnvidia-ml.so.1");
  ~GpuMeter();
  GpuMeter(const GpuMeter&) = delete;
  GpuMeter& operator=(const GpuMeter&) = delete;

  // One sample per GPU that could be opened, in the order given. memory_bytes counts all processes on the device.
  [[nodiscard]] std::vector<journal::DeviceSample> read() const;
  [[nodiscard]] const std::string& why_not() const noexcept { return why_not_; }

 private:
  struct Library;
  struct Opened {
    std::string label;
    void* handle;
  };
  void open(const std::vector<WatchedGpu>& gpus, const std::string& library);

  std::unique_ptr<Library> library_;
  std::vector<Opened> opened_;
  std::string why_not_;
};

}  // namespace athanor::observe
