#include "core/base/files.h"
#include "core/recipe/recipe.h"
#include "tests/core/runner/run_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing_support::TemporaryFolder;

const std::string kStarter = std::string(ATH_SOURCE_DIR) + "/experiments/starter.toml";
const std::string kSmoke = std::string(ATH_SOURCE_DIR) + "/experiments/smoke.toml";

TEST(CommandLine, HelpIsNoFaultAndNonsenseIs) {
  EXPECT_EQ(run_program({"--help"}).status, 0);
  EXPECT_EQ(run_program({"train", "--help"}).status, 0);
  EXPECT_EQ(run_program({}).status, 2);
  EXPECT_EQ(run_program({"dance"}).status, 2);
  EXPECT_EQ(run_program({"plan", "--no-such-option"}).status, 2);
}

TEST(CommandLine, EveryFaultOfARecipeIsSaidAtOnceAndNothingIsMade) {
  TemporaryFolder folder;
  ASSERT_TRUE(write_file_flushed(folder / "bad.toml", "[train]\nsteps = 0\nstepz = 1\n[model]\ndropout = \"much\"\n"));
  const Outcome outcome =
      run_program({"train", folder / "bad.toml", "--run-dir", folder / "run", "--set", "run.sed=1"});
  EXPECT_EQ(outcome.status, 2);
  const std::string file = folder / "bad.toml";
  EXPECT_EQ(outcome.err, file + ": run.sed: unknown key; did you mean run.seed?\n" + file +
                             ":2: train.steps: must be between 1 and 100000000, not 0\n" + file +
                             ":3: train.stepz: unknown key; did you mean train.steps?\n" + file +
                             ":5: model.dropout: must be a number, not text\n");
  EXPECT_FALSE(fs::exists(folder.path() / "run"));
}

TEST(CommandLine, FaultsAreJsonWhenAskedFor) {
  Launch launch;
  launch.arguments = {"plan", "-", "--json"};
  launch.input = "[train]\nsteps = 0\n";
  const Outcome outcome = launch_program(launch);
  EXPECT_EQ(outcome.status, 2);
  const json faults = json::parse(outcome.out).at("faults");
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0]["field"], "train.steps");
  EXPECT_EQ(faults[0]["line"], 2);
}

TEST(CommandLine, AMissingRecipeIsAnInputError) {
  const Outcome outcome = run_program({"train", "/nowhere/x.toml"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("/nowhere/x.toml"));
}

TEST(CommandLine, AMissingDataSetIsAFaultOfTheRecipeWithTheCommandThatMakesIt) {
  TemporaryFolder folder;
  Launch launch;
  launch.arguments = {"train", kSmoke, "--run-dir", folder / "run"};
  launch.home = empty_home(folder);
  const Outcome outcome = launch_program(launch);
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("data.dataset: "));
  EXPECT_THAT(outcome.err, HasSubstr("athanor-run prepare emoji"));
  EXPECT_FALSE(fs::exists(folder.path() / "run"));
}

TEST(CommandLine, PrepareWithoutSourcesNamesWhatFetchesThem) {
  TemporaryFolder folder;
  Launch launch;
  launch.arguments = {"prepare", "emoji"};
  launch.home = empty_home(folder);
  const Outcome outcome = launch_program(launch);
  EXPECT_NE(outcome.status, 0);
  EXPECT_THAT(outcome.err, HasSubstr("fetch-starter-data"));
  EXPECT_EQ(run_program({"prepare", "paintings"}).status, 2);
}

TEST(CommandLine, ABatchLargerThanTheTrainingSetIsAFault) {
  ATH_NEEDS_DATA();
  const Outcome outcome = run_program({"plan", kSmoke, "--set", "data.batch_size=4000"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("data.batch_size: must not exceed the "));
}

TEST(CommandLine, AGpuThatIsNotThereIsUnavailable) {
  ATH_NEEDS_DATA();
  const json facts = json::parse(run_program({"doctor", "--json"}).out);
  if (!facts["gpus"].empty()) GTEST_SKIP() << "this machine has a GPU that works";
  TemporaryFolder folder;
  const Outcome outcome = run_program(train_arguments(folder / "run", {"--set", "train.device=cuda"}));
  EXPECT_EQ(outcome.status, 3);
  EXPECT_FALSE(fs::exists(folder.path() / "run"));
}

TEST(CommandLine, DoctorNamesMachineAndDataSetsWithDigests) {
  ATH_NEEDS_DATA();
  const Outcome outcome = run_program({"doctor", "--json"});
  EXPECT_EQ(outcome.status, 0);
  const json facts = json::parse(outcome.out);
  EXPECT_GE(facts["machine"]["cores"], 1);
  EXPECT_EQ(facts["data_sets"][0]["name"], "emoji");
  EXPECT_EQ(facts["data_sets"][0]["digest"].get<std::string>().size(), 64U);
  EXPECT_EQ(facts["agent"]["running"], false);
}

TEST(CommandLine, DoctorHoldsGradientsInTheFormatsOfTheRecipe) {
  ATH_NEEDS_DATA();
  for (const char* policy : {"bf16", "fp16", "fp8-current"}) {
    const Outcome outcome = run_program(
        {"doctor", "--gradients", kSmoke, "--set", std::string("precision.policy=") + policy, "--set",
         std::string("precision.master=") + (std::string_view(policy) == "fp16" ? "fp32" : "bf16_kahan"), "--json"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    const json report = json::parse(outcome.out);
    EXPECT_THAT(report["formats"].get<std::string>(), HasSubstr(policy));
    EXPECT_EQ(report["wrong"], 0) << report["parameters"][0].dump();
    EXPECT_LT(report["unclear"], 8);
  }
}

// It takes fewer pairs than the recipe has micro-batches.
TEST(CommandLine, DoctorHoldsTheGradientsOfARecipeWhoseTextsAreGrouped) {
  ATH_NEEDS_DATA();
  const Outcome outcome = run_program({"doctor", "--gradients", kSmoke, "--set", "data.group_by_length=true", "--set",
                                       "parallel.micro_batches=16", "--json"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(json::parse(outcome.out)["wrong"], 0);
}

TEST(CommandLine, DoctorHoldsTheGradientsOfARecipeAgainstDifferences) {
  ATH_NEEDS_DATA();
  const Outcome outcome = run_program({"doctor", "--gradients", kSmoke, "--json"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const json report = json::parse(outcome.out);
  EXPECT_EQ(report["wrong"], 0);
  EXPECT_EQ(report["sound"], true);
  EXPECT_EQ(report["parameters"].size(), 44U);
  // Worst first.
  EXPECT_GE(report["parameters"][0]["error"].get<double>(), report["parameters"][43]["error"].get<double>());
  EXPECT_EQ(run_program({"doctor", "--gradients", "nowhere.toml"}).status, 2);
}

TEST(Train, LeavesACompleteRunDirectory) {
  ATH_NEEDS_DATA();
  TemporaryFolder folder;
  const Outcome outcome = run_program(train_arguments(folder / "run", {"--json", "--set", "checkpoint.keep=2"}));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json result = json::parse(outcome.out);
  EXPECT_EQ(result["state"], "finished");
  EXPECT_EQ(result["step"], 30);

  const fs::path run = folder.path() / "run";
  const auto resolved = recipe::parse_file((run / "recipe.toml").string());
  ASSERT_TRUE(resolved);
  EXPECT_TRUE(resolved->faults.empty());
  EXPECT_EQ(resolved->recipe.integer("train.steps"), 30);
  const json provenance = json::parse(bytes_of(run / "provenance.json"));
  EXPECT_EQ(provenance["data"]["digest"].get<std::string>().size(), 64U);
  EXPECT_FALSE(provenance["program"]["version"].get<std::string>().empty());
  EXPECT_THAT(bytes_of(run / "logs/rank-0.log"), HasSubstr("Finished after step 30"));

  std::vector<std::string> checkpoints;
  for (const auto& entry : fs::directory_iterator(run / "checkpoints")) checkpoints.push_back(entry.path().filename());
  EXPECT_THAT(checkpoints, testing::UnorderedElementsAre("step-20", "step-30"));
}

TEST(Train, JournalsStatesMetricsSpansAndProbes) {
  ATH_NEEDS_DATA();
  TemporaryFolder folder;
  const fs::path run = folder.path() / "run";
  ASSERT_EQ(run_program(train_arguments(run)).status, 0);
  std::vector<journal::RunState> states;
  for (const auto& changed : events_of_kind<journal::StateChanged>(run)) states.push_back(changed.state);
  using enum journal::RunState;
  EXPECT_THAT(states, testing::ElementsAre(preparing, running, finished));

  const Replay replayed = read_run(run);
  for (const char* name : {"train/loss", "train/learning_rate", "train/gradient_norm", "train/temperature",
                           "train/logit_scale", "train/samples_per_s", "train/step_ms"}) {
    EXPECT_EQ(replayed.metrics.at(name).size(), 30U) << name;
  }
  EXPECT_EQ(replayed.metrics.at("eval/t2i_r1").size(), 3U);  // steps 0, 15 and 30

  const auto samples = events_of_kind<journal::RetrievalSample>(run);
  ASSERT_EQ(samples.size(), 3U * 2U * 4U);
  for (const auto& sample : samples) {
    ASSERT_EQ(sample.top.size(), 5U);
    EXPECT_GE(sample.truth_rank, 1);
    EXPECT_LE(sample.truth_rank, sample.gallery_size);
    EXPECT_TRUE(fs::exists(run / sample.query_picture));
    EXPECT_TRUE(fs::exists(run / sample.top[0].picture));
    EXPECT_GE(sample.top[0].score, sample.top[4].score);
  }
  EXPECT_EQ(samples.front().query_label, samples[samples.size() - 8].query_label);  // the probes stay the same
  const auto spans = events_of_kind<journal::Span>(run);
  EXPECT_GE(spans.size(), 4U * 30U);
  for (const auto& span : spans) EXPECT_LE(span.begin_ns, span.end_ns);
}

TEST(Train, TheStarterBeginsUndecided) {
  ATH_NEEDS_DATA();
  for (const char* seed : {"run.seed=1", "run.seed=2", "run.seed=3"}) {
    TemporaryFolder folder;
    const Outcome outcome = run_program({"train", kStarter, "--run-dir", folder / "run", "--set", "train.steps=1",
                                         "--set", "train.warmup_steps=0", "--set", seed});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_NEAR(read_run(folder / "run").metrics.at("train/loss").at(1), std::log(128.0), 0.02 * std::log(128.0));
  }
}

TEST(Train, ASecondRunInTheSameFolderIsRefusedAndChangesNothing) {
  ATH_NEEDS_DATA();
  TemporaryFolder folder;
  ASSERT_EQ(run_program(train_arguments(folder / "run")).status, 0);
  const std::string before = bytes_of(folder.path() / "run/journal-0.athj");
  EXPECT_EQ(run_program(train_arguments(folder / "run")).status, 2);
  EXPECT_EQ(bytes_of(folder.path() / "run/journal-0.athj"), before);
}

TEST(Eval, OfACheckpointGivesWhatTheRunJournaled) {
  ATH_NEEDS_DATA();
  TemporaryFolder folder;
  ASSERT_EQ(run_program(train_arguments(folder / "run")).status, 0);
  const Outcome outcome = run_program({"eval", folder / "run", "--checkpoint", "30", "--json"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json metrics = json::parse(outcome.out).at("metrics");
  const Replay replayed = read_run(folder / "run");
  for (const char* name : {"t2i_r1", "t2i_r10", "i2t_mrr"}) {
    EXPECT_EQ(metrics[name].get<double>(), replayed.metrics.at(std::string("eval/") + name).at(30)) << name;
  }
  EXPECT_EQ(run_program({"eval", folder / "run", "--checkpoint", "7"}).status, 2);
  EXPECT_EQ(run_program({"eval", folder / "nothing"}).status, 2);
}

TEST(Show, GivesPointsEventsAndTheState) {
  ATH_NEEDS_DATA();
  TemporaryFolder folder;
  ASSERT_EQ(run_program(train_arguments(folder / "run")).status, 0);
  const json metric = json::parse(run_program({"show", folder / "run", "--metric", "train/loss", "--json"}).out);
  EXPECT_EQ(metric["points"].size(), 30U);
  EXPECT_EQ(json::parse(run_program({"show", folder / "run", "--json"}).out)["state"], "finished");
  const json events = json::parse(run_program({"show", folder / "run", "--events", "--json"}).out);
  EXPECT_EQ(events["events"].size(), events_of(folder / "run").size());
  const Outcome unknown = run_program({"show", folder / "run", "--metric", "train/los"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("train/loss"));
}

}  // namespace
}  // namespace athanor::runner
