#include "core/base/box.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace athanor {
namespace {

using Dims = std::vector<std::int64_t>;

// Where the elements of a box lie in the row-major order of an array, in the box's own order.
std::vector<std::int64_t> elements(const Box& box, const Dims& shape) {
  std::vector<std::int64_t> out;
  for (BoxRuns runs(box, whole_box(shape), box); !runs.done(); runs.next()) {
    EXPECT_EQ(runs.in_target(), static_cast<std::int64_t>(out.size()));
    for (std::int64_t i = 0; i < runs.length(); ++i) out.push_back(runs.in_outer() + i);
  }
  return out;
}

TEST(Box, EveryRangeOfAnArrayIsFewBoxesThatHoldItsElementsInOrder) {
  for (const Dims& shape : {Dims{}, Dims{7}, Dims{3, 5}, Dims{1, 5}, Dims{3, 2, 5}, Dims{2, 3, 1, 4}, Dims{4, 1}}) {
    const std::int64_t count = volume(shape);
    const std::size_t most = shape.empty() ? 1 : 2 * shape.size() - 1;
    for (std::int64_t begin = 0; begin <= count; ++begin) {
      for (std::int64_t end = begin; end <= count; ++end) {
        const std::vector<Box> boxes = boxes_of_range(shape, begin, end);
        EXPECT_LE(boxes.size(), most);
        std::vector<std::int64_t> held, wanted(static_cast<std::size_t>(end - begin));
        std::iota(wanted.begin(), wanted.end(), begin);
        for (const Box& box : boxes) {
          EXPECT_TRUE(fits(box, shape)) << to_text(box);
          EXPECT_GT(volume(box.extent), 0);
          for (const std::int64_t element : elements(box, shape)) held.push_back(element);
        }
        EXPECT_EQ(held, wanted) << begin << " to " << end;
      }
    }
  }
}

TEST(Box, IntersectionIsWhatBothHold) {
  const Box a{{0, 2}, {3, 4}}, b{{2, 0}, {5, 3}};
  EXPECT_EQ(intersection(a, b), (Box{{2, 2}, {1, 1}}));
  EXPECT_EQ(intersection(a, Box{{3, 0}, {1, 9}}), std::nullopt);
  EXPECT_EQ(intersection(Box{}, Box{}), Box{});
}

TEST(Box, RunsJoinWhateverLiesSideBySideInBoth) {
  const Box whole = whole_box(Dims{4, 3, 5});
  BoxRuns one(Box{{1, 0, 0}, {2, 3, 5}}, whole, Box{{1, 0, 0}, {2, 3, 5}});
  EXPECT_EQ(one.in_outer(), 15);
  EXPECT_EQ(one.in_target(), 0);
  EXPECT_EQ(one.length(), 30);
  one.next();
  EXPECT_TRUE(one.done());
  // Rows that are whole here and part of wider ones there stay apart.
  std::vector<std::int64_t> here, there;
  for (BoxRuns runs(Box{{1, 1, 0}, {1, 2, 2}}, whole, Box{{1, 1, 0}, {1, 2, 2}}); !runs.done(); runs.next()) {
    EXPECT_EQ(runs.length(), 2);
    here.push_back(runs.in_outer());
    there.push_back(runs.in_target());
  }
  EXPECT_THAT(here, testing::ElementsAre(20, 25));
  EXPECT_THAT(there, testing::ElementsAre(0, 2));
}

TEST(Box, OneThatReachesOutOfTheArrayDoesNotFit) {
  EXPECT_TRUE(fits(Box{{1, 0}, {2, 3}}, Dims{3, 3}));
  EXPECT_FALSE(fits(Box{{2, 0}, {2, 3}}, Dims{3, 3}));
  EXPECT_FALSE(fits(Box{{-1, 0}, {2, 3}}, Dims{3, 3}));
  EXPECT_FALSE(fits(Box{{1}, {2}}, Dims{3, 3}));
  EXPECT_FALSE(fits(Box{{INT64_MAX, 0}, {2, 3}}, Dims{3, 3}));
}

}  // namespace
}  // namespace athanor
