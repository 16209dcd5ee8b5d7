// The entry points of NVIDIA's management library for three devices: one that tells everything, one without sensors for
// power and temperature, and a share of a device, which has no utilisation of its own either.
#include <cstring>
#include <string_view>

namespace {

struct Utilisation {
  unsigned gpu, memory;
};
struct Memory {
  unsigned long long total, free, used;
};

constexpr int kSuccess = 0, kUninitialised = 1, kNotSupported = 3, kNotFound = 6;

bool begun = false;
int devices[3] = {0, 1, 2};

bool has_sensors(const void* device) { return device == &devices[0]; }

}  // namespace

extern "C" {

int nvmlInit_v2() {
  begun = true;
  return kSuccess;
}

int nvmlShutdown() {
  begun = false;
  return kSuccess;
}

int nvmlDeviceGetHandleByPciBusId_v2(const char* bus_id, void** device) {
  if (!begun) return kUninitialised;
  if (std::string_view(bus_id) == "0000:1b:00.0")
    *device = &devices[0];
  else if (std::string_view(bus_id) == "0000:43:00.0")
    *device = &devices[1];
  else if (std::string_view(bus_id) == "0000:5e:00.0")
    *device = &devices[2];
  else
    return kNotFound;
  return kSuccess;
}

int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = 3;
  return begun ? kSuccess : kUninitialised;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  if (!begun || index >= 3) return kNotFound;
  *device = &devices[index];
  return kSuccess;
}

// The second one is another user's.
int nvmlDeviceGetUUID(void* device, char* id, unsigned length) {
  if (device == &devices[1] || length < 96) return kNotFound;
  std::strcpy(id, device == &devices[0] ? "GPU-first" : "GPU-third");
  return kSuccess;
}

int nvmlDeviceGetUtilizationRates(void* device, Utilisation* rates) {
  if (device == &devices[2]) return kNotSupported;
  *rates = {has_sensors(device) ? 87u : 5u, 40u};
  return begun ? kSuccess : kUninitialised;
}

int nvmlDeviceGetMemoryInfo(void*, Memory* info) {
  *info = {150754820096ull, 150754820096ull - 1073741824ull, 1073741824ull};
  return begun ? kSuccess : kUninitialised;
}

int nvmlDeviceGetPowerUsage(void* device, unsigned* milliwatts) {
  *milliwatts = 612500;
  return has_sensors(device) ? kSuccess : kNotSupported;
}

int nvmlDeviceGetTemperature(void* device, unsigned sensor, unsigned* celsius) {
  *celsius = 63;
  return has_sensors(device) && sensor == 0 ? kSuccess : kNotSupported;
}
}
