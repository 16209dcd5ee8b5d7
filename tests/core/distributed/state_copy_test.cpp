#include "core/distributed/state_copy.h"

#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>

#include <vector>

namespace athanor::distributed {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

class StateCopies : public testing::Test {
 protected:
  StateCopies() {
    weight_ = context_.upload(std::vector<float>{1, 2, 3, 4}, Shape{2, 2});
    moment_ = context_.upload_as(DType::bf16, std::vector<float>{5, 6}, Shape{2});
  }
  [[nodiscard]] std::vector<train::Held> held() const {
    return {{checkpoint::Section::model, "weight", {4, 2}, {{2, 0}, {2, 2}}, weight_},
            {checkpoint::Section::optimizer, "weight.moment", {2}, {{0}, {2}}, moment_}};
  }
  void learn(float by) {
    std::vector<float> numbers = context_.download(weight_);
    for (float& number : numbers) number += by;
    context_.write(weight_, numbers);
  }

  testing_support::TemporaryFolder own_;
  Context context_{{.threads = 1}};
  Tensor weight_, moment_;
};

TEST_F(StateCopies, BringBackEitherOfTheLastTwoStepsInAnotherProcess) {
  {
    StateCopy copy(own_ / "state", held());
    EXPECT_THAT(copy.steps(), ElementsAre(StateCopy::kNone, StateCopy::kNone));
    for (int step = 0; step < 4; ++step) {
      EXPECT_TRUE(copy.keep(context_, step, "after " + std::to_string(step)));
      learn(1);
    }
  }
  StateCopy copy(own_ / "state", held());
  EXPECT_THAT(copy.steps(), UnorderedElementsAre(2, 3));
  context_.write(moment_, std::vector<float>{0, 0});
  EXPECT_EQ(copy.bring_back(context_, 3), "after 3");
  EXPECT_THAT(context_.download(weight_), ElementsAre(4, 5, 6, 7));
  EXPECT_EQ(copy.bring_back(context_, 2), "after 2");
  EXPECT_THAT(context_.download(weight_), ElementsAre(3, 4, 5, 6));
  EXPECT_THAT(context_.download(moment_), ElementsAre(5, 6));
}

TEST_F(StateCopies, ForgetLaterStepsThanOneThatIsKeptAgain) {
  StateCopy copy(own_ / "state", held());
  for (const int step : {7, 8, 3}) EXPECT_TRUE(copy.keep(context_, step, ""));
  EXPECT_THAT(copy.steps(), UnorderedElementsAre(3, StateCopy::kNone));
  copy.forget();
  EXPECT_THAT(copy.steps(), ElementsAre(StateCopy::kNone, StateCopy::kNone));
}

TEST_F(StateCopies, OfOtherBoxesAreNotTakenOver) {
  EXPECT_TRUE(StateCopy(own_ / "state", held()).keep(context_, 5, ""));
  std::vector<train::Held> moved = held();
  moved[0].box.offset[0] = 0;
  EXPECT_THAT(StateCopy(own_ / "state", moved).steps(), ElementsAre(StateCopy::kNone, StateCopy::kNone));
  EXPECT_TRUE(StateCopy(own_ / "state", held()).keep(context_, 5, ""));
  EXPECT_THAT(StateCopy(own_ / "state", {held()[0]}).steps(), ElementsAre(StateCopy::kNone, StateCopy::kNone));
}

TEST_F(StateCopies, OfNoStepAreLeftWhereATextHasNoRoom) {
  StateCopy copy(own_ / "state", held());
  EXPECT_TRUE(copy.keep(context_, 1, ""));
  EXPECT_FALSE(copy.keep(context_, 2, std::string(static_cast<std::size_t>(StateCopy::kTextRoom) + 1, 'x')));
  EXPECT_THAT(copy.steps(), ElementsAre(StateCopy::kNone, StateCopy::kNone));
}

TEST_F(StateCopies, ThatWereNotFinishedDoNotCount) {
  StateCopy copy(own_ / "state", held());
  EXPECT_TRUE(copy.keep(context_, 1, ""));
  EXPECT_TRUE(copy.keep(context_, 2, ""));
  std::vector<train::Held> broken = held();
  broken[1].tensor = context_.upload(std::vector<std::int32_t>{5, 6}, Shape{2});  // where copying ends by a fault
  EXPECT_THROW((void)StateCopy(own_ / "state", broken).keep(context_, 3, ""), Failure);
  EXPECT_THAT(copy.steps(), UnorderedElementsAre(2, StateCopy::kNone));
}

TEST_F(StateCopies, LaterThanTheStepThatWasBroughtBackAreForgotten) {
  StateCopy copy(own_ / "state", held());
  EXPECT_TRUE(copy.keep(context_, 4, "four"));
  EXPECT_TRUE(copy.keep(context_, 5, "five"));
  EXPECT_EQ(copy.bring_back(context_, 4), "four");
  EXPECT_THAT(copy.steps(), UnorderedElementsAre(4, StateCopy::kNone));
}

TEST_F(StateCopies, ThatHaveNoPlaceAreRefused) { EXPECT_THROW(StateCopy(own_ / "missing/state", held()), Failure); }

TEST_F(StateCopies, TakeTheMemoryThatIsPredicted) {
  const StateCopy copy(own_ / "state", held());
  EXPECT_EQ(StateCopy::bytes_for(6), static_cast<std::int64_t>(std::filesystem::file_size(own_ / "state")));
}

TEST(LastCommon, IsTheLastStepThatAllRanksHave) {
  const auto last = [](std::vector<std::int64_t> all) { return last_common(all); };
  EXPECT_EQ(last({6, 7, 7, 6}), 7);
  EXPECT_EQ(last({6, 7, 7, 8}), 7);
  EXPECT_EQ(last({6, 7, 7, 8, 6, -1}), StateCopy::kNone);
  EXPECT_EQ(last({0, -1, -1, 0}), 0);
  EXPECT_EQ(last({-1, -1, 3, 4}), StateCopy::kNone);
}

}  // namespace
}  // namespace athanor::distributed
