#include "kernels/cpu/isa.h"

namespace athanor::kernels::cpu {

bool has_avx2() noexcept {
  static const bool available = [] {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  }();
  return available;
}

const char* avx2_refusal() noexcept { return has_avx2() ? nullptr : "this processor lacks AVX2, FMA or F16C"; }

}  // namespace athanor::kernels::cpu
