// What the engine's tests share: contexts, random parameters, the gradient check as an expectation.
#pragma once

#include "core/autograd/check.h"
#include "core/tensor/context.h"
#include "kernels/base/philox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>
#include <vector>

namespace athanor::test {

// ATHANOR_TEST_DEVICE=cuda runs the same tests on the first GPU.
inline bool on_cuda() {
  const char* name = std::getenv("ATHANOR_TEST_DEVICE");
  return name && std::string_view(name) == "cuda";
}
inline ContextOptions options(int threads = 1) {
  return {.device = {on_cuda() ? DeviceKind::cuda : DeviceKind::cpu, 0}, .threads = threads};
}

inline std::vector<float> random_numbers(std::int64_t count, std::uint64_t seed, float scale = 1.0f) {
  std::vector<float> numbers(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = scale * (static_cast<float>(philox_at(seed, 0, 0, i).word[0]) / 2147483648.0f - 1.0f);
  return numbers;
}

inline Tensor random_tensor(Context& context, const Shape& shape, std::uint64_t seed, float scale = 1.0f) {
  return context.upload(random_numbers(shape.numel(), seed, scale), shape);
}

inline Parameter random_parameter(Context& context, const std::string& path, const Shape& shape, std::uint64_t seed,
                                  float scale = 1.0f) {
  return make_parameter(path, random_tensor(context, shape, seed, scale));
}

inline Tensor ids(Context& context, const std::vector<std::int32_t>& values, const Shape& shape) {
  return context.upload(std::span<const std::int32_t>(values), shape);
}

// Fails with the element that differs most.
inline void expect_gradients(Context& context, const std::function<Variable()>& function,
                             const std::vector<Parameter>& parameters, const GradientCheckOptions& options = {}) {
  const GradientCheckResult result = check_gradients(context, function, parameters, options);
  EXPECT_TRUE(result.ok) << result.where << " (" << result.worst << " times what is tolerated)";
}

// The text of the Failure that `action` throws; empty when it throws none.
template <class Action>
std::string failure_text(Action&& action) {
  try {
    action();
  } catch (const std::exception& failure) {
    return failure.what();
  }
  return {};
}

// A context, and parameters that differ from each other.
class OpsFixture : public ::testing::Test {
 protected:
  Parameter parameter(const std::string& path, const Shape& shape, float scale = 1.0f) {
    return random_parameter(context_, path, shape, ++seed_, scale);
  }

  Context context_{options()};
  std::uint64_t seed_ = 100;
};

}  // namespace athanor::test
