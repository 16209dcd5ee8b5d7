// What this process takes from its machine, read from /proc. Nothing here throws; what cannot be read is said to be
// unknown. One thread per object.
#pragma once

#include <cstdint>
#include <string>

namespace athanor::observe {

struct MemoryUse {
  std::int64_t resident_bytes = 0;
  std::int64_t peak_resident_bytes = 0;  // since the process began
};
[[nodiscard]] MemoryUse memory_use();

struct Machine {
  std::string processor;          // "AMD EPYC 7B13"
  int cores = 1;                  // that this process may use
  std::int64_t memory_bytes = 0;  // of the machine, or of the control group when that is less
  bool avx2 = false;
  std::string host;
  std::string system;  // "Debian GNU/Linux 12 (bookworm), Linux 6.1.0"
};
[[nodiscard]] Machine machine();

// Degrees Celsius of the warmest thermal zone; negative when the machine does not tell.
[[nodiscard]] double temperature_c();

// Share of the cores that worked, for all processes, since the last call; since boot at the first one.
class CpuMeter {
 public:
  [[nodiscard]] double utilisation();

 private:
  std::uint64_t busy_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace athanor::observe
