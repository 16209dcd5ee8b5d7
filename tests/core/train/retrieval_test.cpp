#include "core/eval/retrieval.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace athanor::eval {
namespace {

using testing::ElementsAre;
using Ids = std::vector<std::int32_t>;
using Scores = std::vector<float>;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

TEST(Ranks, CountHowManyWrongAnswersAreNotWorse) {
  const Scores scores = {0.9F, 0.1F, 0.2F,   // right answer best
                         0.5F, 0.4F, 0.6F};  // right answer last
  EXPECT_THAT(ranks(scores, Ids{0, 1}, Ids{0, 1, 2}), ElementsAre(1, 3));
}

TEST(Ranks, TiesCountAgainstTheModel) {
  const Scores constant(9, 0.25F);
  EXPECT_THAT(ranks(constant, Ids{0, 1, 2}, Ids{0, 1, 2}), ElementsAre(3, 3, 3));
}

TEST(Ranks, NonFiniteScoresCountAgainstTheModel) {
  EXPECT_THAT(ranks(Scores{kNan, 0.1F, 0.2F}, Ids{0}, Ids{0, 1, 2}), ElementsAre(3));
  EXPECT_THAT(ranks(Scores{kInf, 0.1F, 0.2F}, Ids{0}, Ids{0, 1, 2}), ElementsAre(3));
  EXPECT_THAT(ranks(Scores{0.9F, kNan, 0.2F}, Ids{0}, Ids{0, 1, 2}), ElementsAre(2));
  EXPECT_THAT(ranks(Scores{0.9F, -kInf, kInf}, Ids{0}, Ids{0, 1, 2}), ElementsAre(3));
}

TEST(Ranks, TheBestOfSeveralRightAnswersCounts) {
  EXPECT_THAT(ranks(Scores{0.1F, 0.9F, 0.5F, 0.95F}, Ids{4}, Ids{4, 4, 5, 6}), ElementsAre(2));
}

TEST(Ranks, AQueryWithoutRightAnswerIsLast) {
  EXPECT_THAT(ranks(Scores{0.1F, 0.2F}, Ids{9}, Ids{0, 1}), ElementsAre(3));
}

TEST(Summary, OfKnownRanks) {
  const std::vector<std::int64_t> known = {1, 2, 5, 10, 100, 1};
  const RetrievalFigures figures = summarise(known);
  EXPECT_DOUBLE_EQ(figures.recall_at_1, 2.0 / 6);
  EXPECT_DOUBLE_EQ(figures.recall_at_5, 4.0 / 6);
  EXPECT_DOUBLE_EQ(figures.recall_at_10, 5.0 / 6);
  EXPECT_DOUBLE_EQ(figures.median_rank, 5);
  EXPECT_NEAR(figures.mean_reciprocal_rank, (1 + 0.5 + 0.2 + 0.1 + 0.01 + 1) / 6, 1e-12);
  EXPECT_EQ(summarise({}).recall_at_10, 0);
}

TEST(Summary, NamesCarryTheDirection) {
  EXPECT_EQ(named({}, "t2i")[0].first, "t2i_r1");
  EXPECT_EQ(named({}, "i2t")[2].first, "i2t_r10");
}

TEST(Best, AreInOrderWithBrokenScoresLast) {
  EXPECT_THAT(best(Scores{0.1F, kNan, 0.9F, 0.5F, 0.9F}, 3), ElementsAre(2, 4, 3));
  EXPECT_THAT(best(Scores{kNan, 0.1F}, 5), ElementsAre(1, 0));
}

}  // namespace
}  // namespace athanor::eval
