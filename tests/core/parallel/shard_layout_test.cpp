#include "core/parallel/shard_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace athanor::parallel {
namespace {

constexpr std::int64_t kUnit = 64;  // of flat pieces, in elements

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<LogicalParameter> model() {
  return {{"table", {131, 6}, {0, 1}, 0, 1, 1},  // tied: the first and the last stage hold it
          {"qkv", {45, 15}, {0}, 0, 3, 5},       // three heads of five
          {"out", {15, 15}, {0}, 1, 1, 5},        {"gain", {15}, {1}, std::nullopt, 1, 1},
          {"scale", {}, {1}, std::nullopt, 1, 1}, {"cube", {3, 2, 70}, {1}, 2, 2, 1}};
}

std::map<std::string, std::int64_t> elements(const std::vector<Held>& held) {
  std::map<std::string, std::int64_t> out;
  for (const Held& one : held) out[one.name] += volume(one.box.extent);
  return out;
}

TEST(ShardLayout, PiecesAreOfWholeUnitsAndTheLastMayBeEmpty) {
  EXPECT_EQ(piece_of(200, 3, 0, 64), (Range{0, 128}));
  EXPECT_EQ(piece_of(200, 3, 1, 64), (Range{128, 200}));
  EXPECT_EQ(piece_of(200, 3, 2, 64), (Range{200, 200}));
  EXPECT_EQ(piece_of(0, 3, 0, 64), (Range{0, 0}));
  EXPECT_EQ(piece_of(1, 4, 0, 64), (Range{0, 1}));
}

TEST(ShardLayout, FlatSharesAreEvenOverAllParametersToWithinAUnit) {
  const std::vector<std::int64_t> lengths = {1, 15, 700, 64, 65, 3, 0, 128, 6400, 1, 1, 320, 77};
  for (const int ranks : {1, 2, 3, 4, 7}) {
    std::vector<std::int64_t> loads(static_cast<std::size_t>(ranks), 0);
    std::int64_t total = 0;
    const auto shares = flat_shares(lengths, ranks, kUnit);
    ASSERT_EQ(shares.size(), lengths.size());
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      total += lengths[i];
      std::vector<Range> ranges = shares[i];
      for (std::size_t rank = 0; rank < loads.size(); ++rank) loads[rank] += ranges[rank].end - ranges[rank].begin;
      std::ranges::sort(ranges, {}, [](const Range& range) { return std::pair(range.begin, range.end); });
      std::int64_t end = 0;
      for (const Range& range : ranges) {
        EXPECT_EQ(range.begin, end);
        EXPECT_TRUE(range.begin % kUnit == 0 || range.begin == lengths[i]);
        end = range.end;
      }
      EXPECT_EQ(end, lengths[i]);
    }
    for (const std::int64_t load : loads) EXPECT_LE(load, total / ranks + kUnit) << ranks << " ranks";
  }
}

TEST(ShardLayout, ARankHoldsWhatItsStageAndItsPlaceOnTheTensorAxisGiveIt) {
  const Mesh mesh{.data = 1, .tensor = 2, .pipeline = 2};
  const ShardLayout layout = value_or_throw(shard_layout(mesh, Shard::none, model(), kUnit));
  ASSERT_EQ(layout.size(), 4U);
  // Rank 1: tensor 1, stage 0. Of each of q, k and v it has the third head.
  EXPECT_THAT(layout[1].parameters, ElementsAre(Held{"table", {{66, 0}, {65, 6}}}, Held{"qkv", {{10, 0}, {5, 15}}},
                                                Held{"qkv", {{25, 0}, {5, 15}}}, Held{"qkv", {{40, 0}, {5, 15}}},
                                                Held{"out", {{0, 10}, {15, 5}}}));
  EXPECT_EQ(layout[1].optimizer, layout[1].parameters);
  EXPECT_EQ(layout[2].parameters.front(), (Held{"table", {{0, 0}, {66, 6}}}));
  EXPECT_THAT(elements(layout[3].parameters), testing::Contains(testing::Pair("scale", 1)));
}

TEST(ShardLayout, FlatPiecesAreCutFromTheRanksOwnTensor) {
  const Mesh mesh{.data = 2, .tensor = 2, .pipeline = 1};
  std::vector<LogicalParameter> parameters = {model()[1]};
  const ShardLayout layout = value_or_throw(shard_layout(mesh, Shard::parameters, parameters, kUnit));
  // Of rank 0's 30 rows, two heads each of q, k and v, the first 256 of 450 elements: 17 rows and one element.
  EXPECT_THAT(layout[0].parameters, ElementsAre(Held{"qkv", {{0, 0}, {10, 15}}}, Held{"qkv", {{15, 0}, {7, 15}}},
                                                Held{"qkv", {{22, 0}, {1, 1}}}));
}

TEST(ShardLayout, EachLevelOfShardingCutsMore) {
  const Mesh mesh{.data = 4, .tensor = 1, .pipeline = 1};
  const std::vector<LogicalParameter> parameters = {{"w", {100, 7}, {0}, std::nullopt, 1, 1}};
  const auto sizes = [&](Shard shard) {
    const RankShare share = value_or_throw(shard_layout(mesh, shard, parameters, kUnit))[3];
    return std::vector<std::int64_t>{elements(share.parameters)["w"], elements(share.gradients)["w"],
                                     elements(share.optimizer)["w"]};
  };
  EXPECT_THAT(sizes(Shard::none), ElementsAre(700, 700, 700));
  EXPECT_THAT(sizes(Shard::optimizer), ElementsAre(700, 700, 124));
  EXPECT_THAT(sizes(Shard::gradients), ElementsAre(700, 124, 124));
  EXPECT_THAT(sizes(Shard::parameters), ElementsAre(124, 124, 124));
}

TEST(ShardLayout, WithoutReplicasEveryElementIsThereOnceAndTheLoadIsShared) {
  for (const Shard shard : {Shard::none, Shard::optimizer, Shard::gradients, Shard::parameters}) {
    for (const Mesh mesh : {Mesh{2, 2, 2}, Mesh{4, 1, 2}, Mesh{1, 4, 2}, Mesh{8, 1, 2}}) {
      const ShardLayout layout = without_replicas(value_or_throw(shard_layout(mesh, shard, model(), kUnit)));
      std::map<std::string, std::int64_t> sizes;
      std::map<std::string, std::vector<Box>> boxes;
      std::int64_t most = 0;
      for (const RankShare& share : layout) {
        std::int64_t load = 0;
        for (const Held& held : share.parameters) {
          for (const Box& other : boxes[held.name]) EXPECT_FALSE(intersection(other, held.box)) << held.name;
          boxes[held.name].push_back(held.box);
          sizes[held.name] += volume(held.box.extent);
          load += volume(held.box.extent);
        }
        most = std::max(most, load);
      }
      for (const LogicalParameter& parameter : model()) EXPECT_EQ(sizes[parameter.name], volume(parameter.shape));
      EXPECT_LT(most, 786 + 675 + 225 + 15 + 1 + 420);
    }
  }
}

TEST(ShardLayout, NamesEveryParameterThatCannotBeLaidOut) {
  std::vector<LogicalParameter> parameters = {{"far", {4}, {2}, std::nullopt, 1, 1},
                                              {"flat", {4}, {0}, 1, 1, 1},
                                              {"odd", {7}, {0}, 0, 2, 1},
                                              {"twice", {4}, {0}, std::nullopt, 1, 1},
                                              {"twice", {4}, {0}, std::nullopt, 1, 1},
                                              {"nowhere", {4}, {}, std::nullopt, 1, 1}};
  const auto layout = shard_layout({.data = 1, .tensor = 2, .pipeline = 2}, Shard::none, parameters, kUnit);
  ASSERT_FALSE(layout);
  EXPECT_EQ(layout.error().kind, ErrorKind::invalid_input);
  for (const char* part :
       {"far: its stage 2", "flat: it has no dim 1", "odd: its dim 0 of 7", "twice: its name", "nowhere: no stage"})
    EXPECT_THAT(layout.error().cause, HasSubstr(part));
}

}  // namespace
}  // namespace athanor::parallel
