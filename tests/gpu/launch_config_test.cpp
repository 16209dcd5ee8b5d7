#include "kernels/cuda/launch_config.h"

#include "kernels/base/error.h"
#include "kernels/cuda/product_plan.h"
#include "kernels/cuda/strided.h"
#include "kernels/cuda/workspace.h"

#include <gtest/gtest.h>

#include <utility>

namespace athanor::kernels::cuda {
namespace {

TEST(LaunchConfig, PerElementCoversEveryElementAndNoMoreThanOneBlockTooMany) {
  for (const std::int64_t elements : {1, 255, 256, 257, 1024, 1000003})
    for (const int each : {1, 4}) {
      const auto config = per_element(elements, each);
      const std::int64_t covered = config.blocks_x * config.threads() * each;
      EXPECT_GE(covered, elements);
      EXPECT_LT(covered - elements, kBlockThreads * each);
    }
  EXPECT_TRUE(per_element(0).empty());
}

TEST(LaunchConfig, RowsUpToAThousandColumnsGoToWarpsLongerOnesToBlocks) {
  const auto narrow = per_row(100, 1024);
  EXPECT_FALSE(narrow.block_per_row);
  EXPECT_EQ(narrow.config.threads_x, kWarp);
  EXPECT_GE(narrow.config.blocks_x * narrow.config.threads_y, 100);
  const auto wide = per_row(100, 1025);
  EXPECT_TRUE(wide.block_per_row);
  EXPECT_EQ(wide.config.blocks_x, 100);
  EXPECT_TRUE(per_row(0, 64).config.empty());
}

TEST(LaunchConfig, BlocksHoldWholeWarpsAndAtMostAThousandThreads) {
  for (const std::int64_t columns : {1, 31, 128, 129, 4096, 1 << 20}) {
    const auto config = block_per_row(3, columns);
    EXPECT_EQ(config.threads() % kWarp, 0);
    EXPECT_GE(config.threads(), kWarp);
    EXPECT_LE(config.threads(), 1024);
  }
}

TEST(LaunchConfig, ALaunchThatNoDeviceTakesIsRefusedByName) {
  EXPECT_NO_THROW(check_launch("copy", {.blocks_x = kMaxBlocksX, .blocks_y = kMaxBlocksY, .threads_x = 1024}));
  for (const LaunchConfig& config : {LaunchConfig{.blocks_x = kMaxBlocksX + 1}, LaunchConfig{.blocks_y = 65536},
                                     LaunchConfig{.threads_x = 64, .threads_y = 32}}) {
    try {
      check_launch("copy", config);
      ADD_FAILURE() << to_string(config);
    } catch (const Failure& failure) {
      EXPECT_NE(failure.error().intention.find("copy"), std::string::npos);
      EXPECT_NE(failure.error().cause.find(to_string(config)), std::string::npos);
    }
  }
}

TEST(LaunchConfig, RowBlocksOfAColumnSumCoverEveryRowOnce) {
  for (const std::int64_t rows : {0, 1, 7, 64, 65, 8320, 131072, 5000000})
    for (const std::int64_t columns : {1, 32, 33, 768, 40000}) {
      const auto launch = per_column(rows, columns);
      EXPECT_GE(launch.row_blocks, 1);
      EXPECT_LE(launch.row_blocks, kMaxRowBlocks);
      EXPECT_GE(launch.row_blocks * launch.rows_per_block, rows);
      if (rows > 0) {
        EXPECT_LT((launch.row_blocks - 1) * launch.rows_per_block, rows) << "an empty block";
      }
      EXPECT_GE(launch.config.blocks_x * kColumnTile, columns);
      EXPECT_EQ(launch.config.blocks_y, launch.row_blocks);
    }
}

TEST(LaunchConfig, ChunksOfAConvolutionStayWithinTheirBytesUnlessOneImageIsLarger) {
  EXPECT_EQ(images_per_chunk(128, 32 * 32, 27), 128);
  const std::int64_t bytes_per_image = 64 * 64 * 576 * 4;
  const std::int64_t images = images_per_chunk(128, 64 * 64, 576);
  EXPECT_LE(images * bytes_per_image, kUnfoldBytes);
  EXPECT_GT((images + 1) * bytes_per_image, kUnfoldBytes);
  EXPECT_EQ(images_per_chunk(8, 4096 * 4096, 576), 1);
}

TEST(LaunchConfig, AttentionFitsSharedMemoryForEveryHeadDimItTakes) {
  constexpr std::int64_t kSharedBytes = 48 * 1024;
  for (std::int64_t dim = 1; dim <= kMaxHeadDim; ++dim) {
    const auto forward = attention_shape(dim), gradient = attention_grad_shape(dim);
    EXPECT_GE(forward.per_lane * kWarp, dim);
    EXPECT_GE(gradient.per_lane * kWarp, dim);
    EXPECT_LE(attention_shared_bytes(forward), kSharedBytes) << dim;
    EXPECT_LE(attention_grad_shared_bytes(gradient), kSharedBytes) << dim;
  }
  for (std::int64_t dim = 1; dim <= kMaxTensorCoreHeadDim; ++dim) {
    EXPECT_GE(tensor_core_attention(dim).dim, dim);
    EXPECT_GE(tensor_core_attention_grad(dim).dim, dim);
    EXPECT_LE(tensor_core_attention(dim).shared_bytes(1, 2), kSharedBytes) << dim;
    EXPECT_LE(tensor_core_attention_grad(dim).shared_bytes(2, 2), kSharedBytes) << dim;
  }
  EXPECT_EQ(attention_shape(kMaxHeadDim + 1), AttentionShape{});
  EXPECT_EQ(attention_grad_shape(kMaxHeadDim + 1), AttentionShape{});
}

TEST(LaunchConfig, PrintsItself) {
  EXPECT_EQ(to_string(LaunchConfig{.blocks_x = 3, .threads_x = 32, .threads_y = 8}), "grid 3 x 1, block 32 x 8");
}

TEST(Strided, ContiguousViewsAreOneRun) {
  float memory[24] = {};
  const View view(memory, DType::f32, {2, 3, 4});
  EXPECT_TRUE(is_dense(merge_dims(view, view)));
  const View single(memory, DType::f32, {1, 1});
  EXPECT_TRUE(is_dense(merge_dims(single, single)));
}

TEST(Strided, ASliceKeepsItsRows) {
  float memory[24] = {};
  const View slice(memory, DType::f32, {3, 2}, {8, 1}), whole(memory, DType::f32, {3, 2});
  const auto pair = merge_dims(slice, whole);
  EXPECT_FALSE(is_dense(pair));
  EXPECT_EQ(pair.rank, 2);
  EXPECT_FALSE(as_transpose(pair).has_value());
}

TEST(Strided, ASwapOfTheLastTwoDimsIsSeenAsATranspose) {
  float memory[60] = {}, other[60] = {};
  // y [5, 4, 3] of x [5, 3, 4].
  const View x(memory, DType::f32, {5, 4, 3}, {12, 1, 4}), y(other, DType::f32, {5, 4, 3});
  const auto turn = as_transpose(merge_dims(x, y));
  ASSERT_TRUE(turn.has_value());
  EXPECT_EQ(turn->matrices, 5);
  EXPECT_EQ(turn->rows, 3);
  EXPECT_EQ(turn->columns, 4);
}

TEST(Strided, ARepetitionIsNoTranspose) {
  float memory[4] = {}, other[12] = {};
  const View x(memory, DType::f32, {3, 4}, {0, 1}), y(other, DType::f32, {3, 4});
  const auto pair = merge_dims(x, y);
  EXPECT_FALSE(is_dense(pair));
  EXPECT_FALSE(as_transpose(pair).has_value());
}

TEST(Workspace, MeasuringAndCuttingAgree) {
  WorkspaceCutter measure;
  static_cast<void>(measure.take<float>(3));
  static_cast<void>(measure.take<double>(100));
  std::vector<std::byte> memory(measure.used_bytes());
  WorkspaceCutter cutter(Exec{.device = {}, .workspace = memory.data(), .workspace_bytes = memory.size()});
  EXPECT_EQ(static_cast<void*>(cutter.take<float>(3)), memory.data());
  EXPECT_EQ(static_cast<void*>(cutter.take<double>(100)), memory.data() + 256);
  EXPECT_EQ(cutter.used_bytes(), measure.used_bytes());
}

TEST(Workspace, TooLittleIsRefusedWithBothNumbers) {
  std::vector<std::byte> memory(8);
  WorkspaceCutter cutter(Exec{.device = {}, .workspace = memory.data(), .workspace_bytes = memory.size()});
  try {
    static_cast<void>(cutter.take<float>(3));
    FAIL() << "nothing was thrown";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.error().kind, ErrorKind::internal);
    EXPECT_NE(failure.error().cause.find("8 bytes but 12"), std::string::npos) << failure.what();
  }
}

alignas(16) float memory[64];

Product some_product() {
  Product product = dense_product(2, 3, 4);
  product.a = product.b = product.d = memory;
  return product;
}

PlanKey key(const Product& product, int device = 0, bool tf32 = false) {
  Exec exec{.device = {DeviceKind::cuda, device}};
  exec.tf32 = tf32;
  return key_of(exec, product);
}

TEST(ProductPlan, WhereOnlyPointersDifferThePlanIsShared) {
  Product first = some_product(), second = first;
  second.a = memory + 16;
  second.alpha = 2.0f;
  EXPECT_EQ(key(first), key(second));
}

TEST(ProductPlan, WhateverChangesWhatIsComputedNeedsAPlanOfItsOwn) {
  const Product base = some_product();
  EXPECT_NE(key(base), key(base, 1));
  EXPECT_NE(key(base), key(base, 0, true));
  const std::pair<const char*, void (*)(Product&)> changes[] = {
      {"shape", [](Product& p) { p.m = 5; }},
      {"alignment", [](Product& p) { p.b = memory + 1; }},
      {"bias", [](Product& p) { p.bias = p.a; }},
      {"workspace", [](Product& p) { p.workspace = p.d; }},
      {"formats", [](Product& p) { p.a_format = p.b_format = DType::bf16; }},
      {"output", [](Product& p) { p.d_format = DType::bf16; }},
      {"batch", [](Product& p) { p.batch = 2; }},
      {"steps", [](Product& p) { p.a_step = 8; }},
      {"activation", [](Product& p) { p.activation = Activation::relu; }},
      {"preactivation", [](Product& p) { p.preactivation = memory; }},
      {"scales of a", [](Product& p) { p.a_scaling = Scaling::row; }},
      {"scales of b", [](Product& p) { p.b_scaling = Scaling::square; }},
  };
  for (const auto& [what, change] : changes) {
    Product other = base;
    change(other);
    EXPECT_NE(key(base), key(other)) << what;
  }
}

TEST(ProductPlan, OnlyF32FactorsAreEverCut) {
  Product narrow = some_product();
  narrow.a_format = narrow.b_format = narrow.d_format = DType::bf16;
  EXPECT_EQ(key(narrow), key(narrow, 0, true));
}

TEST(ProductPlan, ScalesOfSquaresLieInRowsOfAMultipleOfFour) {
  EXPECT_EQ(scale_row(1), 4);
  EXPECT_EQ(scale_row(512), 4);
  EXPECT_EQ(scale_row(513), 8);
}

TEST(ProductPlan, AStrideThatIsNotReadDoesNotMatter) {
  const Product base = some_product();
  Product other = base;
  other.c_stride = 77;
  EXPECT_EQ(key(base), key(other));
}

TEST(ProductPlan, ActivationsArePartOfAProductWhereTheLibraryHasThem) {
  EXPECT_TRUE(fuses_activation(Activation::relu, 5, false));
  EXPECT_FALSE(fuses_activation(Activation::relu, 8, true)) << "a mask is no preactivation";
  EXPECT_TRUE(fuses_activation(Activation::gelu_tanh, 8, true));
  EXPECT_FALSE(fuses_activation(Activation::gelu_tanh, 5, true));
  EXPECT_FALSE(fuses_activation(Activation::gelu_erf, 8, false));
  EXPECT_FALSE(fuses_activation(Activation::none, 8, false));
}

}  // namespace
}  // namespace athanor::kernels::cuda
