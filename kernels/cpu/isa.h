// What this processor can do, asked once.
#pragma once

namespace athanor::kernels::cpu {

// Both AVX2 and FMA.
[[nodiscard]] bool has_avx2() noexcept;

// For candidates with an AVX2 body: null, or why they cannot run here.
[[nodiscard]] const char* avx2_refusal() noexcept;

}  // namespace athanor::kernels::cpu
