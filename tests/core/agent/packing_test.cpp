// Which runs begin beside which: pure decisions, held against simulated queues.
#include "core/agent/packing.h"

#include "core/agent/machine.h"
#include "core/agent/needs.h"
#include "core/agent/process.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <thread>
#include <unistd.h>

namespace athanor::agent {
namespace {

using store::DeviceWish;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr Room kFour{4, 0, kAnySlots};

store::Job job(store::RunId run, int threads, int ranks = 1, DeviceWish device = DeviceWish::cpu) {
  store::Job made;
  made.run = run;
  made.needs = {ranks, threads, device};
  return made;
}

std::vector<Why> whys(const std::vector<store::Job>& queue, const Offer& offer) {
  std::vector<Why> out;
  for (const Standing& each : stand(queue, offer)) out.push_back(each.why);
  return out;
}

TEST(Needs, AreWhatTheRecipeSaysAndWhatRanksShareOfTheCores) {
  const auto room = [](const std::string& toml, const Room& all) { return room_for(needs_of(toml), all); };
  EXPECT_EQ(room("[train]\nthreads = 2\n", kFour), (Room{2, 0, 1}));
  EXPECT_EQ(room("", kFour), (Room{4, 0, 1}));
  EXPECT_EQ(room("[parallel]\ndata = 2\n", kFour), (Room{4, 0, 1}));
  EXPECT_EQ(room("[parallel]\ndata = 3\n", kFour), (Room{3, 0, 1}));
  EXPECT_EQ(room("[parallel]\ndata = 2\ntensor = 2\npipeline = 2\n", kFour), (Room{4, 0, 1}));
  EXPECT_EQ(room("[train]\nthreads = 64\n", kFour), (Room{4, 0, 1}));
  const Room gpus{16, 2, kAnySlots};
  EXPECT_EQ(room("", gpus), (Room{1, 1, 1}));
  EXPECT_EQ(room("[parallel]\ndata = 4\n[train]\nthreads = 8\n", gpus), (Room{4, 2, 1}));
  EXPECT_EQ(room("[train]\ndevice = \"cpu\"\nthreads = 8\n", gpus), (Room{8, 0, 1}));
  EXPECT_EQ(room("[train]\ndevice = \"cuda\"\n", kFour), (Room{1, 0, 1}));
  EXPECT_EQ(room("[parallel]\ndata = 9000000000\n", kFour).cores, 4);
}

TEST(Machines, AreUsedAsFarAsTheSettingsSay) {
  const Machine machine{8, {"GPU-a", "GPU-b"}};
  EXPECT_EQ(room_of(machine, {}), (Room{8, 2, kAnySlots}));
  EXPECT_EQ(room_of(machine, {.cores = 3, .gpus = 1, .slots = 2}), (Room{3, 1, 2}));
  EXPECT_EQ(room_of(machine, {.cores = 16, .gpus = 9}), (Room{16, 2, kAnySlots}));
}

TEST(Packing, LetsRunsBeginAsLongAsTheyFit) {
  EXPECT_THAT(whys({job(1, 2), job(2, 2), job(3, 1)}, {kFour, {}}), ElementsAre(Why::starts, Why::starts, Why::cores));
  EXPECT_THAT(whys({job(1, 64), job(2, 1)}, {kFour, {}}), ElementsAre(Why::starts, Why::cores));
  EXPECT_THAT(whys({job(1, 64)}, {kFour, {{1, 0, 1}}}), ElementsAre(Why::cores));  // alone
  EXPECT_THAT(whys({job(1, 1), job(2, 1)}, {{4, 0, 1}, {}}), ElementsAre(Why::starts, Why::slots));
  const Room gpus{16, 2, kAnySlots};
  EXPECT_THAT(whys({job(1, 1, 1, DeviceWish::cuda), job(2, 0, 2, DeviceWish::automatic), job(3, 8)}, {gpus, {}}),
              ElementsAre(Why::starts, Why::gpus, Why::starts));
}

TEST(Packing, LetsASmallRunPassABigOneOnlyWhereThatChangesNothingForIt) {
  // Two cores go on; the big one needs three. Whatever is left beside it may be taken.
  EXPECT_THAT(whys({job(1, 3), job(2, 1)}, {kFour, {{2, 0, 1}}}), ElementsAre(Why::cores, Why::starts));
  EXPECT_THAT(whys({job(1, 3), job(2, 2)}, {kFour, {{2, 0, 1}}}), ElementsAre(Why::cores, Why::behind));
  // One core could go to the small one and would fit beside the big one in the end, but the big one might have begun
  // when the first of the two ended.
  EXPECT_THAT(whys({job(1, 2), job(2, 1)}, {kFour, {{2, 0, 1}, {1, 0, 1}}}), ElementsAre(Why::cores, Why::behind));
  EXPECT_THAT(whys({job(1, 4), job(2, 1)}, {kFour, {{1, 0, 1}}}), ElementsAre(Why::cores, Why::behind));
  // What the first lacks is a GPU; cores are enough for both.
  EXPECT_THAT(whys({job(1, 1, 1, DeviceWish::cuda), job(2, 8)}, {{16, 1, kAnySlots}, {{1, 1, 1}}}),
              ElementsAre(Why::gpus, Why::starts));
}

TEST(Packing, PassesWhatWaitsForSomethingElse) {
  std::vector<store::Job> queue = {job(1, 4), job(2, 4), job(3, 4), job(4, 4), job(5, 4), job(6, 4), job(7, 1)};
  queue[0].hold = store::Hold::asked;
  queue[1].after = {{70, store::RunStatus::running, false}, {71, store::RunStatus::queued, false}};
  queue[2].after = {{72, store::RunStatus::failed, true}};
  queue[3].retry.not_before_ns = 1000;
  queue[4].trial = store::Trial{.sweep = 9, .sweep_held = true};
  queue[5].after = {{72, store::RunStatus::failed, true}};
  queue[5].continue_on_error = true;
  Offer offer{kFour, {}, false, 999};
  EXPECT_THAT(whys(queue, offer),
              ElementsAre(Why::held, Why::after, Why::fault, Why::later, Why::sweep_held, Why::starts, Why::cores));
  const auto standings = stand(queue, offer);
  EXPECT_THAT(standings[1].waits_for, ElementsAre(70, 71));
  EXPECT_EQ(in_words(standings[1], queue[1], offer), "it follows runs 70, 71");
  EXPECT_THAT(in_words(standings[2], queue[2], offer), HasSubstr("run 72 has not finished"));
  EXPECT_EQ(in_words(standings[6], queue[6], {kFour, {{4, 0, 1}}}), "it needs 1 core, 0 are free");
  offer.is_held = true;
  offer.now_ns = 1000;
  EXPECT_THAT(whys(queue, offer), ElementsAre(Why::held, Why::after, Why::fault, Why::queue_held, Why::sweep_held,
                                              Why::queue_held, Why::queue_held));
}

TEST(Children, SeeTheGpusAndCoresThatTheyWereGiven) {
  const auto log = std::filesystem::temp_directory_path() / fmt::format("athanor-children-{}", ::getpid());
  const auto words_of = [&](const std::vector<std::string>& command, const Surroundings& surroundings) {
    std::filesystem::remove(log);
    Waiting child = value_or_throw(Waiting::spawn(command, log, surroundings));
    value_or_throw(child.go());
    while (!collect(child.process().pid).known) std::this_thread::yield();
    std::ifstream in(log);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::vector<std::string> env = {"/usr/bin/env"};
  EXPECT_THAT(words_of(env, {0, std::vector<std::string>{"GPU-a", "GPU-b"}}),
              HasSubstr("CUDA_VISIBLE_DEVICES=GPU-a,GPU-b\n"));
  EXPECT_THAT(words_of(env, {0, std::vector<std::string>{}}), HasSubstr("CUDA_VISIBLE_DEVICES=\n"));
  ::setenv("CUDA_VISIBLE_DEVICES", "7", 1);
  EXPECT_THAT(words_of(env, {}), HasSubstr("CUDA_VISIBLE_DEVICES=7\n"));
  EXPECT_THAT(
      words_of(env, {0, std::vector<std::string>{"GPU-a"}}),
      testing::AllOf(HasSubstr("CUDA_VISIBLE_DEVICES=GPU-a\n"), testing::Not(HasSubstr("CUDA_VISIBLE_DEVICES=7"))));
  ::unsetenv("CUDA_VISIBLE_DEVICES");
  EXPECT_EQ(words_of({"/usr/bin/nproc"}, {1, {}}), "1\n");
  std::filesystem::remove(log);
}

// When runs of these lengths would begin, by number; `leaves_out`: the first is alone with those that go on already.
std::map<store::RunId, int> begins(std::vector<store::Job> queue, const Room& all,
                                   std::vector<std::pair<Room, int>> going,
                                   const std::map<store::RunId, int>& lengths) {
  std::map<store::RunId, int> begun;
  for (int now = 0; !queue.empty() && now < 1000; ++now) {
    std::erase_if(going, [&](const auto& each) { return each.second <= now; });
    Offer offer{all, {}};
    for (const auto& [room, end] : going) offer.taken.push_back(room);
    std::vector<store::Job> left;
    const auto standings = stand(queue, offer);
    for (std::size_t i = 0; i < queue.size(); ++i) {
      if (standings[i].why != Why::starts) {
        left.push_back(queue[i]);
        continue;
      }
      begun[queue[i].run] = now;
      going.emplace_back(standings[i].room, now + lengths.at(queue[i].run));
    }
    Room free = all;
    for (const auto& [room, end] : going)
      free = {free.cores - room.cores, free.gpus - room.gpus, free.slots - room.slots};
    EXPECT_GE(free.cores, 0);
    EXPECT_GE(free.gpus, 0);
    EXPECT_GE(free.slots, 0);
    queue = std::move(left);
  }
  return begun;
}

TEST(Packing, NeitherOverfillsNorDelaysTheFirstThatDoesNotFitNorForgetsAny) {
  std::mt19937 random(3);
  int passed = 0;
  for (int round = 0; round < 400; ++round) {
    const Room all{static_cast<int>(1 + random() % 8), static_cast<int>(random() % 3),
                   random() % 3 == 0 ? static_cast<int>(1 + random() % 4) : kAnySlots};
    std::map<store::RunId, int> lengths;
    std::vector<std::pair<Room, int>> going;
    Room free = all;
    while (random() % 4 != 0) {
      const Room room = room_for({1, static_cast<int>(1 + random() % 4), DeviceWish::cpu}, all);
      if (room.cores > free.cores || free.slots < 1) break;
      free = {free.cores - room.cores, free.gpus, free.slots - 1};
      going.emplace_back(room, static_cast<int>(1 + random() % 20));
    }
    std::vector<store::Job> queue;
    for (store::RunId run = 1; run <= 12; ++run) {
      const auto device = random() % 3 == 0 ? DeviceWish::cuda : DeviceWish::cpu;
      queue.push_back(job(run, static_cast<int>(random() % 6), static_cast<int>(1 + random() % 3), device));
      lengths[run] = static_cast<int>(1 + random() % 20);
    }
    const auto all_of_them = begins(queue, all, going, lengths);
    ASSERT_EQ(all_of_them.size(), queue.size());
    // Up to the first that does not fit at once nothing passes anything; that one begins as if nothing stood behind it.
    std::size_t first = 0;
    while (first < queue.size() && all_of_them.at(queue[first].run) == 0) ++first;
    if (first == queue.size()) continue;
    const std::vector<store::Job> without(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(first) + 1);
    const auto alone = begins(without, all, going, lengths);
    EXPECT_EQ(all_of_them.at(queue[first].run), alone.at(queue[first].run)) << "round " << round;
    for (std::size_t i = first + 1; i < queue.size(); ++i)
      passed += all_of_them.at(queue[i].run) < all_of_them.at(queue[first].run) ? 1 : 0;
  }
  EXPECT_GT(passed, 50);  // or the rule would be tested by queues in which nothing ever passes
}

}  // namespace
}  // namespace athanor::agent
