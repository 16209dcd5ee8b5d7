// One judgement for check, plan and train: whatever a run would refuse at its beginning, said at once and before it.
#include "core/base/files.h"
#include "core/recipe/prediction.h"
#include "tests/core/runner/run_program.h"
#include "tests/core/runner/tiny_encoder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::TemporaryFolder;

const std::string kSmoke = std::string(ATH_SOURCE_DIR) + "/experiments/smoke.toml";

// Without the time of the day.
std::string said_by(const Outcome& outcome) {
  const auto error = outcome.err.find("error: ");
  return error == std::string::npos ? outcome.err : outcome.err.substr(error);
}

class Judgement : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!has_data()) return;
    kept_ = new TemporaryFolder;
    EXPECT_EQ(run_program(train_arguments(parent())).status, 0);
  }
  static void TearDownTestSuite() { delete kept_; }
  void SetUp() override { ATH_NEEDS_DATA(); }
  static fs::path parent() { return kept_->path() / "parent"; }

  // What check says; train and plan say the same, and nothing is made.
  std::string refusal_of(const std::vector<std::string>& words, int status = 2) const {
    const auto with = [&](std::vector<std::string> before) {
      before.insert(before.end(), words.begin(), words.end());
      return run_program(before);
    };
    const Outcome checked = with({"check"});
    EXPECT_EQ(checked.status, status) << checked.err;
    const Outcome planned = with({"plan", "--quick"});
    EXPECT_EQ(planned.status, status);
    EXPECT_EQ(said_by(planned), said_by(checked));
    const Outcome trained = with({"train", "--run-dir", folder_ / "run"});
    EXPECT_EQ(trained.status, status);
    EXPECT_EQ(said_by(trained), said_by(checked));
    EXPECT_FALSE(fs::exists(folder_ / "run"));
    return checked.err;
  }
  std::string refusal_of_recipe(const std::string& toml, int status = 2) const {
    EXPECT_TRUE(write_file_flushed(folder_ / "a.toml", toml));
    return refusal_of({folder_ / "a.toml"}, status);
  }
  // "<file>:<line>: <field>: "
  std::string at(int line, const char* field) const {
    return fmt::format("{}:{}: {}: ", (folder_ / "a.toml").string(), line, field);
  }

  TemporaryFolder folder_;

 private:
  static inline TemporaryFolder* kept_ = nullptr;
};

TEST_F(Judgement, FindsWhatOnlyTheModelCanTell) {
  EXPECT_EQ(refusal_of_recipe("[train]\nrates = \"foo=0.1\"\n"),
            at(2, "train.rates") +
                "no parameter of the model lies at foo; write rules as text_tower=0.1, image_tower.stem=0.5\n");
  EXPECT_THAT(refusal_of_recipe("[train]\nrates = \"text_tower\"\n"), HasSubstr(at(2, "train.rates")));
  EXPECT_THAT(refusal_of_recipe("[finetune]\nfreeze = [\"text_towr\"]\n"), HasSubstr(at(2, "finetune.freeze")));
}

TEST_F(Judgement, NamesEveryPatternThatMatchesNothing) {
  EXPECT_THAT(refusal_of_recipe("[train]\nrates = \"foo=0.1, text_tower=2, bar=0.5\"\n"
                                "[finetune]\nfreeze = [\"text_towr\", \"image_tower.stem\", \"image_towr\"]\n"),
              AllOf(HasSubstr("no parameter of the model lies at foo, bar;"),
                    HasSubstr("\"text_towr\" matches no parameter, \"image_towr\" matches no parameter; "
                              "perhaps text_tower or image_tower is meant")));
}

TEST_F(Judgement, FindsARunThatCannotBeRepeated) {
  const auto replay = [&](const fs::path& run) {
    return fmt::format("[precision]\npolicy = \"dynamic\"\nreplay = \"{}\"\n", run.string());
  };
  EXPECT_THAT(refusal_of_recipe(replay(folder_ / "nothing")),
              AllOf(HasSubstr(at(3, "precision.replay")), HasSubstr("there is no such folder")));
  fs::create_directory(folder_ / "queued");
  fs::copy(parent() / "recipe.toml", folder_ / "queued");
  EXPECT_THAT(refusal_of_recipe(replay(folder_ / "queued")), HasSubstr("there is no journal yet"));
  fs::copy(parent(), folder_ / "damaged", fs::copy_options::recursive);
  std::string bytes = bytes_of(folder_ / "damaged/journal-0.athj");
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(write_file_flushed(folder_ / "damaged/journal-0.athj", bytes));
  EXPECT_THAT(refusal_of_recipe(replay(folder_ / "damaged"), 4), HasSubstr("its journal is damaged at byte "));
  EXPECT_THAT(refusal_of_recipe(replay(parent())), HasSubstr("its policy was fp32, which makes no choices"));
  EXPECT_THAT(refusal_of_recipe("[precision]\nreplay = \"anything\"\n"),
              AllOf(HasSubstr(at(2, "precision.replay")), HasSubstr("needs precision.policy = \"dynamic\"")));
}

TEST_F(Judgement, SaysEverythingBesideEachOther) {
  const std::string said = refusal_of_recipe(
      "[data]\n"
      "dataset = \"paintings\"\n"
      "[train]\n"
      "steps = 0\n"
      "rates = \"foo=0.1\"\n"
      "[finetune]\n"
      "freeze = [\"nowhere\"]\n"
      "lora_rank = 2\n"
      "lora_targets = [\"everywhere\"]\n"
      "[precision]\n"
      "policy = \"dynamic\"\n"
      "replay = \"/nowhere\"\n");
  for (const auto& [line, field] :
       {std::pair{2, "data.dataset"}, std::pair{4, "train.steps"}, std::pair{5, "train.rates"},
        std::pair{7, "finetune.freeze"}, std::pair{9, "finetune.lora_targets"}, std::pair{12, "precision.replay"}}) {
    EXPECT_THAT(said, HasSubstr(at(line, field)));
  }
  EXPECT_EQ(std::ranges::count(said, '\n'), 6) << said;
}

TEST_F(Judgement, BlamesNoPatternForAFaultOfAnotherField) {
  const std::string adapters = refusal_of_recipe(
      "[train]\nrates = \"*.lora_b=16\"\n[finetune]\nlora_rank = 2\nlora_targets = [\"everywhere\"]\n");
  EXPECT_THAT(adapters, AllOf(HasSubstr("finetune.lora_targets"), Not(HasSubstr("train.rates"))));
  const std::string depth =
      refusal_of_recipe("[model]\nimage_depth = \"deep\"\n[finetune]\nfreeze = [\"image_tower.blocks.7\"]\n");
  EXPECT_THAT(depth, AllOf(HasSubstr("model.image_depth"), Not(HasSubstr("finetune.freeze"))));
}

TEST_F(Judgement, SaysThatADataSetIsDamagedBesideOtherFaults) {
  Launch launch;
  launch.home = empty_home(folder_);
  fs::create_directory(launch.home / "datasets");
  fs::copy(shared_home() / "datasets/emoji", launch.home / "datasets/emoji", fs::copy_options::recursive);
  ASSERT_TRUE(write_file_flushed(launch.home / "datasets/emoji/concepts.jsonl", "{}\n"));
  launch.arguments = {"check", "-"};
  launch.input = "[train]\nsteps = 400\n";
  EXPECT_EQ(launch_program(launch).status, 4);
  launch.input = "[train]\nsteps = 0\n";
  const Outcome both = launch_program(launch);
  EXPECT_EQ(both.status, 2);
  EXPECT_THAT(both.err, AllOf(HasSubstr("recipe: data.dataset: concepts.jsonl does not match its digest"),
                              HasSubstr("recipe:2: train.steps: ")));
}

TEST_F(Judgement, SaysThatADeviceIsMissingBesideOtherFaults) {
  const auto facts = nlohmann::json::parse(run_program({"doctor", "--json"}).out);
  if (!facts["gpus"].empty()) GTEST_SKIP() << "this machine has a GPU that works";
  (void)refusal_of_recipe("[train]\ndevice = \"cuda\"\n", 3);
  EXPECT_THAT(refusal_of_recipe("[train]\ndevice = \"cuda\"\nsteps = 0\n"),
              AllOf(HasSubstr(at(2, "train.device")), HasSubstr(at(3, "train.steps"))));
}

TEST_F(Judgement, FindsATokenizerThatKnowsMoreWordsThanTheEncoder) {
  write_tiny_encoder(folder_ / "encoder");
  ASSERT_TRUE(write_file_flushed(folder_ / "encoder/vocab.txt", tiny_vocabulary() + "more\n"));
  EXPECT_THAT(refusal_of({kSmoke, "--set", "model.text_tower=" + (folder_ / "encoder").string()}),
              HasSubstr("model.text_tower: the tokenizer knows "));
}

TEST_F(Judgement, OfAForkHoldsTheRecipeAgainstTheRunThatIsForked) {
  const auto fork = [&](const std::string& step, std::vector<std::string> settings) {
    std::vector<std::string> words = {(parent() / "recipe.toml").string(), "--fork", step, "--from", parent().string()};
    for (const std::string& setting : settings) words.insert(words.end(), {"--set", setting});
    return words;
  };
  EXPECT_THAT(refusal_of(fork("20", {"model.image_width=32", "train.rates=foo=1", "train.steps=15"})),
              AllOf(HasSubstr("model.image_width: must be 16, as in the run that is forked"),
                    HasSubstr("train.rates: "), HasSubstr("train.steps: must be at least 20")));
  EXPECT_THAT(refusal_of(fork("17", {})), HasSubstr("The run has steps 10, 20, 30"));
  fs::copy(parent(), folder_ / "torn", fs::copy_options::recursive);
  fs::resize_file(folder_ / "torn/checkpoints/step-20/model.safetensors", 100);
  EXPECT_THAT(refusal_of({kSmoke, "--fork", "20", "--from", folder_ / "torn"}, 4),
              HasSubstr("model.safetensors has 100 bytes"));
  fs::copy(parent(), folder_ / "flipped", fs::copy_options::recursive);
  std::string bytes = bytes_of(folder_ / "flipped/checkpoints/step-20/model.safetensors");
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(write_file_flushed(folder_ / "flipped/checkpoints/step-20/model.safetensors", bytes));
  EXPECT_THAT(refusal_of({kSmoke, "--fork", "20", "--from", folder_ / "flipped"}, 4),
              HasSubstr("the digest of model.safetensors does not match"));
  EXPECT_THAT(refusal_of({kSmoke, "--fork", "20", "--from", folder_ / "nothing"}),
              HasSubstr("there is no such folder"));
  Launch launch;
  launch.arguments = {"plan", "-", "--fork", "20", "--from", parent().string()};
  launch.input = "[data]\nimage_px = 64\n";
  EXPECT_THAT(launch_program(launch).err, HasSubstr("recipe:2: data.image_px: must be 16, as in the run"));
}

TEST_F(Judgement, AForkWhoseRunIsNotNamedIsToldHowToNameIt) {
  EXPECT_EQ(
      refusal_of({kSmoke, "--fork", "20"}).substr(9),
      fmt::format("error: Could not fork a run at step 20: no run is named, and {} is the recipe of none. Name it "
                  "with --from: its folder, its name, or its number as athanor-agent list shows it.\n",
                  kSmoke));
  EXPECT_THAT(refusal_of({kSmoke, "--fork", "20", "--set", "data.image_px=7"}),
              AllOf(HasSubstr("data.image_px: "), HasSubstr("no run is named")));
  Launch launch;
  launch.arguments = {"check", "-", "--fork", "20"};
  EXPECT_THAT(launch_program(launch).err, HasSubstr("no run is named, and recipe is the recipe of none"));
}

TEST_F(Judgement, AForkIsPlannedFromItsStepOn) {
  const std::string recipe = (parent() / "recipe.toml").string();
  const auto plan = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"plan", recipe, "--json", "--set", "train.steps=4000"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run_program(words);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return value_or_throw(recipe::prediction_from_json(outcome.out));
  };
  ASSERT_EQ(run_program({"plan", recipe}).status, 0);
  const auto whole = plan({"--quick"}), fork = plan({"--quick", "--fork", "30"});
  EXPECT_EQ(whole.steps, 4000);
  EXPECT_EQ(fork.steps, 3970);
  EXPECT_LT(fork.seconds_to_finish, whole.seconds_to_finish);
}

}  // namespace
}  // namespace athanor::runner
