#include "core/checkpoint/foreign_weights.h"

#include "core/base/files.h"
#include "tests/core/checkpoint/safetensors_bytes.h"
#include "tests/support/temporary_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::checkpoint {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing_support::TemporaryFolder;

// A file with one F32 array of the given length for each name, filled with the array's number.
void write_shard(const std::filesystem::path& file, const std::vector<std::string>& names) {
  std::vector<std::vector<float>> values;
  std::vector<ArrayView> views;
  for (std::size_t i = 0; i < names.size(); ++i) values.emplace_back(2, static_cast<float>(i));
  for (std::size_t i = 0; i < names.size(); ++i) views.push_back({names[i], {2}, values[i]});
  ASSERT_TRUE(write_safetensors(file, views));
}

TEST(ForeignWeights, AFolderMayHoldOneFileOrShards) {
  TemporaryFolder single, sharded;
  write_shard(single / "model.safetensors", {"a", "b"});
  const auto whole = ForeignWeights::open(single.path());
  ASSERT_TRUE(whole) << whole.error().message();
  EXPECT_EQ(whole->arrays().size(), 2U);

  write_shard(sharded / "m-1.safetensors", {"a", "b"});
  write_shard(sharded / "m-2.safetensors", {"c"});
  ASSERT_TRUE(
      write_file_flushed(sharded / "model.safetensors.index.json",
                         R"({"weight_map":{"a":"m-1.safetensors","b":"m-1.safetensors","c":"m-2.safetensors"}})"));
  auto parts = ForeignWeights::open(sharded.path());
  ASSERT_TRUE(parts) << parts.error().message();
  EXPECT_EQ(parts->arrays().size(), 3U);
  EXPECT_THAT(*parts->numbers("b"), ElementsAre(1.0F, 1.0F));
  EXPECT_FALSE(parts->numbers("d"));
}

TEST(ForeignWeights, AnIndexThatContradictsItsShardsIsRefusedByName) {
  const auto refusal = [](const std::string& map) {
    TemporaryFolder folder;
    write_shard(folder / "m-1.safetensors", {"a", "b"});
    write_shard(folder / "m-2.safetensors", {"b"});
    EXPECT_TRUE(write_file_flushed(folder / "model.safetensors.index.json", map));
    const auto opened = ForeignWeights::open(folder.path());
    return opened ? std::string("opened") : opened.error().message();
  };
  EXPECT_THAT(refusal(R"({"weight_map":{"a":"m-1.safetensors"}})"), HasSubstr("'b' lies in m-1.safetensors"));
  EXPECT_THAT(refusal(R"({"weight_map":{"z":"m-1.safetensors"}})"), HasSubstr("'z' is said to lie"));
  EXPECT_THAT(refusal(R"({"weight_map":{"a":"m-1.safetensors","b":"m-2.safetensors"}})"),
              HasSubstr("'b' lies in m-1.safetensors and the index does not say so"));
  EXPECT_THAT(refusal(R"({"weight_map":{"a":"../m-1.safetensors"}})"), HasSubstr("'a' lies in no file of this folder"));
  EXPECT_THAT(refusal(R"({"weight_map":{"a":7}})"), HasSubstr("'a' lies in no file"));
  EXPECT_THAT(refusal(R"({"weight_map":{"a":"gone.safetensors"}})"), HasSubstr("gone.safetensors"));
  EXPECT_THAT(refusal("[]"), HasSubstr("no weight_map"));
}

TEST(ForeignWeights, AnEmptyFolderSaysWhatItShouldHold) {
  TemporaryFolder folder;
  const auto opened = ForeignWeights::open(folder.path());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(opened.error().message(), HasSubstr("model.safetensors.index.json"));
}

std::vector<NamedShape> our_block() {
  return {{"blocks.0.attention.qkv.weight", {12, 4}},
          {"blocks.0.attention.qkv.bias", {12}},
          {"blocks.0.norm1.gain", {4}},
          {"embeddings.types.weight", {2, 4}}};
}

std::vector<NamedShape> their_block(const std::string& prefix = "") {
  std::vector<NamedShape> out;
  for (const char* part : {"query", "key", "value"}) {
    out.push_back({fmt::format("{}encoder.layer.0.attention.self.{}.weight", prefix, part), {4, 4}});
    out.push_back({fmt::format("{}encoder.layer.0.attention.self.{}.bias", prefix, part), {4}});
  }
  out.push_back({prefix + "encoder.layer.0.attention.output.LayerNorm.weight", {4}});
  out.push_back({prefix + "embeddings.token_type_embeddings.weight", {2, 4}});
  return out;
}

TEST(WeightNames, QueriesKeysAndValuesAreStackedInOurOrder) {
  for (const std::string prefix : {"", "bert."}) {
    const auto match = match_names(bert_names(), their_block(prefix), our_block(), "a file");
    ASSERT_TRUE(match) << match.error().message();
    ASSERT_EQ(match->placements.size(), 4U);
    EXPECT_THAT(match->placements[0].foreign, ElementsAre(prefix + "encoder.layer.0.attention.self.query.weight",
                                                          prefix + "encoder.layer.0.attention.self.key.weight",
                                                          prefix + "encoder.layer.0.attention.self.value.weight"));
    EXPECT_THAT(match->placements[3].foreign, ElementsAre(prefix + "embeddings.token_type_embeddings.weight"));
  }
}

TEST(WeightNames, WhatIsKnownAndNotUsedIsTold) {
  auto theirs = their_block();
  theirs.push_back({"pooler.dense.weight", {4, 4}});
  theirs.push_back({"embeddings.position_ids", {1, 8}});
  const auto match = match_names(bert_names(), theirs, our_block(), "a file");
  ASSERT_TRUE(match);
  EXPECT_THAT(match->unused, ElementsAre("pooler.dense.weight", "embeddings.position_ids"));
}

TEST(WeightNames, EveryMissingExtraAndMisshapenArrayIsListedWithTheNearest) {
  auto theirs = their_block();
  theirs[2].name = "encoder.layer.0.attention.self.keys.weight";
  theirs[6].shape = {5};
  theirs.push_back({"encoder.layer.1.attention.self.key.bias", {4}});
  theirs.push_back(theirs.back());
  const auto match = match_names(bert_names(), theirs, our_block(), "weights.safetensors");
  ASSERT_FALSE(match);
  EXPECT_EQ(match.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(
      match.error().message(),
      AllOf(HasSubstr("weights.safetensors"),
            HasSubstr("encoder.layer.0.attention.self.key.weight is missing, for our blocks.0.attention.qkv.weight "
                      "(nearest: encoder.layer.0.attention.self.keys.weight)"),
            HasSubstr("encoder.layer.0.attention.self.keys.weight has no place here (is "
                      "encoder.layer.0.attention.self.key.weight meant?)"),
            HasSubstr("encoder.layer.1.attention.self.key.bias has no place here"),
            HasSubstr("encoder.layer.0.attention.output.LayerNorm.weight is [5], our blocks.0.norm1.gain needs [4]"),
            Not(HasSubstr("token_type"))));
}

TEST(WeightNames, TwoArraysForOnePlaceAreRefused) {
  auto theirs = their_block();
  theirs.push_back({"encoder.layer.0.attention.output.LayerNorm.gamma", {4}});
  const auto match = match_names(bert_names(), theirs, our_block(), "a file");
  ASSERT_FALSE(match);
  EXPECT_THAT(match.error().message(), HasSubstr("are both meant for blocks.0.norm1.gain"));
}

}  // namespace
}  // namespace athanor::checkpoint
