#include "core/precision/machine_times.h"

#include "core/autograd/backward.h"
#include "core/precision/coded_product.h"
#include "core/precision/controller.h"
#include "kernels/base/philox.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

namespace athanor::precision {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kWarmUp = 2, kRepeats = 5;

// Waits for the device: a copy to the host comes after everything before it.
void finish(Context& context, const Tensor& x) { (void)context.download(x.narrow(0, 0, 1)); }

double median_seconds(Context& context, const std::function<Tensor()>& work) {
  std::vector<double> seconds;
  for (int i = 0; i < kWarmUp + kRepeats; ++i) {
    const auto begin = Clock::now();
    finish(context, work());
    if (i >= kWarmUp) seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
  }
  std::ranges::nth_element(seconds, seconds.begin() + kRepeats / 2);
  return seconds[kRepeats / 2];
}

Tensor random_square(Context& context, std::int64_t size, std::uint64_t seed) {
  std::vector<float> numbers(static_cast<std::size_t>(size * size));
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<float>(philox_at(seed, 0, 0, i).word[0]) / 2147483648.0f - 1.0f;
  return context.upload(numbers, {size, size});
}

TimeProfile::Times times_of(Context& context, std::int64_t size) {
  const Parameter x = make_parameter("x", context.cast(random_square(context, size, 1), DType::bf16));
  const Parameter weight = make_parameter("weight", random_square(context, size, 2));
  const Tensor dy = context.cast(random_square(context, size, 3), DType::bf16);
  TimeProfile::Times seconds{};
  for (const PassFormat format : kChoices) {
    const PassFormats formats{format, format == PassFormat::f16 ? PassFormat::stream : format};
    const auto product = [&] { return ops::scaled_linear(context, x, weight, {}, product_options(formats, true)); };
    const double forward = median_seconds(context, [&] {
      const NoGradient scope(context);
      return product().value();
    });
    const double both = median_seconds(context, [&] {
      backward(context, product(), dy);
      x->gradient = {};
      return std::exchange(weight->gradient, {});
    });
    seconds[0][static_cast<std::size_t>(format)] = forward;
    seconds[1][static_cast<std::size_t>(format)] = std::max(both - forward, 0.0);
  }
  for (auto& of_pass : seconds) {
    const double stream = std::max(of_pass[static_cast<std::size_t>(PassFormat::stream)], 1e-9);
    for (double& time : of_pass) time /= stream;
  }
  return seconds;
}

}  // namespace

TimeProfile measure_times(Context& context, std::string origin, std::span<const int> sizes) {
  TimeProfile out{.origin = std::move(origin), .by_size = {}};
  for (const int size : sizes) out.by_size[size] = times_of(context, std::llround(std::exp2(size / 3.0)));
  return out;
}

}  // namespace athanor::precision
