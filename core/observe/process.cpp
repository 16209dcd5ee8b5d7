#include "core/observe/process.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <sstream>
#include <sys/utsname.h>
#include <unistd.h>

namespace athanor::observe {
namespace {

constexpr std::int64_t kKibibyte = 1024;

// The text behind "key:" in files such as /proc/cpuinfo.
std::string value_of(const char* file, const std::string& key) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with(key)) continue;
    const auto colon = line.find_first_of(":=");
    if (colon == std::string::npos) continue;
    const auto first = line.find_first_not_of(" \t\"", colon + 1);
    if (first == std::string::npos) continue;
    return line.substr(first, line.find_last_not_of(" \t\"") - first + 1);
  }
  return {};
}

std::int64_t kibibytes_of(const char* file, const std::string& key) {
  std::istringstream text(value_of(file, key));
  std::int64_t value = 0;
  text >> value;
  return value * kKibibyte;
}

std::int64_t control_group_limit() {
  for (const char* file : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::ifstream stream(file);
    std::int64_t limit = 0;
    if (stream >> limit && limit > 0) return limit;
  }
  return 0;
}

int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)));
}

}  // namespace

MemoryUse memory_use() {
  return {kibibytes_of("/proc/self/status", "VmRSS"), kibibytes_of("/proc/self/status", "VmHWM")};
}

Machine machine() {
  Machine out;
  out.processor = value_of("/proc/cpuinfo", "model name");
  if (out.processor.empty()) out.processor = "unknown processor";
  out.cores = usable_cores();
  out.memory_bytes = kibibytes_of("/proc/meminfo", "MemTotal");
  if (const auto limit = control_group_limit(); limit > 0) out.memory_bytes = std::min(out.memory_bytes, limit);
#if defined(__x86_64__)
  out.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
  utsname names{};
  if (uname(&names) == 0) {
    out.host = names.nodename;
    out.system = std::string(names.sysname) + " " + names.release;
  }
  if (const std::string pretty = value_of("/etc/os-release", "PRETTY_NAME"); !pretty.empty()) {
    out.system = pretty + ", " + out.system;
  }
  return out;
}

double temperature_c() {
  constexpr double kMilli = 1000.0;
  double warmest = -1;
  std::error_code code;
  for (const auto& zone : std::filesystem::directory_iterator("/sys/class/thermal", code)) {
    if (!zone.path().filename().string().starts_with("thermal_zone")) continue;
    std::ifstream stream(zone.path() / "temp");
    double milli = 0;
    if (stream >> milli) warmest = std::max(warmest, milli / kMilli);
  }
  return warmest;
}

double CpuMeter::utilisation() {
  // "cpu user nice system idle iowait irq softirq steal …", in ticks.
  std::ifstream stream("/proc/stat");
  std::string name;
  std::array<std::uint64_t, 8> ticks{};
  stream >> name;
  for (std::uint64_t& tick : ticks) stream >> tick;
  if (!stream) return 0;
  std::uint64_t total = 0;
  for (const std::uint64_t tick : ticks) total += tick;
  const std::uint64_t busy = total - ticks[3] - ticks[4];
  const std::uint64_t passed = total - total_;
  const double share = passed == 0 ? 0 : static_cast<double>(busy - busy_) / static_cast<double>(passed);
  busy_ = busy;
  total_ = total;
  return std::clamp(share, 0.0, 1.0);
}

}  // namespace athanor::observe
