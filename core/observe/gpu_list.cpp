#include "core/observe/gpu_list.h"

#include "core/observe/nvml.h"

#include <array>

namespace athanor::observe {

std::vector<std::string> gpu_ids(const std::string& library) {
  Nvml nvml(library);
  int (*count_of)(unsigned*) = nullptr;
  int (*handle_by_index)(unsigned, void**) = nullptr;
  int (*id_of)(void*, char*, unsigned) = nullptr;
  const bool complete = nvml.begin().empty() && nvml.find(count_of, "nvmlDeviceGetCount_v2") &&
                        nvml.find(handle_by_index, "nvmlDeviceGetHandleByIndex_v2") &&
                        nvml.find(id_of, "nvmlDeviceGetUUID");
  unsigned count = 0;
  if (!complete || count_of(&count) != kNvmlSuccess) return {};
  std::vector<std::string> ids;
  for (unsigned i = 0; i < count; ++i) {
    void* handle = nullptr;
    std::array<char, 96> id{};                                  // as long as the interface allows
    if (handle_by_index(i, &handle) != kNvmlSuccess) continue;  // one that this user may not use
    if (id_of(handle, id.data(), id.size()) == kNvmlSuccess) ids.emplace_back(id.data());
  }
  return ids;
}

}  // namespace athanor::observe
