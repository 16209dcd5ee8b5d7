#include "core/observe/gpu_meter.h"

#include "core/observe/nvml.h"

namespace athanor::observe {
namespace {

constexpr unsigned kCoreSensor = 0;
constexpr double kPercent = 100.0;
constexpr double kMilliwattsPerWatt = 1000.0;

struct Utilisation {
  unsigned gpu_percent, memory_percent;
};
struct Memory {
  unsigned long long total_bytes, free_bytes, used_bytes;
};

}  // namespace

struct GpuMeter::Library {
  explicit Library(const std::string& name) : nvml(name) {}

  Nvml nvml;
  int (*handle_by_bus_id)(const char*, void**) = nullptr;
  int (*utilisation)(void*, Utilisation*) = nullptr;
  int (*memory)(void*, Memory*) = nullptr;
  int (*power_milliwatts)(void*, unsigned*) = nullptr;
  int (*temperature)(void*, unsigned, unsigned*) = nullptr;

  bool complete() {
    return nvml.find(handle_by_bus_id, "nvmlDeviceGetHandleByPciBusId_v2") &&
           nvml.find(utilisation, "nvmlDeviceGetUtilizationRates") && nvml.find(memory, "nvmlDeviceGetMemoryInfo") &&
           nvml.find(power_milliwatts, "nvmlDeviceGetPowerUsage") && nvml.find(temperature, "nvmlDeviceGetTemperature");
  }
};

GpuMeter::GpuMeter(const std::vector<WatchedGpu>& gpus, const std::string& library) {
  if (!gpus.empty()) open(gpus, library);
}

GpuMeter::~GpuMeter() = default;

void GpuMeter::open(const std::vector<WatchedGpu>& gpus, const std::string& library) {
  library_ = std::make_unique<Library>(library);
  why_not_ = library_->nvml.begin();
  if (why_not_.empty() && !library_->complete()) why_not_ = library + " lacks a function that is needed";
  if (!why_not_.empty()) return;
  for (const WatchedGpu& gpu : gpus) {
    void* handle = nullptr;
    if (library_->handle_by_bus_id(gpu.bus_id.c_str(), &handle) == kNvmlSuccess)
      opened_.push_back({gpu.label, handle});
    else
      why_not_ = "the driver knows no device at " + gpu.bus_id;
  }
}

std::vector<journal::DeviceSample> GpuMeter::read() const {
  std::vector<journal::DeviceSample> samples;
  for (const Opened& gpu : opened_) {
    Utilisation share{};
    Memory memory{};
    unsigned milliwatts = 0, celsius = 0;
    // A device that has fallen off the bus answers nothing; a gap says more than zeros.
    if (library_->memory(gpu.handle, &memory) != kNvmlSuccess) continue;
    // A share of a partitioned device has memory and no utilisation of its own.
    const bool has_utilisation = library_->utilisation(gpu.handle, &share) == kNvmlSuccess;
    const bool has_power = library_->power_milliwatts(gpu.handle, &milliwatts) == kNvmlSuccess;
    const bool has_temperature = library_->temperature(gpu.handle, kCoreSensor, &celsius) == kNvmlSuccess;
    samples.push_back({.device = gpu.label,
                       .utilisation = has_utilisation ? share.gpu_percent / kPercent : -1.0,
                       .memory_bytes = static_cast<std::int64_t>(memory.used_bytes),
                       .memory_total_bytes = static_cast<std::int64_t>(memory.total_bytes),
                       .power_w = has_power ? milliwatts / kMilliwattsPerWatt : -1.0,
                       .temperature_c = has_temperature ? static_cast<double>(celsius) : -1.0});
  }
  return samples;
}

}  // namespace athanor::observe
