#include "core/observe/gpu_meter.h"

#include "core/observe/gpu_list.h"
#include "core/observe/sampler.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace athanor::observe {
namespace {

using namespace std::chrono_literals;

const std::vector<WatchedGpu> kTwo = {{"cuda:0", "0000:1b:00.0"}, {"cuda:1", "0000:43:00.0"}};

TEST(GpuMeter, ReadsUtilisationMemoryPowerAndTemperature) {
  const GpuMeter meter({kTwo[0]}, ATH_NVML_TWIN);
  const auto samples = meter.read();
  ASSERT_EQ(samples.size(), 1u) << meter.why_not();
  EXPECT_EQ(samples[0].device, "cuda:0");
  EXPECT_DOUBLE_EQ(samples[0].utilisation, 0.87);
  EXPECT_EQ(samples[0].memory_bytes, 1073741824);
  EXPECT_EQ(samples[0].memory_total_bytes, 150754820096);
  EXPECT_DOUBLE_EQ(samples[0].power_w, 612.5);
  EXPECT_DOUBLE_EQ(samples[0].temperature_c, 63);
}

TEST(GpuMeter, LeavesUnknownWhatTheDriverDoesNotTell) {
  const GpuMeter meter(kTwo, ATH_NVML_TWIN);
  const auto samples = meter.read();
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[1].device, "cuda:1");
  EXPECT_LT(samples[1].power_w, 0);
  EXPECT_LT(samples[1].temperature_c, 0);
}

TEST(GpuMeter, KeepsTheMemoryOfADeviceThatDoesNotTellItsUtilisation) {
  const GpuMeter meter({{"cuda:0", "0000:5e:00.0"}}, ATH_NVML_TWIN);
  const auto samples = meter.read();
  ASSERT_EQ(samples.size(), 1u) << meter.why_not();
  EXPECT_LT(samples[0].utilisation, 0);
  EXPECT_EQ(samples[0].memory_bytes, 1073741824);
}

TEST(GpuList, NamesTheDevicesThatMayBeUsedAndNoneWithoutADriver) {
  EXPECT_EQ(gpu_ids(ATH_NVML_TWIN), (std::vector<std::string>{"GPU-first", "GPU-third"}));
  EXPECT_TRUE(gpu_ids("libno-such-library.so.1").empty());
  EXPECT_TRUE(gpu_ids("libm.so.6").empty());
}

TEST(GpuMeter, SaysWhyThereAreNoSamples) {
  const GpuMeter no_library(kTwo, "libno-such-library.so.1");
  EXPECT_TRUE(no_library.read().empty());
  EXPECT_NE(no_library.why_not().find("libno-such-library.so.1"), std::string::npos);

  const GpuMeter no_function(kTwo, "libm.so.6");
  EXPECT_TRUE(no_function.read().empty());
  EXPECT_NE(no_function.why_not().find("lacks"), std::string::npos);

  const GpuMeter no_device({{"cuda:0", "0000:ff:00.0"}}, ATH_NVML_TWIN);
  EXPECT_TRUE(no_device.read().empty());
  EXPECT_NE(no_device.why_not().find("0000:ff:00.0"), std::string::npos);
}

TEST(GpuMeter, OpensNothingWhenNothingIsWatched) {
  const GpuMeter meter({}, "libno-such-library.so.1");
  EXPECT_TRUE(meter.read().empty());
  EXPECT_TRUE(meter.why_not().empty());
}

TEST(Sampler, HandsOutTheProcessorAtItsPace) {
  std::mutex mutex;
  std::condition_variable seen;
  std::vector<journal::DeviceSample> samples;
  const Sampler sampler(5ms, {}, [&](const journal::DeviceSample& sample) {
    const std::scoped_lock lock(mutex);
    samples.push_back(sample);
    seen.notify_all();
  });
  std::unique_lock lock(mutex);
  ASSERT_TRUE(seen.wait_for(lock, 20s, [&] { return samples.size() >= 3; }));
  EXPECT_EQ(samples[0].device, "cpu");
  EXPECT_GT(samples[0].memory_bytes, 0);
  EXPECT_GT(samples[0].memory_total_bytes, samples[0].memory_bytes);
}

// There is no driver here that knows a device at this place, whether or not there is a driver.
TEST(Sampler, SaysOnceWhyAGpuIsNotMeasured) {
  std::mutex mutex;
  std::condition_variable seen;
  std::vector<std::string> reasons;
  int samples = 0;
  const Sampler sampler(
      5ms, {{"cuda:0", "ffff:ff:1f.0"}},
      [&](const journal::DeviceSample& sample) {
        const std::scoped_lock lock(mutex);
        EXPECT_EQ(sample.device, "cpu");
        ++samples;
        seen.notify_all();
      },
      [&](const std::string& why) {
        const std::scoped_lock lock(mutex);
        EXPECT_EQ(samples, 0);
        reasons.push_back(why);
      });
  std::unique_lock lock(mutex);
  ASSERT_TRUE(seen.wait_for(lock, 20s, [&] { return samples >= 3; }));
  ASSERT_EQ(reasons.size(), 1u);
  EXPECT_FALSE(reasons[0].empty());
}

}  // namespace
}  // namespace athanor::observe
