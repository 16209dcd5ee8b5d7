// What a plan says, of the program as a person would run it, and what is known of this machine.
#include "core/assembly/calibration.h"
#include "core/base/files.h"
#include "core/recipe/prediction.h"
#include "tests/core/runner/run_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::TemporaryFolder;

const std::string kStarter = std::string(ATH_SOURCE_DIR) + "/experiments/starter.toml";
const std::string kSmoke = std::string(ATH_SOURCE_DIR) + "/experiments/smoke.toml";

TEST(Plan, PredictsMemoryThatTheRunThenNeeds) {
  ATH_NEEDS_DATA();
  TemporaryFolder folder;
  const Outcome planned = run_program({"plan", kSmoke, "--json"});
  ASSERT_EQ(planned.status, 0) << planned.err;
  const auto prediction = recipe::prediction_from_json(planned.out);
  ASSERT_TRUE(prediction);
  EXPECT_GT(prediction->parameters, 1000);
  EXPECT_GT(prediction->steps_per_second, 0);
  std::int64_t sum = 0;
  for (const recipe::MemoryShare& share : prediction->memory) sum += share.bytes;
  EXPECT_EQ(sum, prediction->peak_memory_bytes);

  ASSERT_EQ(run_program({"train", kSmoke, "--run-dir", folder / "run"}).status, 0);
  const auto checked = events_of_kind<journal::PredictionChecked>(folder / "run");
  ASSERT_EQ(checked.size(), 2U);  // after ten steps and at the end
  EXPECT_EQ(checked[0].step, 10);
  EXPECT_EQ(checked[1].step, 60);
  const auto measured = static_cast<double>(checked[1].measured_peak_bytes);
  EXPECT_NEAR(static_cast<double>(prediction->peak_memory_bytes), measured, 0.10 * measured);
  EXPECT_GT(checked[1].measured_seconds_to_finish, 0);
}

TEST(Plan, CountsTheCopiesOfCheckpointsThatAreBeingWritten) {
  ATH_NEEDS_DATA();
  const auto copies = [](const std::string& every) {
    const Outcome outcome =
        run_program({"plan", kSmoke, "--quick", "--json", "--set", "checkpoint.every_steps=" + every});
    const auto prediction = recipe::prediction_from_json(outcome.out);
    EXPECT_TRUE(prediction) << outcome.err;
    for (const recipe::MemoryShare& share : prediction->memory)
      if (share.owner == "checkpoint")
        return static_cast<double>(share.bytes) / static_cast<double>(prediction->checkpoint_bytes);
    return 0.0;
  };
  EXPECT_EQ(copies("0"), 1);  // at the end only
  EXPECT_EQ(copies("10"), 2);
}

TEST(Plan, OfAnotherShapeIsScaledFromWhatIsKnown) {
  ATH_NEEDS_DATA();
  ASSERT_EQ(run_program({"plan", kSmoke}).status, 0);
  const Outcome outcome = run_program({"plan", kSmoke, "--quick", "--json", "--set", "data.batch_size=48"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto prediction = recipe::prediction_from_json(outcome.out);
  ASSERT_TRUE(prediction);
  EXPECT_THAT(prediction->notes[0].text, HasSubstr("Scaled"));
  EXPECT_EQ(prediction->notes[0].topic, recipe::Topic::time);
  EXPECT_GT(prediction->seconds_to_finish, 0);
}

TEST(Plan, OfAShapeWithNothingLikeItIsMeasuredWhereThatIsCheap) {
  ATH_NEEDS_DATA();
  TemporaryFolder folder;
  const auto note_of = [home = empty_home(folder)](std::vector<std::string> arguments) {
    std::error_code there_already;
    fs::create_directory_symlink(shared_home() / "datasets", home / "datasets", there_already);
    Launch launch;
    launch.home = home;
    launch.arguments = {"plan", "--json"};
    launch.arguments.insert(launch.arguments.end(), arguments.begin(), arguments.end());
    const Outcome outcome = launch_program(launch);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    const auto prediction = recipe::prediction_from_json(outcome.out);
    EXPECT_TRUE(prediction);
    return prediction ? prediction->notes.front().text : std::string();
  };
  EXPECT_THAT(note_of({kSmoke}), HasSubstr("Measured just now"));
  EXPECT_THAT(note_of({kStarter, "--quick"}), HasSubstr("Measured just now"));
  EXPECT_THAT(note_of({kStarter, "--quick"}), HasSubstr("As measured"));
  EXPECT_THAT(note_of({kStarter, "--quick", "--set", "data.batch_size=96"}), HasSubstr("Scaled from shapes like"));
  EXPECT_THAT(note_of({kStarter, "--quick", "--set", "model.image_width=4096", "--set", "model.image_depth=24"}),
              HasSubstr("Scaled from much smaller shapes"));
}

TEST(Plan, OneRunOnABusyMachineSpoilsLittleOfWhatIsKnown) {
  const ShapeTimes quiet{.step_s = 0.05,
                         .evaluate_s_per_picture = 0.001,
                         .start_s = 1,
                         .checkpoint_s = 0.1,
                         .program_bytes = 0,
                         .measured_at = 0};
  const ShapeTimes busy{.step_s = 0.2,
                        .evaluate_s_per_picture = 0.004,
                        .start_s = 4,
                        .checkpoint_s = 0.4,
                        .program_bytes = 0,
                        .measured_at = 0};
  const ShapeTimes after = learnt(quiet, busy);
  EXPECT_GT(after.step_s, quiet.step_s);
  EXPECT_LT(after.step_s, 1.6 * quiet.step_s);
  EXPECT_EQ(learnt(after, quiet).step_s, quiet.step_s);
  ShapeTimes slower_for_good = quiet;
  for (int run = 0; run < 10; ++run) slower_for_good = learnt(slower_for_good, busy);
  EXPECT_NEAR(slower_for_good.step_s, busy.step_s, 0.05 * busy.step_s);
  EXPECT_EQ(learnt({}, busy).start_s, busy.start_s);
}

TEST(Plan, ADamagedCalibrationCountsAsNone) {
  ATH_NEEDS_DATA();
  TemporaryFolder folder;
  Launch launch;
  launch.home = empty_home(folder);
  fs::create_directory_symlink(shared_home() / "datasets", launch.home / "datasets");
  ASSERT_TRUE(write_file_flushed(launch.home / "calibration.json", R"({"format": "three", "machines": {}})"));
  launch.arguments = {"plan", kSmoke};
  const Outcome outcome = launch_program(launch);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
}

}  // namespace
}  // namespace athanor::runner
