// What a recipe asks of number formats, as frozen values. Includes nothing above std and kernels/base, so that plans
// and windows can name policies without the engine.
#pragma once

#include "core/precision/time_profile.h"
#include "kernels/base/dtype.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace athanor::precision {

// fp8_*: products in FP8, the rest in bf16. They differ in where a tensor's scale comes from: the largest magnitudes of
// earlier steps (delayed), of this tensor (current), or of each block (block). dynamic chooses per layer while
// training.
enum class Policy : std::uint8_t { fp32, tf32, fp16, bf16, fp8_delayed, fp8_current, fp8_block, dynamic };
inline constexpr std::array<const char*, 8> kPolicyNames = {"fp32",        "tf32",        "fp16",      "bf16",
                                                            "fp8-delayed", "fp8-current", "fp8-block", "dynamic"};
[[nodiscard]] constexpr const char* to_string(Policy policy) noexcept {
  return kPolicyNames[static_cast<std::size_t>(policy)];
}
[[nodiscard]] constexpr std::optional<Policy> policy_named(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kPolicyNames.size(); ++i)
    if (name == kPolicyNames[i]) return static_cast<Policy>(i);
  return std::nullopt;
}

[[nodiscard]] constexpr bool is_fp8(Policy policy) noexcept {
  return policy == Policy::fp8_delayed || policy == Policy::fp8_current || policy == Policy::fp8_block;
}

struct LossScaleSettings {
  double start = 65536, floor = 1;  // powers of two
  int growth_interval = 1000;       // steps without overflow until it doubles
  int hysteresis = 2;               // overflows in a row of growth that are forgiven before it halves
};

struct DelayedSettings {
  int history = 16;  // steps whose largest magnitudes are remembered
  int margin = 0;    // scales leave 2^margin of room
};

struct DynamicSettings {
  double error_budget = 0.04;  // relative error of products, averaged over all by their work
  double loss_budget = 0.005;  // relative change of a step's loss, summed over all products
  int every = 100;             // steps between decisions
  double spike = 6;            // deviations of the loss that are an emergency
  int high_steps = 200;        // steps in bf16 after one
  TimeProfile times = {};      // what is saved
};

struct Settings {
  Policy policy = Policy::fp32;
  bool exact_scales = false;  // scales of blocks and tensors are any f32 instead of powers of two
  int key_blocks = 1;         // blocks at each end of a stack that stay out of FP8
  LossScaleSettings loss_scale = {};
  DelayedSettings delayed = {};
  DynamicSettings dynamic = {};
};

}  // namespace athanor::precision
