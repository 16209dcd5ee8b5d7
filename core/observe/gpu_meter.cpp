#include "core/observe/gpu_meter.h"

#include <dlfcn.h>

namespace athanor::observe {
namespace {

constexpr int kSuccess = 0;
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
  void* file = nullptr;
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  int (*handle_by_bus_id)(const char*, void**) = nullptr;
  int (*utilisation)(void*, Utilisation*) = nullptr;
  int (*memory)(void*, Memory*) = nullptr;
  int (*power_milliwatts)(void*, unsigned*) = nullptr;
  int (*temperature)(void*, unsigned, unsigned*) = nullptr;
  bool begun = false;

  template <class Function>
  bool find(Function& function, const char* name) const {
    function = reinterpret_cast<Function>(dlsym(file, name));
    return function != nullptr;
  }

  bool complete() {
    return find(init, "nvmlInit_v2") && find(shutdown, "nvmlShutdown") &&
           find(handle_by_bus_id, "nvmlDeviceGetHandleByPciBusId_v2") &&
           find(utilisation, "nvmlDeviceGetUtilizationRates") && find(memory, "nvmlDeviceGetMemoryInfo") &&
           find(power_milliwatts, "nvmlDeviceGetPowerUsage") && find(temperature, "nvmlDeviceGetTemperature");
  }

  ~Library() {
    if (begun) shutdown();
    if (file) dlclose(file);
  }
};

GpuMeter::GpuMeter(const std::vector<WatchedGpu>& gpus, const std::string& library) {
  if (!gpus.empty()) open(gpus, library);
}

GpuMeter::~GpuMeter() = default;

void GpuMeter::open(const std::vector<WatchedGpu>& gpus, const std::string& library) {
  library_ = std::make_unique<Library>();
  library_->file = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library_->file) {
    why_not_ = library + " cannot be opened";
    return;
  }
  if (!library_->complete()) {
    why_not_ = library + " lacks a function that is needed";
    return;
  }
  if (const int code = library_->init(); code != kSuccess) {
    why_not_ = library + " did not start, code " + std::to_string(code);
    return;
  }
  library_->begun = true;
  for (const WatchedGpu& gpu : gpus) {
    void* handle = nullptr;
    if (library_->handle_by_bus_id(gpu.bus_id.c_str(), &handle) == kSuccess)
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
    if (library_->memory(gpu.handle, &memory) != kSuccess) continue;
    // A share of a partitioned device has memory and no utilisation of its own.
    const bool has_utilisation = library_->utilisation(gpu.handle, &share) == kSuccess;
    const bool has_power = library_->power_milliwatts(gpu.handle, &milliwatts) == kSuccess;
    const bool has_temperature = library_->temperature(gpu.handle, kCoreSensor, &celsius) == kSuccess;
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
