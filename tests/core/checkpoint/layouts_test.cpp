#include "core/checkpoint/reader.h"
#include "tests/core/checkpoint/sharded_model.h"
#include "tests/core/checkpoint/thread_ranks.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace athanor::checkpoint {
namespace {

namespace fs = std::filesystem;
using testing_support::TemporaryFolder;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kMostRanks = 4;
#else
constexpr int kMostRanks = 8;
#endif

TEST(Layouts, GradientsAreShardedWithoutAnyDifferenceToACheckpoint) {
  for (const OddLayout& layout : odd_layouts(kMostRanks)) {
    if (layout.shard != parallel::Shard::optimizer) continue;
    const auto some = layout.shares(), more = OddLayout{layout.mesh, parallel::Shard::gradients}.shares();
    for (std::size_t rank = 0; rank < some.size(); ++rank) {
      EXPECT_EQ(some[rank].parameters, more[rank].parameters);
      EXPECT_EQ(some[rank].optimizer, more[rank].optimizer);
    }
  }
}

// Every ordered pair, apart from those that hold the same (see above; and with one rank along the data axis nothing is
// sharded).
TEST(Layouts, WhatOneWroteEveryOtherReadsWithTheSameBits) {
  const std::vector<OddLayout> layouts = odd_layouts(kMostRanks);
  std::vector<std::vector<Request>> requests;
  for (const OddLayout& layout : layouts) {
    auto& of_ranks = requests.emplace_back();
    for (const parallel::RankShare& share : layout.shares()) of_ranks.push_back(request_of(share, 3));
  }
  std::int64_t pairs = 0;
  for (const OddLayout& from : layouts) {
    TemporaryFolder folder;
    save(folder.path(), from, 3);
    const auto reader = Reader::open(folder / "step-3");
    ASSERT_TRUE(reader) << from.text() << ": " << reader.error().message();
    EXPECT_EQ(reader->state().data_position, 3);
    for (std::size_t to = 0; to < layouts.size(); ++to, ++pairs) {
      for (Request& request : requests[to]) {
        for (auto& memory : request.memory) std::ranges::fill(memory, std::byte{0xEE});
        const auto read = reader->read(request.wanted);
        ASSERT_TRUE(read) << from.text() << " to " << layouts[to].text() << ": " << read.error().message();
        ASSERT_TRUE(request.memory == request.expected) << from.text() << " to " << layouts[to].text();
      }
    }
  }
  EXPECT_EQ(pairs, static_cast<std::int64_t>(layouts.size() * layouts.size()));
  RecordProperty("pairs", std::to_string(pairs));
}

TEST(Layouts, WhatOneWriterWroteEveryLayoutReads) {
  TemporaryFolder folder;
  Contents contents;
  contents.state.step = 3;
  for (const parallel::LogicalParameter& parameter : odd_model(1)) {
    const auto add = [&](std::vector<Array>& to, const std::string& name) {
      const auto bits = numbers_of(name, volume(parameter.shape), 3);
      Array array{name, parameter.shape, std::vector<float>(bits.size())};
      std::copy_n(reinterpret_cast<const std::byte*>(bits.data()), bits.size() * 4,
                  reinterpret_cast<std::byte*>(array.values.data()));
      to.push_back(std::move(array));
    };
    add(contents.parameters, parameter.name);
    for (const char* slot : kSlots) add(contents.optimizer, parameter.name + "." + slot);
  }
  ASSERT_TRUE(write(folder.path(), contents, 1));
  const auto reader = Reader::open(folder / "step-3");
  ASSERT_TRUE(reader);
  for (const OddLayout& layout : odd_layouts(kMostRanks)) {
    for (const parallel::RankShare& share : layout.shares()) {
      Request request = request_of(share, 3);
      ASSERT_TRUE(reader->read(request.wanted));
      ASSERT_TRUE(request.memory == request.expected) << layout.text();
    }
  }
  // And the other way round: what ranks wrote is one model to whoever asks for all of it.
  const OddLayout layout{{2, 2, 2}, parallel::Shard::parameters};
  save(folder.path(), layout, 4);
  const auto loaded = load_newest(folder.path());
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ(loaded->contents.state.step, 4);
  EXPECT_EQ(loaded->contents.parameters.size(), contents.parameters.size());
  EXPECT_EQ(loaded->contents.optimizer.size(), contents.optimizer.size());
  for (const Array& array : loaded->contents.optimizer) {
    const auto bits = numbers_of(array.name, volume(array.shape), 4);
    EXPECT_TRUE(std::equal(bits.begin(), bits.end(), reinterpret_cast<const std::uint32_t*>(array.values.data())))
        << array.name;
  }
}

TEST(Layouts, ResidualsComeBackInTheSameLayoutAndBeginAnewInAnother) {
  TemporaryFolder folder;
  const OddLayout layout{{2, 1, 1}, parallel::Shard::optimizer};
  save(folder.path(), layout, 3);
  const auto reader = Reader::open(folder / "step-3");
  ASSERT_TRUE(reader);
  std::vector<std::byte> memory(20, std::byte{0xEE});
  const auto read = [&](const std::string& key) {
    return reader->read(std::vector{Wanted{Section::residual, residual_name("qkv", key), "F32", {{0}, {5}}, memory}});
  };
  const std::string own = layout.text() + "/1";
  EXPECT_TRUE(read(own)->fresh.empty());
  EXPECT_EQ(memory, part_of(numbers_of(residual_name("qkv", own), 5, 3), {5}, {{0}, {5}}));
  const auto other = read("data=3/1");
  ASSERT_TRUE(other);
  EXPECT_THAT(other->fresh, testing::ElementsAre("qkv@data=3/1"));
  EXPECT_EQ(memory, std::vector<std::byte>(20));
}

}  // namespace
}  // namespace athanor::checkpoint
