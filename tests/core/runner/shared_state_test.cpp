// Ranks that share the state of a run: what they leave, and how they go on, in any layout.
#include "core/base/files.h"
#include "core/checkpoint/reader.h"
#include "core/ranks/run_state.h"
#include "core/ranks/state_keeper.h"
#include "core/train/snapshot.h"
#include "tests/core/runner/rank_runs.h"
#include "tests/core/train/tiny.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::TemporaryFolder;

struct Layout {
  int ranks;
  const char* shard;
  int stages = 1;
  [[nodiscard]] std::string text() const { return fmt::format("{} replicas, {}, {} stages", ranks, shard, stages); }
};

std::vector<Layout> layouts() {
  std::vector<Layout> out = {{1, "none"}};
  for (const int ranks : {2, 3, 4})
    for (const char* shard : {"none", "optimizer", "gradients", "parameters"}) out.push_back({ranks, shard});
  out.push_back({1, "none", 2});
  out.push_back({2, "none", 2});
  out.push_back({2, "optimizer", 2});
  return out;
}

recipe::Recipe recipe_of(const Layout& layout) {
  recipe::Recipe recipe = train::tiny_recipe();
  recipe.set("parallel.data", std::int64_t{layout.ranks});
  recipe.set("parallel.pipeline", std::int64_t{layout.stages});
  recipe.set("parallel.micro_batches", std::int64_t{12});
  recipe.set("data.batch_size", std::int64_t{36});
  recipe.set("parallel.shard", std::string(layout.shard));
  recipe.set("model.text_width", std::int64_t{32});  // large enough that arrays are cut
  recipe.set("train.threads", std::int64_t{1});
  return recipe;
}

void add(const Assembly& assembly, const std::vector<train::Held>& held, Numbers& numbers) {
  for (const train::Held& one : held) {
    auto& all = numbers[one.name];
    all.resize(static_cast<std::size_t>(volume(one.shape)));
    const std::vector<float> part = assembly.context->download(one.tensor);
    for (BoxRuns run(one.box, one.box, whole_box(one.shape)); !run.done(); run.next())
      std::copy_n(part.begin() + run.in_outer(), run.length(), all.begin() + run.in_target());
  }
}

// Calls work(assembly, group) for each rank of the layout.
void on_ranks(const Layout& layout, const std::function<void(Assembly&, comm::Group&)>& work) {
  const recipe::Recipe recipe = recipe_of(layout);
  comm::run_threads(layout.ranks * layout.stages, {}, [&](comm::Group& group) {
    Assembly assembly = assemble(recipe, train::prepared_data(), {}, group.world().rank());
    join(assembly, recipe, group);
    work(assembly, group);
  });
}

// Trains a few steps and saves them; returns all that was learnt.
Numbers save(const Layout& layout, const fs::path& folder, std::int64_t steps) {
  Numbers numbers;
  std::mutex mutex;
  on_ranks(layout, [&](Assembly& assembly, comm::Group& group) {
    train::Plan plan = train_plan(recipe_of(layout));
    plan.steps = steps;
    plan.evaluate_every = plan.checkpoint_every = 0;
    SharedCheckpoints checkpoints(folder, 10);
    const Parting parting(checkpoints);
    train::Ports ports;
    ports.tell = [](const journal::Payload&) {};
    ports.stop = [] { return false; };
    ports.now_ns = [] { return std::int64_t{0}; };
    ports.save = [&](std::int64_t step) {
      checkpoint::TrainingState state;
      state.step = state.data_position = step;
      if (assembly.is_shared()) {
        checkpoints.save(assembly, state);
      } else if (group.world().rank() == 0) {
        checkpoint::Contents contents;
        train::capture(*assembly.context, assembly.model->named_parameters(), *assembly.optimizer, state, contents);
        ASSERT_TRUE(checkpoint::write(folder, contents, 10));
      }
    };
    (void)train::Trainer(assembly.parts(), plan, ports).run(0);
    checkpoints.finish();
    const std::lock_guard lock(mutex);
    add(assembly, assembly.is_shared() ? written_by(assembly) : held_by(assembly), numbers);
  });
  return numbers;
}

TEST(SharedState, ThatAnyLayoutSavedIsReadByEveryOtherWithTheSameBits) {
  for (const Layout& from : layouts()) {
    TemporaryFolder folder;
    const Numbers saved = save(from, folder.path(), 3);
    for (const Layout& to : layouts()) {
      Numbers read;
      std::mutex mutex;
      on_ranks(to, [&](Assembly& assembly, comm::Group&) {
        const checkpoint::TrainingState state = restore_state(assembly, folder / "step-3");
        EXPECT_EQ(state.data_position, 3);
        EXPECT_EQ(assembly.optimizer->step_count(), 3);
        const std::lock_guard lock(mutex);
        add(assembly, held_by(assembly), read);
      });
      EXPECT_TRUE(read == saved) << from.text() << " to " << to.text();
    }
  }
}

TEST(SharedState, BeginsAnewAsItWasAssembled) {
  const recipe::Recipe recipe = recipe_of({2, "optimizer"});
  Assembly assembly = assemble(recipe, train::prepared_data(), {}, 1);
  Numbers first, spoilt, again;
  add(assembly, held_by(assembly), first);
  for (const train::Held& held : held_by(assembly))
    assembly.context->write(held.tensor, std::vector<float>(static_cast<std::size_t>(held.tensor.numel()), 7.0F));
  assembly.optimizer->set_step_count(5);
  add(assembly, held_by(assembly), spoilt);
  EXPECT_NE(spoilt, first);
  begin_anew(assembly, recipe);
  add(assembly, held_by(assembly), again);
  EXPECT_EQ(again, first);
  EXPECT_EQ(assembly.optimizer->step_count(), 0);
}

// "pipeline": two replicas of two stages; "ahead": such that take their steps ahead.
std::vector<std::string> on_four(const std::string& how, int steps) {
  const bool is_ahead = how == "ahead", is_cut = is_ahead || how == "pipeline";
  return {"--set", fmt::format("train.steps={}", steps),
          "--set", "parallel.micro_batches=4",
          "--set", is_cut ? "parallel.data=2" : "parallel.data=4",
          "--set", is_cut ? "parallel.pipeline=2" : "parallel.pipeline=1",
          "--set", is_ahead ? "parallel.schedule=zb-h2" : "parallel.schedule=1f1b",
          "--set", "parallel.shard=" + (is_cut ? std::string("optimizer") : how),
          "--set", "train.clip_norm=100",
          "--set", "checkpoint.every_steps=20",
          "--set", "train.threads=1",
          "--set", "model.text_width=32"};
}

TEST(StateKeeper, KeepsTheStateOfAllRanksOrOfNone) {
  const Layout layout{2, "optimizer"};
  for (const bool has_room : {true, false}) {
    TemporaryFolder folder;
    on_ranks(layout, [&](Assembly& assembly, comm::Group& group) {
      comm::Communicator& world = group.world();
      const bool is_lacking = !has_room && world.rank() == 1;
      StateKeeper keeper(recipe_of(layout), assembly, is_lacking ? folder / "nowhere" : folder.path(), world.rank());
      EXPECT_FALSE(keeper.bring_back(world));
      EXPECT_EQ(keeper.trouble().empty(), has_room);
      keeper.keep(train::after_steps(7));
      const auto back = keeper.bring_back(world);
      EXPECT_EQ(back.has_value(), has_room);
      EXPECT_EQ(fs::exists(folder / fmt::format("state-{}", world.rank())), has_room);
    });
  }
}

class SharedRun : public Ranks, public testing::WithParamInterface<const char*> {
 protected:
  // Without other ranks.
  fs::path alone(int steps) {
    const fs::path run = own_ / fmt::format("one-{}", steps);
    std::vector<std::string> arguments = on_four("none", steps);
    arguments.insert(arguments.end(), {"--set", "parallel.data=1"});
    EXPECT_EQ(train(run, arguments).status, 0);
    return run;
  }
};

TEST(SharedRuns, TakeTheirStepsAheadWhereTheyAreSaidTo) {
  for (const char* how : {"pipeline", "ahead"}) {
    recipe::Recipe recipe = train::tiny_recipe();
    const std::vector<std::string> words = on_four(how, 60);
    for (std::size_t i = 1; i < words.size(); i += 2) EXPECT_FALSE(recipe::apply_override(recipe, words[i]));
    EXPECT_EQ(cut_into_stages(recipe, vocabulary_of(recipe, *train::prepared_data())).steps_ahead,
              how == std::string("ahead"));
  }
}

TEST_P(SharedRun, LeavesTheBitsOfOneProcess) {
  const fs::path one = alone(60), run = own_ / "run";
  const Outcome done = train(run, on_four(GetParam(), 60));
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_TRUE(fs::exists(run / "checkpoints/step-60/shard-3-of-4.safetensors"));
  EXPECT_TRUE(contents_of(run, 60) == contents_of(one, 60));
  EXPECT_EQ(read_run(run).metrics.at("train/loss"), read_run(one).metrics.at("train/loss"));
  EXPECT_EQ(events_of_kind<journal::CheckpointWritten>(run).size(), 3U);
  const auto weights = [&](const fs::path& of) {
    EXPECT_EQ(run_program({"export", of.string(), "--weights", (of / "w").string()}).status, 0);
    return bytes_of(of / "w");
  };
  EXPECT_TRUE(weights(run) == weights(one));
}

TEST_P(SharedRun, StopsAndGoesOnInOtherLayouts) {
  const fs::path one = alone(200), run = own_ / "run";
  const auto stop_after = [&](int step) {
    return [&run, step](int pid) {
      EXPECT_TRUE(wait_for_step(run, step));
      ::kill(pid, SIGTERM);
    };
  };
  ASSERT_EQ(train(run, on_four(GetParam(), 200), stop_after(30)).status, 130);
  EXPECT_EQ(checkpoint::steps(run / "checkpoints").back(), read_run(run).metrics.at("train/loss").rbegin()->first);
  const auto go_on = [&](const std::vector<std::string>& more, std::function<void(int)> meanwhile = {}) {
    Launch launch;
    launch.arguments = {"train", run.string(), "--resume"};
    launch.arguments.insert(launch.arguments.end(), more.begin(), more.end());
    launch.meanwhile = std::move(meanwhile);
    return launch_program(launch);
  };
  const Outcome two = go_on({"--set", "parallel.data=2"}, stop_after(80));
  EXPECT_EQ(two.status, 130) << two.err;
  const Outcome plain = go_on({"--set", "parallel.data=1"}, stop_after(120));
  EXPECT_EQ(plain.status, 130) << plain.err;
  const Outcome last = go_on({"--set", "parallel.data=4"});
  ASSERT_EQ(last.status, 0) << last.err;
  EXPECT_TRUE(contents_of(run, 200) == contents_of(one, 200));
}

TEST_P(SharedRun, OfWhichAnyRankIsKilledGoesOnFromWhatEachKeptInMemoryWithTheSameBits) {
  const fs::path one = alone(120);
  for (const auto& [lost, after] : {std::pair(0U, 6), std::pair(2U, 30)}) {
    const fs::path run = own_ / fmt::format("lost-{}", lost);
    const Outcome done = train(run, on_four(GetParam(), 120), [&, lost = lost, after = after](int pid) {
      EXPECT_TRUE(wait_for_step(run, after));
      const auto ranks = ranks_of(pid);
      ASSERT_EQ(ranks.size(), 4U);
      ::kill(ranks[lost], SIGKILL);
    });
    ASSERT_EQ(done.status, 0) << done.err;
    EXPECT_TRUE(contents_of(run, 120) == contents_of(one, 120)) << lost << " after " << after;
    EXPECT_EQ(read_run(run).metrics.at("train/loss"), read_run(one).metrics.at("train/loss"));
    const auto recoveries = events_of_kind<journal::Recovery>(run);
    ASSERT_EQ(recoveries.size(), 1U);
    EXPECT_GE(recoveries[0].step, after - 1);
    EXPECT_THAT(recoveries[0].from, HasSubstr("in memory"));
    EXPECT_THAT(recoveries[0].from, HasSubstr(fmt::format("rank {}", lost)));
  }
}

TEST_P(SharedRun, LosesAtMostTheStepUnderWayWhateverItWasDoing) {
  const fs::path one = alone(60);
  for (const char* fault : {"kill: rank=0 step=30 at=tell", "kill: rank=1 step=30 at=backward",
                            "kill: rank=3 step=30 at=optimizer", "kill: rank=2 step=1"}) {
    SCOPED_TRACE(fault);
    const fs::path run = own_ / fault;
    auto faulty = on_four(GetParam(), 60);
    faulty.insert(faulty.end(), {"--inject", fault});
    const Outcome done = train(run, faulty);
    ASSERT_EQ(done.status, 0) << done.err;
    EXPECT_TRUE(contents_of(run, 60) == contents_of(one, 60));
    const auto recoveries = events_of_kind<journal::Recovery>(run);
    ASSERT_EQ(recoveries.size(), 1U);
    EXPECT_EQ(recoveries[0].step, std::string_view(fault).find("step=30") == std::string_view::npos ? 0 : 29);
    EXPECT_EQ(read_run(run).metrics.at("train/loss"), read_run(one).metrics.at("train/loss"));
  }
}

TEST_P(SharedRun, MissesNoCheckpointOrEvaluationThatARankWasLostIn) {
  const fs::path one = alone(60);
  for (const char* fault :
       {"kill: rank=2 step=40 at=checkpoint", "kill: rank=1 step=40 at=save", "kill: rank=0 step=40 at=evaluate"}) {
    SCOPED_TRACE(fault);
    const fs::path run = own_ / fault;
    auto faulty = on_four(GetParam(), 60);
    faulty.insert(faulty.end(), {"--set", "eval.every_steps=20", "--inject", fault});
    const Outcome done = train(run, faulty);
    ASSERT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(events_of_kind<journal::Recovery>(run).size(), 1U);
    EXPECT_THAT(checkpoint::steps(run / "checkpoints"), testing::ElementsAre(20, 40, 60));
    EXPECT_TRUE(contents_of(run, 40) == contents_of(one, 40));
    EXPECT_TRUE(contents_of(run, 60) == contents_of(one, 60));
    EXPECT_TRUE(read_run(run).metrics.at("eval/t2i_r1").contains(40));
  }
}

TEST_P(SharedRun, GoesOnWhereARankIsLostBeforeTheFirstStep) {
  const fs::path one = alone(60), run = own_ / "run";
  const Outcome done = train(run, on_four(GetParam(), 60), [&](int pid) {
    while (ranks_of(pid).size() < 4) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    ::kill(ranks_of(pid)[2], SIGKILL);
  });
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_TRUE(contents_of(run, 60) == contents_of(one, 60));
  EXPECT_THAT(done.err, testing::Not(HasSubstr("is in call")));
}

TEST_P(SharedRun, WithoutCopiesInMemoryGoesBackToItsLastCheckpoint) {
  const fs::path one = alone(60), run = own_ / "run";
  auto arguments = on_four(GetParam(), 60);
  arguments.insert(arguments.end(), {"--set", "checkpoint.in_memory=false", "--inject", "kill: rank=2 step=30"});
  const Outcome done = train(run, arguments);
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_TRUE(contents_of(run, 60) == contents_of(one, 60));
  EXPECT_EQ(read_run(run).metrics.at("train/loss"), read_run(one).metrics.at("train/loss"));
  const auto recoveries = events_of_kind<journal::Recovery>(run);
  ASSERT_EQ(recoveries.size(), 1U);
  EXPECT_EQ(recoveries[0].step % 20, 0);
  EXPECT_THAT(recoveries[0].from, HasSubstr("rank 2"));
}

TEST_P(SharedRun, PassesADamagedShardOverAndSaysWhichItIs) {
  const fs::path one = alone(60), run = own_ / "run";
  ASSERT_EQ(train(run, on_four(GetParam(), 60),
                  [&](int pid) {
                    EXPECT_TRUE(wait_for_step(run, 45));
                    ::kill(pid, SIGTERM);
                  })
                .status,
            130);
  ASSERT_GE(checkpoint::steps(run / "checkpoints").size(), 2U);
  const fs::path newest = run / "checkpoints" / fmt::format("step-{}", checkpoint::steps(run / "checkpoints").back());
  fs::remove(newest / "shard-2-of-4.safetensors");
  const Outcome resumed = run_program({"train", run.string(), "--resume"});
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_THAT(resumed.err, HasSubstr("shard-2-of-4.safetensors is missing"));
  EXPECT_TRUE(contents_of(run, 60) == contents_of(one, 60));
}

TEST_P(SharedRun, IsForkedFromARunOfOneRankAndBack) {
  const fs::path one = alone(60), shared = own_ / "shared", back = own_ / "back";
  std::vector<std::string> arguments = on_four(GetParam(), 60);
  arguments.insert(arguments.end(), {"--fork", "20", "--from", one.string()});
  const Outcome forked = train(shared, arguments);
  ASSERT_EQ(forked.status, 0) << forked.err;
  EXPECT_TRUE(contents_of(shared, 20) == contents_of(one, 20));
  EXPECT_TRUE(contents_of(shared, 60) == contents_of(one, 60));
  arguments = on_four("none", 60);
  arguments.insert(arguments.end(), {"--set", "parallel.data=1", "--fork", "40", "--from", shared.string()});
  const Outcome again = train(back, arguments);
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_TRUE(contents_of(back, 60) == contents_of(one, 60));
}

// What coding takes away of gradients is a part of the state, too.
class SharedCodedRun : public SharedRun {};

TEST_P(SharedCodedRun, GoesBackToItsCheckpointOrOnFromItWithWhatCodingTookAway) {
  auto arguments = on_four(GetParam(), 60);
  arguments.insert(arguments.end(), {"--set", "parallel.gradient_format=fp8", "--set", "model.text_width=128"});
  const fs::path calm = own_ / "calm";
  ASSERT_EQ(train(calm, arguments).status, 0);
  auto faulty = arguments;
  faulty.insert(faulty.end(), {"--inject", "kill: rank=1 step=30"});
  const Outcome lost = train(own_ / "lost", faulty);
  ASSERT_EQ(lost.status, 0) << lost.err;
  EXPECT_TRUE(contents_of(own_ / "lost", 60) == contents_of(calm, 60));
  const auto told = events_of_kind<journal::Recovery>(own_ / "lost");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].rank, 1);
  EXPECT_GE(told[0].detect_ms, 0);
  EXPECT_GE(told[0].respawn_ms, 0);
  const fs::path run = own_ / "stopped";
  ASSERT_EQ(train(run, arguments,
                  [&](int pid) {
                    EXPECT_TRUE(wait_for_step(run, 25));
                    ::kill(pid, SIGTERM);
                  })
                .status,
            130);
  const Outcome resumed = run_program({"train", run.string(), "--resume"});
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_TRUE(contents_of(run, 60) == contents_of(calm, 60));
}
INSTANTIATE_TEST_SUITE_P(Levels, SharedCodedRun, testing::Values("optimizer", "pipeline", "ahead"),
                         [](const auto& level) { return std::string(level.param); });

INSTANTIATE_TEST_SUITE_P(Levels, SharedRun,
                         testing::Values("optimizer", "gradients", "parameters", "pipeline", "ahead"),
                         [](const auto& level) { return std::string(level.param); });

}  // namespace
}  // namespace athanor::runner
