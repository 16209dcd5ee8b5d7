// The CUDA kernel of each op as one more candidate, so that every case runs on it too where a device (or its emulation)
// is there. Found by the type of the arguments and, where ops share one, by the name of the reference.
#pragma once

#include "cuda_op_headers.h"  // generated: the headers of all ops
#include "tests/kernels/support/device_hooks.h"

#include <string_view>
#include <type_traits>
#include <vector>

namespace athanor::kernels::test {

// What runs on a CUDA device carries this in its name.
[[nodiscard]] inline bool is_cuda(std::string_view candidate) { return candidate.ends_with("_cuda"); }

template <class Args, void (*kKernel)(const Exec&, const Args&)>
Candidate<Args> cuda_candidate(const char* name) {
  return {name, [](const Exec&, const Args&) { return cuda_refusal(); },
          [](const Exec& exec, const Args& args) {
            Exec on_device = exec;
            on_device.device.kind = DeviceKind::cuda;
            kKernel(on_device, args);
            wait_for_device();
          }};
}

template <class Args>
std::vector<Candidate<Args>> cuda_candidates() {
  std::vector<Candidate<Args>> twins;
#define ATH_CUDA_TWIN(type, op) \
  if constexpr (std::is_same_v<Args, type>) twins.push_back(cuda_candidate<type, op##_cuda>(#op "_cuda"));
#include "cuda_twins.inc"  // generated: one line per CUDA kernel
#undef ATH_CUDA_TWIN
  return twins;
}

// The op's candidates, before them its CUDA kernel.
template <class Args>
std::vector<Candidate<Args>> with_cuda(Candidates<Args> candidates) {
  std::vector<Candidate<Args>> all;
  const std::string_view reference = candidates.back().name;
  for (const Candidate<Args>& twin : cuda_candidates<Args>()) {
    const std::string_view op = std::string_view(twin.name).substr(0, std::string_view(twin.name).size() - 5);
    if (reference.substr(0, reference.find("_cpu_")) == op) all.push_back(twin);
  }
  all.insert(all.end(), candidates.begin(), candidates.end());
  return all;
}

}  // namespace athanor::kernels::test
