// Where and how a kernel runs. Handed down explicitly; kernels never choose a device, a stream or a thread count.
#pragma once

#include <cstddef>
#include <cstdint>

namespace athanor {

enum class DeviceKind : std::uint8_t { cpu, cuda };

struct Device {
  DeviceKind kind = DeviceKind::cpu;
  int index = 0;
  [[nodiscard]] bool operator==(const Device&) const = default;
};

// Told of every kernel launch; the timeline, the profiler and "last operations before the fault" hang here.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual void begin(const char* op) noexcept = 0;
  virtual void end(const char* op) noexcept = 0;
};

// A plain value, copied freely. The workspace is scratch memory on `device` owned by the caller; a kernel may use all
// of it during its call and finds out what it needs from the op's own *_workspace_bytes function.
struct Exec {
  Device device;
  int threads = 1;         // CPU worker threads; results never depend on it
  void* stream = nullptr;  // cudaStream_t on CUDA
  bool tf32 = false;       // on CUDA, products of f32 arrays may cut their factors to TF32
  void* workspace = nullptr;
  std::size_t workspace_bytes = 0;
  TraceSink* trace = nullptr;  // not owned; may be null
};

}  // namespace athanor
