#include "core/precision/resolve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::precision {
namespace {

using nn::LayerKind;
using nn::Site;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Sites = std::vector<std::shared_ptr<const Site>>;

void add(Sites& sites, std::string path, LayerKind kind = LayerKind::linear, std::int64_t in = 64,
         std::int64_t out = 64) {
  sites.push_back(std::make_shared<const Site>(
      Site{.path = std::move(path), .kind = kind, .index = sites.size(), .in = in, .out = out}));
}

Sites model(int depth) {
  Sites sites;
  add(sites, "text.words", LayerKind::embedding);
  add(sites, "image.stem.0.conv", LayerKind::convolution);
  for (int i = 0; i < depth; ++i) add(sites, "text.blocks." + std::to_string(i) + ".mlp.up");
  add(sites, "text.head");
  return sites;
}

Resolution resolved(Policy policy, const DeviceTraits& device, int depth = 4) {
  const Sites sites = model(depth);
  return resolve({.policy = policy}, sites, device);
}

constexpr DeviceTraits kCpu{}, kHopper{true, 9, 0}, kAmpere{true, 8, 0}, kVolta{true, 7, 0};

TEST(Resolve, TakesTheCpuAsATwinOfEveryFormatButTf32) {
  for (const Policy policy :
       {Policy::fp32, Policy::fp16, Policy::bf16, Policy::fp8_delayed, Policy::fp8_block, Policy::dynamic})
    EXPECT_EQ(resolved(policy, kCpu).actual, policy) << to_string(policy);
  const Resolution tf32 = resolved(Policy::tf32, kCpu);
  EXPECT_EQ(tf32.actual, Policy::fp32);
  EXPECT_THAT(tf32.fallbacks, Contains(Field(&Fallback::reason, HasSubstr("CUDA devices only"))));
  EXPECT_TRUE(resolved(Policy::tf32, kAmpere).tf32);
}

TEST(Resolve, FallsBackToWhatTheDeviceHasAndSaysSo) {
  const Resolution ampere = resolved(Policy::fp8_block, kAmpere);
  EXPECT_EQ(ampere.actual, Policy::bf16);
  EXPECT_THAT(ampere.fallbacks, Contains(Field(&Fallback::reason, "compute capability 8.0 has no FP8")));
  EXPECT_EQ(resolved(Policy::dynamic, kVolta).actual, Policy::fp16);
  const Resolution volta = resolved(Policy::bf16, kVolta);
  EXPECT_EQ(volta.actual, Policy::fp16);
  EXPECT_TRUE(volta.scales_loss);
  EXPECT_THAT(resolved(Policy::fp8_block, kHopper).fallbacks, Not(Contains(Field(&Fallback::where, "run"))));
}

TEST(Resolve, KeepsKeyLayersHigh) {
  const Resolution r = resolved(Policy::fp8_current, kHopper);
  const auto formats = [&](const std::string& path) {
    for (const LayerFormats& layer : r.layers)
      if (layer.path == path) return layer;
    throw std::out_of_range(path);
  };
  for (const char* path :
       {"text.words", "image.stem.0.conv", "text.blocks.0.mlp.up", "text.blocks.3.mlp.up", "text.head"}) {
    EXPECT_FALSE(formats(path).kept_high.empty()) << path;
    EXPECT_EQ(formats(path).pass[0], PassFormat::stream) << path;
    EXPECT_THAT(r.fallbacks, Contains(Field(&Fallback::where, path)));
  }
  for (const char* path : {"text.blocks.1.mlp.up", "text.blocks.2.mlp.up"})
    EXPECT_EQ(formats(path).pass[1], PassFormat::f8_tensor) << path;
  EXPECT_EQ(formats("text.head").out, DType::f32) << "losses are computed from f32";
  EXPECT_EQ(formats("text.blocks.1.mlp.up").out, DType::bf16);
  EXPECT_THAT(r.summary(), HasSubstr("2 of 7 layers multiply in fp8-current"));
}

TEST(Resolve, LeavesShallowStacksFree) {
  const Resolution r = resolved(Policy::fp8_current, kHopper, 2);
  EXPECT_TRUE(r.layers[2].kept_high.empty()) << "with two blocks none would be left";
  EXPECT_TRUE(r.layers[3].kept_high.empty());
}

TEST(Resolve, RefusesSizesThatFp8CannotMultiply) {
  Sites sites;
  add(sites, "project", LayerKind::linear, 60, 64);
  const Resolution r = resolve({.policy = Policy::fp8_block}, sites, kCpu);
  EXPECT_EQ(r.layers[0].pass[0], PassFormat::stream);
  EXPECT_THAT(r.fallbacks, Contains(Field(&Fallback::reason, HasSubstr("64 by 60 is not in multiples of 16"))));
  EXPECT_THAT(resolve({.policy = Policy::bf16}, sites, kCpu).fallbacks, IsEmpty());
}

TEST(Policy, NamesReadBackAsThemselves) {
  for (const char* name : kPolicyNames) EXPECT_STREQ(to_string(*policy_named(name)), name);
  EXPECT_FALSE(policy_named("fp8"));
}

}  // namespace
}  // namespace athanor::precision
