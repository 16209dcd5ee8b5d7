// What this processor can do, asked once.
#pragma once

namespace athanor::kernels::cpu {

// AVX2, FMA and F16C; every processor with the first has had the others.
[[nodiscard]] bool has_avx2() noexcept;

// For candidates with an AVX2 body: null, or why they cannot run here.
[[nodiscard]] const char* avx2_refusal() noexcept;

}  // namespace athanor::kernels::cpu
