#include "core/journal/reader.h"
#include "core/journal/writer.h"
#include "core/store/writer.h"
#include "tests/core/store/samples.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <fstream>
#include <sys/resource.h>
#include <thread>

namespace athanor::store {
namespace {

using namespace journal;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(History, ShowsARunWithItsStateStepAndLastValues) {
  History history;
  const RunId id = history.add("starter");
  value_or_throw(history.writer->describe(id, "[run]\nname = \"starter\"\n", 400, "starter"));
  // A prediction made on resuming is of the steps that are left.
  value_or_throw(
      history.feed(id, {StateChanged{RunState::running, ""}, PredictionMade{R"({"model":"two_tower","steps":90})"},
                        MetricSamples{1, {{"train/loss", 4.8}, {"train/lr", 0.1}}},
                        MetricSamples{2, {{"train/loss", 4.5}}}, DeviceSample{"cpu", 0.75, 1000, 2000, -1, 55}}));
  const store::Run run = value_or_throw(history.reader->runs()).at(0);
  EXPECT_EQ(run.name, "starter");
  EXPECT_EQ(run.status, RunStatus::running);
  EXPECT_EQ(run.model, "two_tower");
  EXPECT_EQ(run.step, 2);
  EXPECT_EQ(run.steps, 400);
  EXPECT_EQ(run.recipe_toml, "");
  EXPECT_EQ(run.directory, (history.scratch / "runs/starter-1").string());
  EXPECT_GT(run.started_ns, History::kAnchor);
  EXPECT_EQ(run.ended_ns, 0);
  EXPECT_EQ(run.last.at("train/loss"), 4.5);
  EXPECT_EQ(run.last.at("device/cpu/temperature_c"), 55);
  EXPECT_FALSE(run.last.contains("device/cpu/power_w"));
  EXPECT_THAT(value_or_throw(history.reader->run(id)).recipe_toml, HasSubstr("starter"));
  EXPECT_THAT(value_or_throw(history.reader->metric_names(id)), testing::Contains("train/lr"));
  ASSERT_EQ(value_or_throw(history.reader->runs(true)).at(0).recipe_toml.empty(), false);

  value_or_throw(history.feed(id, {StateChanged{RunState::failed, "the disk is full"}}));
  const store::Run ended = value_or_throw(history.reader->run(id));
  EXPECT_EQ(ended.status, RunStatus::failed);
  EXPECT_EQ(ended.cause, "the disk is full");
  EXPECT_GT(ended.ended_ns, ended.started_ns);
  EXPECT_EQ(value_or_throw(history.reader->points(id, "train/loss", 0, 10)).size(), 2U);
}

TEST(History, GoesOnInAResumedRunWhereTheSamplesWerePacked) {
  History history;
  const RunId id = history.add("a");
  value_or_throw(history.feed(
      id, {MetricSamples{1, {{"x", 1}}}, MetricSamples{2, {{"x", 2}}}, StateChanged{RunState::stopped, "asked"}}));
  history.open();
  value_or_throw(history.feed(
      id, {StateChanged{RunState::running, ""}, Recovery{1, "checkpoint step-1"}, MetricSamples{2, {{"x", 3}}}}));
  const auto points = value_or_throw(history.reader->points(id, "x", 0, 10));
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].value, 1);
  EXPECT_EQ(points[1].value, 3);
  const store::Run run = value_or_throw(history.reader->run(id));
  EXPECT_EQ(run.status, RunStatus::running);
  EXPECT_EQ(run.ended_ns, 0);
  EXPECT_EQ(run.last.at("x"), 3);
}

TEST(History, RefusesAStretchTwiceAndAStretchThatSkipsBytes) {
  History history;
  const RunId id = history.add("a");
  const std::vector<Event> events = {{1, MetricSamples{1, {{"x", 1}}}}};
  ASSERT_TRUE(history.writer->ingest({id, 0, 0, 500, 0, events}));
  EXPECT_FALSE(history.writer->ingest({id, 0, 0, 500, 0, events}));
  EXPECT_FALSE(history.writer->ingest({id, 0, 600, 700, 0, events}));
  EXPECT_EQ(value_or_throw(history.writer->offset(id, 0)), 500);
  EXPECT_EQ(value_or_throw(history.reader->points(id, "x", 0, 10)).size(), 1U);
}

TEST(History, KeepsLogsOccurrencesAndRetrievalBoards) {
  History history;
  const RunId id = history.add("a");
  const RunId other = history.add("b");
  std::vector<Payload> lines;
  for (int i = 0; i < 10; ++i) lines.push_back(LogLine{Severity::warning, "line " + std::to_string(i)});
  value_or_throw(history.feed(id, lines));
  value_or_throw(history.feed(other, {LogLine{Severity::info, "elsewhere"}}));
  const auto first = value_or_throw(history.reader->log(id, 0, 4));
  ASSERT_EQ(first.size(), 4U);
  EXPECT_EQ(first[0].text, "line 0");
  EXPECT_EQ(first[0].severity, Severity::warning);
  EXPECT_EQ(value_or_throw(history.reader->log(id, first[3].id, 100)).size(), 6U);
  const auto tail = value_or_throw(history.reader->log_tail(id, 3));
  ASSERT_EQ(tail.size(), 3U);
  EXPECT_EQ(tail[2].text, "line 9");

  RetrievalSample board{100, true, 7, "fox", "media/fox.png", 3, 196, {{1, "dog", "media/dog.png", 0.5}}};
  value_or_throw(history.feed(
      id, {board, CheckpointWritten{100, 5, 0.1, "checkpoints/step-100"}, FaultSeen{1, "io", "a", "b", "c"}}));
  board.truth_rank = 1;
  board.step = 200;
  value_or_throw(history.feed(id, {board}));
  EXPECT_THAT(value_or_throw(history.reader->retrieval_steps(id)), ElementsAre(100, 200));
  const auto samples = value_or_throw(history.reader->retrieval(id, 200));
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_EQ(samples[0].truth_rank, 1);
  EXPECT_EQ(samples[0].top.at(0).label, "dog");
  const auto occurrences = value_or_throw(history.reader->occurrences(id));
  ASSERT_EQ(occurrences.size(), 2U);
  EXPECT_EQ(std::get<CheckpointWritten>(occurrences[0].payload).path, "checkpoints/step-100");
  EXPECT_EQ(value_or_throw(history.reader->occurrences(id, occurrences[0].id)).size(), 1U);
  value_or_throw(history.feed(id, {Recovery{100, "checkpoint"}}));
  EXPECT_THAT(value_or_throw(history.reader->retrieval_steps(id)), ElementsAre(100));
}

// What the journal says from the byte on where the history stands, as the agent takes it in.
void take_in(History& history, RunId run, const std::filesystem::path& file) {
  const std::int64_t from = value_or_throw(history.writer->offset(run, 0));
  const Batch batch = value_or_throw(read(file, from));
  value_or_throw(history.writer->ingest({run, 0, from, batch.next_offset, batch.anchor_wall_ns, batch.events}));
}

void judge(journal::Writer& journal, std::int64_t step, double r1) {
  value_or_throw(journal.append(RetrievalSample{step, true, 7, "fox", "", 1, 196, {}}));
  value_or_throw(journal.append(MetricSamples{step, {{"eval/t2i_r1", r1}}}));
  value_or_throw(journal.append(Evaluation{step, "test", {{"t2i_r1", r1}}}));
}

TEST(History, HoldsOnlyTheSecondBeginningOfARunThatBeganAgain) {
  History history;
  const RunId id = history.add("a");
  const auto file = history.scratch / "journal-0.athj";
  {
    const auto first = value_or_throw(journal::Writer::open(file));
    value_or_throw(first->append(StateChanged{RunState::running, ""}));
    judge(*first, 0, 0.1);
    value_or_throw(first->append(MetricSamples{1, {{"train/loss", 4}}}));
    judge(*first, 10, 0.2);
    value_or_throw(first->append(CheckpointWritten{10, 1, 0.1, "checkpoints/step-10"}));
    value_or_throw(first->append(Alert{Severity::warning, 10, "spike", "loss tripled"}));
  }
  take_in(history, id, file);
  {
    const auto second = value_or_throw(journal::Writer::open(file));
    value_or_throw(second->append(Recovery{0, "the beginning"}));
    judge(*second, 0, 0.3);
  }
  take_in(history, id, file);
  const auto points = value_or_throw(history.reader->points(id, "eval/t2i_r1", 0, 100));
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].value, 0.3);
  EXPECT_TRUE(value_or_throw(history.reader->points(id, "train/loss", 0, 100)).empty());
  EXPECT_THAT(value_or_throw(history.reader->retrieval_steps(id)), ElementsAre(0));
  std::vector<double> evaluations;
  int checkpoints = 0, alerts = 0;
  for (const auto& occurrence : value_or_throw(history.reader->occurrences(id))) {
    if (const auto* found = std::get_if<Evaluation>(&occurrence.payload))
      evaluations.push_back(found->metrics[0].second);
    checkpoints += std::holds_alternative<CheckpointWritten>(occurrence.payload) ? 1 : 0;
    alerts += std::holds_alternative<Alert>(occurrence.payload) ? 1 : 0;
  }
  EXPECT_THAT(evaluations, ElementsAre(0.3));
  EXPECT_EQ(checkpoints, 0);
  EXPECT_EQ(alerts, 1);
}

TEST(History, DropsWhatWasSaidOfStepsThatAreTakenAgainAndKeepsTheRest) {
  History history;
  const RunId id = history.add("a");
  value_or_throw(history.feed(
      id, {Evaluation{10, "test", {}}, CheckpointWritten{10, 1, 0, "checkpoints/step-10"}, Evaluation{20, "test", {}},
           CheckpointWritten{20, 1, 0, "checkpoints/step-20"}, Recovery{10, "checkpoint step-10"}}));
  std::vector<std::int64_t> steps;
  for (const auto& occurrence : value_or_throw(history.reader->occurrences(id))) {
    if (const auto* found = std::get_if<Evaluation>(&occurrence.payload)) steps.push_back(found->step);
    if (const auto* found = std::get_if<CheckpointWritten>(&occurrence.payload)) steps.push_back(found->step);
  }
  EXPECT_THAT(steps, ElementsAre(10, 10));
}

TEST(History, LetsARunThatAnotherProcessTookUpLeaveStopping) {
  History history;
  const RunId id = history.add("a");
  value_or_throw(history.writer->set_process(id, {4711, 1, "boot"}));
  value_or_throw(history.writer->set_status(id, RunStatus::stopping, ""));
  const auto say = [&](RunState state, std::uint32_t writer_pid) {
    const std::int64_t from = value_or_throw(history.writer->offset(id, 0));
    const std::vector<Event> events = {{1, StateChanged{state, ""}}};
    value_or_throw(history.writer->ingest({id, 0, from, from + 100, 0, events, writer_pid}));
    return value_or_throw(history.reader->run(id)).status;
  };
  EXPECT_EQ(say(RunState::running, 0), RunStatus::stopping);  // written before the wish arrived
  EXPECT_EQ(say(RunState::preparing, 4711), RunStatus::stopping);
  EXPECT_EQ(say(RunState::preparing, 4712), RunStatus::starting);
  EXPECT_EQ(say(RunState::running, 0), RunStatus::running);
}

TEST(History, KeepsTheDamageOfJournalsWithTheirRun) {
  History history;
  const RunId id = history.add("a");
  const std::vector<JournalDamage> damage = {{0, 500, 12, false, "not a whole frame"}};
  value_or_throw(history.writer->ingest({id, 0, 0, 600, 0, {}, 0, damage}));
  value_or_throw(history.writer->note_damage(id, {0, 900, 30, true, "unfinished"}));
  value_or_throw(history.writer->note_damage(id, {0, 900, 31, true, "unfinished"}));
  history.open();
  for (const store::Run& run :
       {value_or_throw(history.reader->run(id)), value_or_throw(history.reader->runs()).at(0)}) {
    ASSERT_EQ(run.damage.size(), 2U);
    EXPECT_EQ(run.damage[0].offset, 500);
    EXPECT_FALSE(run.damage[0].tail);
    EXPECT_EQ(run.damage[1].bytes, 31);
    EXPECT_TRUE(run.damage[1].tail);
  }
  value_or_throw(history.writer->forget(id));
  EXPECT_TRUE(value_or_throw(history.reader->run(id)).damage.empty());
}

TEST(History, TakesOverRunsQueueAndEditsFromAnOlderOne) {
  History older;
  const RunId a = older.add("a");
  const RunId b = older.add("b");
  value_or_throw(older.feed(a, {MetricSamples{1, {{"x", 1}}}}));
  value_or_throw(older.writer->set_status(a, RunStatus::broken, "signal 9"));
  value_or_throw(older.writer->set_tags({a}, {"kept"}));
  value_or_throw(older.writer->enqueue(b, Launch::resume));
  value_or_throw(older.writer->remove(older.add("gone")));  // its number is not given again
  History fresh;
  value_or_throw(fresh.writer->copy_runs(older.file));
  const auto run = value_or_throw(fresh.reader->run(a));
  EXPECT_EQ(run.cause, "signal 9");
  EXPECT_THAT(run.tags, ElementsAre("kept"));
  EXPECT_EQ(value_or_throw(fresh.writer->offset(a, 0)), 0);
  const auto jobs = value_or_throw(fresh.writer->jobs());
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].run, b);
  EXPECT_EQ(jobs[0].launch, Launch::resume);
  EXPECT_EQ(value_or_throw(fresh.writer->undo()), "Tag a");
  EXPECT_EQ(fresh.add("next"), 4);
}

TEST(History, ForgetsARunSoThatItsJournalCanBeReadAgain) {
  History history;
  const RunId id = history.add("a");
  const RunId other = history.add("b");
  value_or_throw(history.feed(id, {MetricSamples{1, {{"x", 1}}}, LogLine{Severity::info, "hello"}, Alert{}}));
  value_or_throw(history.feed(other, {MetricSamples{1, {{"x", 2}}}}));
  value_or_throw(history.writer->forget(id));
  EXPECT_EQ(value_or_throw(history.writer->offset(id, 0)), 0);
  EXPECT_TRUE(value_or_throw(history.reader->metric_names(id)).empty());
  EXPECT_TRUE(value_or_throw(history.reader->log_tail(id, 10)).empty());
  EXPECT_EQ(value_or_throw(history.reader->points(other, "x", 0, 10)).size(), 1U);
}

TEST(History, KeepsRanksApart) {
  History history;
  const RunId id = history.add("a");
  value_or_throw(history.feed(id, {MetricSamples{1, {{"x", 1}}}}));
  value_or_throw(history.feed(id, {MetricSamples{1, {{"x", 2}}}, StateChanged{RunState::failed, "rank 1"}}, 1));
  EXPECT_THAT(value_or_throw(history.reader->metric_names(id)), ElementsAre("rank-1/x", "x"));
  EXPECT_EQ(value_or_throw(history.reader->run(id)).status, RunStatus::running);
}

TEST(History, TellsReadersThatSomethingChanged) {
  History history;
  const auto before = history.reader->data_version();
  EXPECT_EQ(history.reader->data_version(), before);
  history.add("a");
  EXPECT_NE(history.reader->data_version(), before);
}

TEST(History, LetsReadersReadWhileTheWriterWrites) {
  History history;
  const RunId id = history.add("a");
  std::atomic<bool> done = false;
  std::jthread reading([&] {
    const auto reader = value_or_throw(Reader::open(history.file));
    std::size_t seen = 0;
    while (!done) {
      const auto points = reader->points(id, "x", 0, 1 << 20);
      EXPECT_TRUE(points) << points.error().message();
      EXPECT_GE(points->size(), seen);
      seen = points->size();
      EXPECT_TRUE(reader->runs());
    }
  });
  for (int step = 0; step < 3000; ++step) value_or_throw(history.feed(id, {MetricSamples{step, {{"x", 1.0 * step}}}}));
  done = true;
}

TEST(Queue, KeepsItsOrderAndSurvivesARestart) {
  History history;
  const RunId a = history.add("a", RunStatus::queued);
  const RunId b = history.add("b", RunStatus::queued);
  const RunId c = history.add("c", RunStatus::queued);
  value_or_throw(history.writer->set_started(a, {4711, 99, "boot"}));
  value_or_throw(history.writer->enqueue(b, Launch::resume));
  history.open();
  const auto jobs = value_or_throw(history.writer->jobs());
  ASSERT_EQ(jobs.size(), 3U);
  EXPECT_EQ(jobs[0].run, c);
  EXPECT_EQ(jobs[0].launch, Launch::fresh);
  EXPECT_EQ(jobs[1].run, b);
  EXPECT_EQ(jobs[1].launch, Launch::resume);
  EXPECT_EQ(jobs[2].run, a);
  EXPECT_EQ(jobs[2].process, (Process{4711, 99, "boot"}));
  value_or_throw(history.writer->set_status(c, RunStatus::stopped, "taken out of the queue"));
  EXPECT_EQ(value_or_throw(history.writer->jobs()).size(), 2U);
  EXPECT_GT(value_or_throw(history.reader->run(c)).ended_ns, 0);
}

TEST(Edits, AreTakenBackAndDoneAgainAlsoAfterARestart) {
  History history;
  const RunId a = history.add("a");
  const RunId b = history.add("b");
  value_or_throw(history.feed(a, {StateChanged{RunState::finished, ""}}));
  value_or_throw(history.writer->rename(a, "fox"));
  value_or_throw(history.writer->set_tags({a, b}, {"baseline", "ünï"}));
  value_or_throw(history.writer->set_note(a, "a note"));
  value_or_throw(history.writer->set_pinned({a}, true));
  value_or_throw(history.writer->erase({a}, 12345));
  EXPECT_EQ(value_or_throw(history.reader->undo_text()), "Delete run fox");
  history.open();
  EXPECT_EQ(value_or_throw(history.reader->run(a)).deleted_ns, 12345);
  EXPECT_EQ(value_or_throw(history.writer->undo()), "Delete run fox");
  EXPECT_EQ(value_or_throw(history.reader->run(a)).deleted_ns, std::nullopt);
  EXPECT_EQ(value_or_throw(history.writer->undo()), "Pin fox");
  EXPECT_EQ(value_or_throw(history.writer->undo()), "Edit the note of fox");
  EXPECT_EQ(value_or_throw(history.reader->run(a)).note, "");
  EXPECT_EQ(value_or_throw(history.writer->undo()), "Tag 2 runs");
  EXPECT_TRUE(value_or_throw(history.reader->run(b)).tags.empty());
  history.open();
  EXPECT_EQ(value_or_throw(history.writer->redo()), "Tag 2 runs");
  EXPECT_THAT(value_or_throw(history.reader->run(b)).tags, ElementsAre("baseline", "ünï"));
  EXPECT_EQ(value_or_throw(history.reader->redo_text()), "Edit the note of fox");
  value_or_throw(history.writer->set_note(b, "another way"));  // closes the way forward
  EXPECT_EQ(value_or_throw(history.reader->redo_text()), "");
  EXPECT_FALSE(history.writer->redo());
  for (const char* text : {"Edit the note of b", "Tag 2 runs", "Rename a to fox"})
    EXPECT_EQ(value_or_throw(history.writer->undo()), text);
  const auto nothing = history.writer->undo();
  ASSERT_FALSE(nothing);
  EXPECT_THAT(nothing.error().message(), HasSubstr("nothing to undo"));
}

TEST(Edits, AreForgottenWithTheRunAndKeptForTheOthers) {
  History history;
  const RunId a = history.add("a"), b = history.add("b"), c = history.add("c");
  for (const RunId run : {a, b}) value_or_throw(history.feed(run, {StateChanged{RunState::finished, ""}}));
  value_or_throw(history.writer->set_note(a, R"(of {"run":2})"));
  value_or_throw(history.writer->set_note(c, R"("run":1})"));
  value_or_throw(history.writer->erase({a, b}, 12345));
  value_or_throw(history.writer->remove(a));
  history.open();
  EXPECT_FALSE(history.reader->run(a));
  EXPECT_TRUE(value_or_throw(history.reader->run(b)).deleted_ns);
  EXPECT_EQ(value_or_throw(history.writer->undo()), "Delete 2 runs");
  EXPECT_FALSE(value_or_throw(history.reader->run(b)).deleted_ns);
  EXPECT_EQ(value_or_throw(history.writer->undo()), "Edit the note of c");
  EXPECT_FALSE(history.writer->undo());
  value_or_throw(history.writer->erase({b}, 1));
  value_or_throw(history.writer->restore({b}));
  EXPECT_FALSE(value_or_throw(history.reader->run(b)).deleted_ns);
  EXPECT_EQ(value_or_throw(history.writer->undo()), "Restore run b");
}

TEST(Edits, RefuseWhatMakesNoSenseAndThenChangeNothing) {
  History history;
  const RunId live = history.add("live");
  const auto erased = history.writer->erase({live}, 1);
  ASSERT_FALSE(erased);
  EXPECT_THAT(erased.error().message(), HasSubstr("Stop it first"));
  EXPECT_FALSE(history.writer->rename(live, ""));
  EXPECT_FALSE(history.writer->set_tags({live, 999}, {"x"}));
  EXPECT_TRUE(value_or_throw(history.reader->run(live)).tags.empty());
  EXPECT_EQ(value_or_throw(history.reader->undo_text()), "");
}

class Versions : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Golden, Versions, testing::Range(1, 9));

TEST_P(Versions, OpensAStoreOfThisVersion) {
  const Scratch scratch;
  const std::string golden = "/history-v" + std::to_string(GetParam()) + ".db";
  std::filesystem::copy_file(ATH_SOURCE_DIR "/tests/golden" + golden, scratch / "history.db");
  std::filesystem::permissions(scratch / "history.db", std::filesystem::perms::owner_all);
  const auto writer = value_or_throw(Writer::open(scratch / "history.db"));
  const auto reader = value_or_throw(Reader::open(scratch / "history.db"));
  const store::Run run = value_or_throw(reader->runs()).at(0);
  EXPECT_EQ(run.name, "golden");
  EXPECT_EQ(run.directory, (scratch / "runs/golden-1").string());
  EXPECT_EQ(run.status, RunStatus::finished);
  EXPECT_THAT(run.tags, ElementsAre("kept"));
  const auto points = value_or_throw(reader->points(run.id, "train/loss", 0, 1 << 20));
  ASSERT_EQ(points.size(), 1500U);
  for (std::size_t i = 0; i < points.size(); ++i) EXPECT_EQ(points[i].value, 4.0 / static_cast<double>(i + 1));
  EXPECT_THAT(value_or_throw(reader->log_tail(run.id, 5)).at(0).text, testing::StartsWith("a line of "));
  EXPECT_EQ(run.damage.size(), GetParam() == 1 ? 0U : 1U);
  const JournalDamage found{0, 77, 3, true, "found today"};
  value_or_throw(writer->note_damage(run.id, found));
  EXPECT_EQ(value_or_throw(reader->run(run.id)).damage.back().reason, "found today");
  EXPECT_EQ(value_or_throw(reader->undo_text()), "Tag golden");
  EXPECT_EQ(value_or_throw(writer->offset(run.id, 0)), 200);
  using Values = std::vector<std::pair<RunId, SettingValue>>;
  Values names = {{run.id, "golden"}};
  if (GetParam() >= 6) names.insert(names.end(), {{run.id + 1, "waiting"}, {run.id + 2, "waiting"}});
  EXPECT_EQ(value_or_throw(reader->setting_of_runs("run.name")), names);
  EXPECT_EQ(value_or_throw(reader->find("line of", 5)).size(), 1U);
  const auto spans = value_or_throw(reader->spans(run.id));
  ASSERT_EQ(spans.size(), GetParam() < 4 ? 0U : 1U);
  for (const RankStep& step : spans) EXPECT_EQ(step.spans.at(0).begin_ns, 1'700'000'000'000'001'000);
  const auto jobs = value_or_throw(reader->jobs());
  const Job job = value_or_throw(reader->job(run.id));
  EXPECT_EQ(job.needs.ranks, 0);
  if (GetParam() < 6) {
    EXPECT_TRUE(jobs.empty());
    return;
  }
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_EQ(jobs[0].name, "waiting");
  EXPECT_EQ(jobs[0].priority, 3);
  EXPECT_EQ(jobs[0].needs.threads, 4);
  EXPECT_EQ(jobs[0].after.at(0).run, run.id);
  EXPECT_TRUE(jobs[0].after.at(0).has_ended);
  EXPECT_EQ(jobs[0].retry.limit, 2);
  EXPECT_EQ(jobs[1].hold, Hold::asked);
  EXPECT_EQ(jobs[1].until, 100);
  EXPECT_EQ(jobs[1].trial.value_or(Trial{}).values, "train.steps=400");
  EXPECT_EQ(value_or_throw(reader->sweeps()).at(0).name, "sweep");
  EXPECT_EQ(value_or_throw(reader->queue_settings()), (QueueSettings{true, 4, {}, {}}));
  EXPECT_EQ(value_or_throw(reader->alert_rules()).size(), GetParam() < 8 ? 0U : 1U);
  EXPECT_EQ(value_or_throw(writer->alert_state(run.id)).state, GetParam() < 8 ? "" : "a state");
}

TEST(Folders, GoWithAHomeThatIsCopiedOrMoved) {
  const Scratch scratch;
  std::filesystem::create_directories(scratch / "home");
  RunId inside = 0;
  RunId outside = 0;
  {
    const auto writer = value_or_throw(Writer::open(scratch / "home/history.db"));
    store::NewRun run;
    run.directory = scratch / "home/runs";
    run.id_in_directory = true;
    run.name = "inside";
    inside = value_or_throw(writer->add_run(run)).run;
    run.directory = scratch / "elsewhere";
    outside = value_or_throw(writer->add_run(run)).run;
  }
  std::filesystem::copy(scratch / "home", scratch / "copy", std::filesystem::copy_options::recursive);
  const auto writer = value_or_throw(Writer::open(scratch / "copy/history.db"));
  const auto reader = value_or_throw(Reader::open(scratch / "copy/history.db"));
  EXPECT_EQ(value_or_throw(reader->run(inside)).directory, (scratch / "copy/runs/inside-1").string());
  EXPECT_EQ(value_or_throw(writer->job(inside)).directory, scratch / "copy/runs/inside-1");
  EXPECT_EQ(value_or_throw(writer->run_in(scratch / "copy/runs/inside-1")), inside);
  EXPECT_EQ(value_or_throw(writer->run_in(scratch / "home/runs/inside-1")), std::nullopt);
  EXPECT_EQ(value_or_throw(reader->run(outside)).directory, (scratch / "elsewhere/inside-2").string());
}

TEST(Folders, OfAnOlderHistoryAreTakenOverOnceEach) {
  const Scratch scratch;
  std::filesystem::copy_file(ATH_SOURCE_DIR "/tests/golden/history-v2.db", scratch / "history.db");
  std::filesystem::permissions(scratch / "history.db", std::filesystem::perms::owner_all);
  {
    SQLite::Database database((scratch / "history.db").string(), SQLite::OPEN_READWRITE);
    SQLite::Statement insert(database, "INSERT INTO run (name, directory, status, created_ns) VALUES (?, ?, 4, 1)");
    for (const std::string& folder : {(scratch / "runs/golden-1").string(), std::string("/other/place")}) {
      SQLite::bind(insert, "later", folder);
      insert.exec();
      insert.reset();
    }
  }
  const auto writer = value_or_throw(Writer::open(scratch / "history.db"));
  EXPECT_EQ(value_or_throw(writer->job(1)).directory, "/runs/golden-1");
  EXPECT_EQ(value_or_throw(writer->job(2)).directory, scratch / "runs/golden-1");
  EXPECT_EQ(value_or_throw(writer->job(3)).directory, "/other/place");
}

TEST(Refusals, OfAStoreOfANewerVersionAreOneSentence) {
  History history;
  history.reader.reset();
  history.writer.reset();  // the last to close, so that everything is in the one file
  std::fstream file(history.file, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(63);  // the last byte of user_version in SQLite's file header
  file.put(77);
  file.close();
  for (const Error& error : {Writer::open(history.file).error(), Reader::open(history.file).error()}) {
    EXPECT_EQ(error.kind, ErrorKind::unavailable);
    EXPECT_THAT(error.message(), HasSubstr("newer Athanor"));
    EXPECT_THAT(error.message(), HasSubstr("pdate Athanor"));
  }
}

TEST(Refusals, NameTheFileAndTheRemedy) {
  const Scratch scratch;
  const auto absent = Reader::open(scratch / "history.db");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind, ErrorKind::io);
  EXPECT_THAT(absent.error().message(), HasSubstr("athanor-agent"));
  const auto nowhere = Writer::open("/proc/history.db");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(nowhere.error().message(), HasSubstr("ATHANOR_HOME"));
  std::ofstream(scratch / "history.db") << std::string(8192, 'x');
  const auto garbage = Writer::open(scratch / "history.db");
  ASSERT_FALSE(garbage);
  EXPECT_EQ(garbage.error().kind, ErrorKind::corrupt);
  EXPECT_THAT(garbage.error().message(), HasSubstr("rebuild"));
}

TEST(Refusals, LeaveTheStoreAsItWasWhenFilesMayNotGrow) {
  History history;
  const RunId id = history.add("a");
  value_or_throw(history.feed(id, {MetricSamples{0, {{"x", 0}}}}));
  auto* const old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit limit{300 << 10, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  int kept = 1;
  Result<Touched> fed;
  while (kept < 100000 && (fed = history.feed(id, {LogLine{Severity::info, std::string(1000, 'x')},
                                                   MetricSamples{kept, {{"x", 1.0 * kept}}}})))
    ++kept;
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, old_handler);
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().kind, ErrorKind::io);
  EXPECT_THAT(fed.error().message(), HasSubstr("Free some disk space"));
  EXPECT_EQ(static_cast<int>(value_or_throw(history.reader->points(id, "x", 0, 1 << 20)).size()), kept);
  value_or_throw(history.feed(id, {MetricSamples{kept, {{"x", 1.0 * kept}}}}));
  history.open();
  const auto points = value_or_throw(history.reader->points(id, "x", 0, 1 << 20));
  ASSERT_EQ(static_cast<int>(points.size()), kept + 1);
  for (int i = 0; i <= kept; ++i) EXPECT_EQ(points[static_cast<std::size_t>(i)].step, i);
}

}  // namespace
}  // namespace athanor::store
