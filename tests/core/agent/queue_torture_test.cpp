// The queue against a model of it, while the agent is killed between wishes and in the middle of them.
#include "tests/core/agent/home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace athanor::agent {
namespace {

using store::RunId;
using store::RunStatus;
using store::Spot;

struct Expected {
  RunId run = 0;
  int priority = 0;
  bool held = false;
  std::int64_t steps = 0;
  std::int64_t order = 0;  // among those of one priority; nobody tells it
  [[nodiscard]] bool operator==(const Expected& other) const {
    return run == other.run && priority == other.priority && held == other.held && steps == other.steps;
  }
};
using Model = std::vector<Expected>;  // in the order of the queue

std::ostream& operator<<(std::ostream& out, const Expected& each) {
  return out << fmt::format("{} (priority {}, {} steps{})", each.run, each.priority, each.steps,
                            each.held ? ", held" : "");
}

Model told(const Home& home) {
  Model model;
  for (const QueueEntry& entry : value_or_throw(home.client->queue()).queued)
    model.push_back(
        {entry.job.run, entry.job.priority, entry.job.hold != store::Hold::none, home.run(entry.job.run).steps, 0});
  return model;
}

void sort(Model& model) {
  std::ranges::sort(model, {}, [](const Expected& each) { return std::pair(-each.priority, each.order); });
}

// One wish as it is said to the agent, and what it makes of the queue.
struct Wish {
  std::function<Result<void>(Client&)> say;
  Model after;
};

class Wishes {
 public:
  explicit Wishes(std::uint32_t seed) : random_(seed) {}

  Wish next(const Model& now, RunId next_run) {
    if (now.size() < 4) return enqueue(now, next_run);
    const auto at = random_() % now.size();
    const RunId run = now[at].run;
    Model after = now;
    switch (random_() % 7) {
      case 0: return enqueue(now, next_run);
      case 1: {
        const bool held = random_() % 2 == 0;
        after[at].held = held;
        return {[=](Client& client) { return held ? client.hold({run}) : client.release({run}); }, after};
      }
      case 2: {
        const int priority = static_cast<int>(random_() % 5);
        after[at].priority = priority;
        sort(after);
        return {[=](Client& client) { return client.set_priority({run}, priority); }, after};
      }
      case 3: {
        const auto steps = static_cast<std::int64_t>(1 + random_() % 5);
        after[at].steps = steps;
        const Edit edit{"", {fmt::format("train.steps={}", steps)}};
        return {[=](Client& client) { return client.edit(run, edit); }, after};
      }
      case 4:
        after.erase(after.begin() + static_cast<std::ptrdiff_t>(at));
        return {[=](Client& client) { return client.stop(run); }, after};
      default: return move(now, at);
    }
  }

 private:
  Wish enqueue(const Model& now, RunId next_run) {
    const int priority = static_cast<int>(random_() % 3);
    const bool held = random_() % 4 == 0;
    Model after = now;
    std::int64_t order = 1;
    for (const Expected& each : now) order = std::max(order, each.order + 1);
    after.push_back({next_run, priority, held, 3, order});
    sort(after);
    Enqueue request{Home::recipe(3, "pace=1") + "threads = 1\n", 0, 0, {}};
    request.wish.priority = priority;
    request.wish.held = held;
    return {[=](Client& client) { return client.enqueue(request).map([](RunId) {}); }, after};
  }

  Wish move(const Model& now, std::size_t at) {
    const Spot spot = static_cast<Spot>(random_() % 4);
    Model after = now;
    Expected moved = after[at];
    after.erase(after.begin() + static_cast<std::ptrdiff_t>(at));
    const std::size_t other = random_() % after.size();
    const RunId beside = after[other].run;
    std::size_t to = other;
    if (spot == Spot::front) {
      moved.priority = std::max(moved.priority, after.front().priority);
      to = 0;
    } else if (spot == Spot::end) {
      moved.priority = std::min(moved.priority, after.back().priority);
      to = after.size();
    } else {
      moved.priority = after[other].priority;
      to += spot == Spot::after ? 1 : 0;
    }
    after.insert(after.begin() + static_cast<std::ptrdiff_t>(to), moved);
    for (std::size_t i = 0; i < after.size(); ++i) after[i].order = static_cast<std::int64_t>(i) + 1;
    return {[=, run = moved.run](Client& client) { return client.move({run}, spot, beside); }, after};
  }

  std::mt19937 random_;
};

TEST(QueueTorture, LosesNoWishAndDoesNoneByHalvesNorBeginsARunTwice) {
  Home home;
  home.start_agent();
  store::QueueSettings limits;
  limits.cores = 4;
  value_or_throw(home.client->limit(limits));
  value_or_throw(home.client->hold_queue(true));
  std::mt19937 random(11);
  Wishes wishes(12);
  Model model;
  int cut_short = 0, done_all_the_same = 0;
  for (int round = 0; round < 120; ++round) {
    const auto runs = static_cast<RunId>(value_or_throw(home.client->list()).size());
    const Wish wish = wishes.next(model, runs + 1);
    if (random() % 3 != 0) {
      value_or_throw(wish.say(*home.client));
      model = wish.after;
      if (random() % 4 == 0) {
        home.kill_agent();
        home.start_agent();
      }
    } else {  // in the middle of it
      auto client = std::move(home.client);
      std::jthread saying([&] { (void)wish.say(*client); });
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
      home.kill_agent();
      saying.join();
      home.start_agent();
      ++cut_short;
      // Where both look alike nobody can tell whether it was done: it is said once more.
      if (model == wish.after) value_or_throw(wish.say(*home.client));
      const bool is_done = told(home) == wish.after;
      done_all_the_same += is_done ? 1 : 0;
      if (is_done) model = wish.after;
    }
    ASSERT_EQ(told(home), model) << "round " << round;
  }
  RecordProperty("cut_short", cut_short);
  RecordProperty("done_all_the_same", done_all_the_same);

  std::vector<RunId> queued;
  for (const Expected& each : model) queued.push_back(each.run);
  value_or_throw(home.client->release(queued));
  value_or_throw(home.client->hold_queue(false));
  for (int kills = 0; kills < 8; ++kills) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 60));
    home.kill_agent();
    home.start_agent();
  }
  for (const Expected& each : model) {
    EXPECT_EQ(home.wait(each.run).status, RunStatus::finished);
    EXPECT_EQ(std::ssize(home.steps_of(each.run)), each.steps);
    int sessions = 0;
    for (const auto& occurrence : value_or_throw(home.history()->occurrences(each.run))) {
      const auto* change = std::get_if<journal::StateChanged>(&occurrence.payload);
      sessions += change != nullptr && change->state == journal::RunState::preparing ? 1 : 0;
    }
    EXPECT_EQ(sessions, 1) << "run " << each.run;
  }
  for (const store::Run& run : value_or_throw(home.client->list())) {
    const bool was_taken_out = std::ranges::find(queued, run.id) == queued.end();
    EXPECT_EQ(was_taken_out, run.started_ns == 0) << "run " << run.id;
  }
}

}  // namespace
}  // namespace athanor::agent
