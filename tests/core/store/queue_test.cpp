// The queue in the store: what each wish changes, and that it changes all or nothing.
#include "tests/core/store/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

RunId add(History& history, const QueueWish& wish) {
  NewRun run;
  run.name = "queued";
  run.created_ns = ++history.clock;
  run.launch = Launch::fresh;
  run.directory = history.scratch / "runs";
  run.id_in_directory = true;
  run.wish = wish;
  return value_or_throw(history.writer->add_run(run)).run;
}

Job job(const History& history, RunId run) { return value_or_throw(history.reader->job(run)); }

std::vector<RunId> queued(const History& history) {
  std::vector<RunId> runs;
  for (const Job& each : value_or_throw(history.reader->jobs()))
    if (each.status == RunStatus::queued) runs.push_back(each.run);
  return runs;
}

TEST(Queue, TakesNoRunThatFollowsOneThatIsNotThere) {
  History history;
  NewRun run;
  run.name = "queued";
  run.launch = Launch::fresh;
  run.directory = history.scratch / "run";
  for (const RunId after : {7, 1}) {  // 1 would be its own number
    run.wish.after = {after};
    EXPECT_FALSE(history.writer->add_run(run));
  }
  EXPECT_THAT(value_or_throw(history.reader->runs()), IsEmpty());
}

TEST(Queue, TellsWhichRunsItsChangesAreOfAndWhatEditedRecipesSet) {
  History history;
  const RunId first = add(history, {});
  const RunId second = add(history, {});
  RunChanges known = value_or_throw(history.reader->changes("", 0, {}));
  const auto changed = [&] {
    std::vector<RunId> runs;
    known = value_or_throw(history.reader->changes(known.history, known.newest, {}));
    for (const store::Run& run : known.changed) runs.push_back(run.id);
    return runs;
  };
  value_or_throw(history.writer->hold({first}));
  EXPECT_THAT(changed(), ElementsAre(first));
  value_or_throw(history.writer->set_priority({second}, 2));
  EXPECT_THAT(changed(), ElementsAre(second));
  EXPECT_THAT(changed(), IsEmpty());

  const NewRecipe recipe{"[run]\nname = \"swift\"\n[train]\nlearning_rate = 0.5\n", "swift", "queued", 9, {}, {}};
  value_or_throw(history.writer->set_recipe(first, recipe));
  EXPECT_THAT(changed(), ElementsAre(first));
  using Values = std::vector<std::pair<RunId, SettingValue>>;
  EXPECT_EQ(value_or_throw(history.reader->setting_of_runs("train.learning_rate")), (Values{{first, 0.5}}));
  EXPECT_EQ(value_or_throw(history.reader->find("swift", 5)).at(0).run, first);
  NewRun trial;
  trial.recipe_toml = "[train]\nlearning_rate = 0.25\n";
  trial.launch = Launch::fresh;
  trial.directory = history.scratch / "runs";
  trial.id_in_directory = true;
  const RunId third = value_or_throw(history.writer->add_sweep({"sweep", "text", "", 5}, {trial})).second.at(0);
  EXPECT_EQ(value_or_throw(history.reader->setting_of_runs("train.learning_rate")),
            (Values{{first, 0.5}, {third, 0.25}}));
  value_or_throw(history.writer->remove(first));
  EXPECT_EQ(value_or_throw(history.reader->setting_of_runs("train.learning_rate")), (Values{{third, 0.25}}));
}

TEST(Queue, KnowsOfAStartedRunWhatIsStillToBeAnsweredUntilItIs) {
  History history;
  const RunId first = add(history, {});
  const RunId second = add(history, {.after = {first}});
  value_or_throw(history.writer->set_started(first, {1, 2, "boot"}, {3, {"GPU-a", "GPU-b"}}));
  EXPECT_EQ(job(history, first).share.cores, 3);
  EXPECT_THAT(job(history, first).share.devices, ElementsAre("GPU-a", "GPU-b"));
  value_or_throw(history.feed(first, {journal::StateChanged{journal::RunState::finished, ""}}));
  EXPECT_TRUE(job(history, first).is_unanswered);
  EXPECT_THAT(value_or_throw(history.reader->jobs()), SizeIs(2));
  EXPECT_FALSE(job(history, second).after.at(0).has_ended);
  value_or_throw(history.writer->answer(first));
  EXPECT_TRUE(job(history, second).after.at(0).has_ended);
  EXPECT_EQ(job(history, second).after.at(0).status, RunStatus::finished);
  EXPECT_THAT(value_or_throw(history.reader->jobs()), SizeIs(1));
  EXPECT_EQ(job(history, first).share.cores, 0);
}

TEST(Queue, PutsAnotherAttemptAtTheFrontOfItsPriority) {
  History history;
  const RunId high = add(history, {.priority = 1});
  const RunId run = add(history, {.retries = 2});
  const RunId low = add(history, {});
  value_or_throw(history.writer->set_started(run, {1, 2, "boot"}));
  EXPECT_THAT(queued(history), ElementsAre(high, low));
  value_or_throw(history.writer->retry(run, Launch::resume, "the disk is full", 77));
  EXPECT_THAT(queued(history), ElementsAre(high, run, low));
  const Job again = job(history, run);
  EXPECT_EQ(again.launch, Launch::resume);
  EXPECT_EQ(again.retry.done, 1);
  EXPECT_EQ(again.retry.not_before_ns, 77);
  EXPECT_EQ(again.retry.fault, "the disk is full");
  EXPECT_FALSE(again.is_unanswered);
}

TEST(Queue, ChangesNothingWhereOneOfTheRunsIsNotQueued) {
  History history;
  const RunId first = add(history, {});
  const RunId second = add(history, {});
  const RunId ended = history.add("ended", RunStatus::finished);
  for (const auto& refused :
       {history.writer->move({second, ended}, Spot::front), history.writer->move({second}, Spot::before, ended),
        history.writer->set_priority({second, ended}, 5), history.writer->hold({second, ended}),
        history.writer->release({second, 99}), history.writer->set_recipe(ended, {})}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::invalid_input);
  }
  EXPECT_THAT(queued(history), ElementsAre(first, second));
  EXPECT_EQ(job(history, second).hold, Hold::none);
  EXPECT_EQ(job(history, second).priority, 0);
}

TEST(Queue, HoldsWhatFollowedARunThatIsTakenAwayUnlessThatHadFinished) {
  History history;
  const RunId finished = history.add("finished", RunStatus::finished);
  const RunId failed = history.add("failed", RunStatus::failed);
  const RunId after_both = add(history, {.after = {finished, failed}});
  const RunId after_finished = add(history, {.after = {finished}});
  const RunId anyhow = add(history, {.after = {failed}, .continue_on_error = true});
  value_or_throw(history.writer->remove(finished));
  EXPECT_EQ(job(history, after_finished).hold, Hold::none);
  EXPECT_THAT(job(history, after_finished).after, IsEmpty());
  value_or_throw(history.writer->remove(failed));
  EXPECT_EQ(job(history, after_both).hold, Hold::fault);
  EXPECT_THAT(job(history, after_both).hold_reason, HasSubstr("run 2, which it follows, has not finished and is gone"));
  EXPECT_EQ(job(history, anyhow).hold, Hold::none);
  value_or_throw(history.writer->release({after_both}));
  EXPECT_EQ(job(history, after_both).hold, Hold::none);
}

TEST(Sweeps, GoWithTheLastOfTheirRuns) {
  History history;
  NewRun trial;
  trial.name = "trial";
  trial.launch = Launch::fresh;
  trial.directory = history.scratch / "runs";
  trial.id_in_directory = true;
  trial.trial = 1;
  NewRun other = trial;
  other.trial = 2;
  const auto [sweep, runs] = value_or_throw(history.writer->add_sweep({"sweep", "text", "", 5}, {trial, other}));
  EXPECT_THAT(value_or_throw(history.reader->trials(sweep, "x")), SizeIs(2));
  value_or_throw(history.feed(runs[1], {journal::MetricSamples{1, {{"x", 0.5}}}}));
  EXPECT_EQ(value_or_throw(history.reader->trials(sweep, "x")).at(1).last, 0.5);
  value_or_throw(history.writer->end_sweep(sweep));
  EXPECT_THAT(queued(history), IsEmpty());
  value_or_throw(history.writer->remove(runs[0]));
  EXPECT_THAT(value_or_throw(history.reader->sweeps()), SizeIs(1));
  value_or_throw(history.writer->remove(runs[1]));
  EXPECT_THAT(value_or_throw(history.reader->sweeps()), IsEmpty());
}

TEST(Sweeps, AreTakenOverWithTheQueueFromAnOlderHistory) {
  History history;
  const RunId first = add(history, {.priority = 4});
  (void)add(history, {.after = {first}, .retries = 3});
  NewRun trial;
  trial.name = "trial";
  trial.launch = Launch::fresh;
  trial.directory = history.scratch / "runs";
  trial.id_in_directory = true;
  trial.trial_values = "train.steps=3";
  (void)value_or_throw(history.writer->add_sweep({"sweep", "text", "", 5}, {trial}));
  value_or_throw(history.writer->set_settings({.slots = 2}));
  const auto before = value_or_throw(history.reader->jobs());
  const auto copy = value_or_throw(Writer::open(history.scratch / "copy.db"));
  value_or_throw(copy->copy_runs(history.file));
  const auto after = value_or_throw(copy->jobs());
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(after[i].run, before[i].run);
    EXPECT_EQ(after[i].priority, before[i].priority);
    EXPECT_EQ(after[i].retry.limit, before[i].retry.limit);
    EXPECT_EQ(after[i].after.size(), before[i].after.size());
  }
  EXPECT_EQ(after.back().trial.value_or(Trial{}).values, "train.steps=3");
  EXPECT_EQ(value_or_throw(copy->settings()).slots, 2);

  // One from before there was a queue of this kind.
  const auto older = value_or_throw(Writer::open(history.scratch / "older.db"));
  std::filesystem::copy_file(ATH_SOURCE_DIR "/tests/golden/history-v5.db", history.scratch / "v5.db");
  value_or_throw(older->copy_runs(history.scratch / "v5.db"));
  EXPECT_EQ(value_or_throw(older->job(1)).name, "golden");
}

TEST(AlertRows, GoOverToAHistoryBuiltAgainWithoutWhatTheyHaveSeen) {
  History history;
  const RunId run = history.add("a");
  const std::int64_t all = value_or_throw(history.writer->add_alert(std::nullopt, "first", 10));
  const std::int64_t own = value_or_throw(history.writer->add_alert(run, "second", 20));
  EXPECT_FALSE(history.writer->add_alert(RunId{99}, "third", 30));
  const std::uint64_t version = history.writer->alert_version();
  value_or_throw(history.writer->remove_alert(all, 40));
  EXPECT_NE(history.writer->alert_version(), version);
  Stretch stretch{run, 0, 0, 0, 0, {}};
  stretch.alert_state = "seen";
  stretch.alert_due = "pause";
  value_or_throw(history.writer->ingest(stretch));
  EXPECT_THAT(value_or_throw(history.reader->alert_rules()), SizeIs(1));
  const auto copy = value_or_throw(Writer::open(history.scratch / "copy.db"));
  value_or_throw(copy->copy_runs(history.file));
  const auto rules = value_or_throw(copy->alert_rules(run));
  ASSERT_THAT(rules, SizeIs(2));
  EXPECT_EQ(rules[0].removed_ns, 40);
  EXPECT_EQ(rules[1].id, own);
  EXPECT_EQ(rules[1].run, run);
  EXPECT_EQ(value_or_throw(copy->alert_state(run)).due, "pause");
  EXPECT_EQ(value_or_throw(copy->alert_state(run)).state, "");
  EXPECT_GT(value_or_throw(copy->add_alert(std::nullopt, "later", 50)), own);
  value_or_throw(history.writer->forget(run));
  EXPECT_EQ(value_or_throw(history.writer->alert_state(run)).state, "");
  value_or_throw(history.writer->remove(run));
  EXPECT_THAT(value_or_throw(history.reader->alert_rules()), IsEmpty());
}

}  // namespace
}  // namespace athanor::store
