// The runtime of a pipeline over stages that check what they are given.
#include "core/distributed/pipeline_runner.h"

#include "core/comm/group.h"
#include "core/parallel/transfers.h"
#include "core/parallel/validate.h"
#include "core/tensor/context.h"
#include "tests/core/comm/ranks.h"
#include "tests/core/distributed/schedules.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <tuple>

namespace athanor::distributed {
namespace {

using namespace std::chrono_literals;
using comm::Group;
using comm::Kind;
using comm::require;
using comm::run_ranks;
using parallel::Op;
using parallel::OpKind;
using parallel::Schedule;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kNumbers = 3000;  // of a message

// Gives numbers that tell stage, micro-batch and direction, and wants those of its neighbours.
class CheckingStage : public StageWork {
 public:
  CheckingStage(Context& context, int stage, int stages) : context_(context), stage_(stage), stages_(stages) {}

  Tensor make_input_space(int) override { return space(); }
  Tensor make_output_gradient_space(int) override { return space(); }
  Tensor forward(int micro_batch, const Tensor& input) override {
    work({OpKind::forward, stage_, micro_batch});
    expect(input, stage_ > 0, value(stage_ - 1, micro_batch));
    return stage_ + 1 < stages_ ? context_.full({kNumbers}, value(stage_, micro_batch)) : Tensor();
  }
  Tensor input_gradient(int micro_batch, const Tensor& output_gradient) override {
    work({OpKind::input_gradient, stage_, micro_batch});
    return go_back(micro_batch, output_gradient);
  }
  Tensor backward(int micro_batch, const Tensor& output_gradient) override {
    work({OpKind::backward, stage_, micro_batch});
    return go_back(micro_batch, output_gradient);
  }
  void weight_gradient(int micro_batch) override { work({OpKind::weight_gradient, stage_, micro_batch}); }
  void reduce_gradients() override { work({OpKind::reduce_gradient, stage_, parallel::kWholeStage}); }
  void step() override { work({OpKind::step, stage_, parallel::kWholeStage}); }

  std::function<void(const Op&)> before;  // each op; may be empty
  std::vector<Op> done;
  int spaces = 0;  // that it was asked for

 private:
  static float value(int stage, int micro_batch) { return static_cast<float>(1000 * stage + micro_batch + 1); }
  void work(const Op& op) {
    if (before) before(op);
    done.push_back(op);
  }
  Tensor space() {
    ++spaces;
    return context_.empty({kNumbers});
  }
  Tensor go_back(int micro_batch, const Tensor& gradient) {
    expect(gradient, stage_ + 1 < stages_, -value(stage_ + 1, micro_batch));
    return stage_ > 0 ? context_.full({kNumbers}, -value(stage_, micro_batch)) : Tensor();
  }
  static void expect(const Tensor& got, bool present, float wanted) {
    require(got.present() == present, "it is given something where it needs nothing, or nothing");
    if (!present) return;
    for (const float number : got.host<float>()) require(number == wanted, fmt::format("{} not {}", number, wanted));
  }

  Context& context_;
  int stage_, stages_;
};

// A rank's stages of a schedule.
struct Rank {
  Rank(Group& group, const Schedule& schedule) : context({}) {
    for (int stage = 0; stage < schedule.stage_count(); ++stage) {
      const bool here = schedule.stage_ranks[static_cast<std::size_t>(stage)] == group.world().rank();
      owned.push_back(here ? std::make_unique<CheckingStage>(context, stage, schedule.stage_count()) : nullptr);
      stages.push_back(owned.back().get());
    }
  }
  void before_each(const std::function<void(const Op&)>& before) {
    for (const auto& stage : owned)
      if (stage) stage->before = before;
  }

  Context context;
  std::vector<std::unique_ptr<CheckingStage>> owned;
  std::vector<StageWork*> stages;
};

std::vector<Op> without_transfers(std::vector<Op> ops) {
  std::erase_if(ops, [](const Op& op) { return is_send(op.kind) || is_receive(op.kind); });
  return ops;
}

// Disturbs the order in which threads come to run.
std::function<void(const Op&)> stressor(unsigned seed) {
  return [random = std::minstd_rand(seed)](const Op&) mutable {
    for (unsigned i = random() % 64; i > 0; --i) std::this_thread::yield();
  };
}

TEST(PipelineRunner, DoesEveryScheduleInOrderWithWhatNeighboursGave) {
  for (const auto& [p, m] : std::vector<std::pair<int, int>>{{1, 3}, {2, 4}, {4, 8}, {3, 6}})
    for (const Schedule& schedule : test::every_schedule(p, m)) {
      SCOPED_TRACE(fmt::format("{} p {} m {}", schedule.name, p, m));
      std::mutex mutex;
      comm::run_threads(p, {}, [&](Group& group) {
        const int rank = group.world().rank();
        Rank mine(group, schedule);
        std::vector<Op> done;
        mine.before_each([&, stress = stressor(static_cast<unsigned>(rank + 1))](const Op& op) mutable {
          stress(op);
          done.push_back(op);
        });
        PipelineRunner runner(group.world(), schedule, mine.stages);
        for (int step = 0; step < 3; ++step) {
          done.clear();
          runner.run();
          const std::lock_guard lock(mutex);
          EXPECT_EQ(done, without_transfers(schedule.ranks[static_cast<std::size_t>(rank)]));
        }
      });
    }
}

TEST(PipelineRunner, ReceivesOnlyFromOtherRanks) {
  const Schedule schedule = test::lowered(parallel::zb_v(2, 4));  // stages 1 and 2 share rank 1
  comm::run_threads(2, {}, [&](Group& group) {
    Rank mine(group, schedule);
    PipelineRunner(group.world(), schedule, mine.stages).run();
    // Inputs of 1 from 0 and of 3 from 2, output gradients of 2 from 3 and of 0 from 1.
    for (const auto& stage : mine.owned)
      if (stage) {
        EXPECT_EQ(stage->spaces, 4);
      }
  });
}

TEST(PipelineRunner, TellsOneSpanOfEachOpAndNoOpBeforeWhatItNeeds) {
  const Schedule schedule = test::lowered(parallel::zb_v(4, 8));
  std::mutex mutex;
  std::map<std::string, PipelineSpan> spans;
  comm::run_threads(4, {}, [&](Group& group) {
    Rank mine(group, schedule);
    std::vector<PipelineSpan> told;
    PipelineRunner runner(group.world(), schedule, mine.stages,
                          {.now_ns = [] { return std::chrono::steady_clock::now().time_since_epoch().count(); },
                           .tell = [&](const PipelineSpan& span) { told.push_back(span); },
                           .enter = {}});
    runner.run();
    const std::lock_guard lock(mutex);
    for (std::size_t i = 0; i < told.size(); ++i) {
      EXPECT_LE(told[i].begin_ns, told[i].end_ns);
      EXPECT_TRUE(i == 0 || told[i - 1].end_ns <= told[i].begin_ns);
      EXPECT_TRUE(spans.emplace(to_text(told[i].op), told[i]).second) << to_text(told[i].op);
    }
  });
  std::size_t ops = 0;
  for (const auto& list : schedule.ranks) {
    ops += list.size();
    for (const Op& op : list)
      if (is_receive(op.kind)) {
        EXPECT_GE(spans.at(to_text(op)).end_ns, spans.at(to_text(counterpart(op))).begin_ns) << to_text(op);
      }
  }
  EXPECT_EQ(spans.size(), ops);
}

TEST(PipelineSpans, AreSpansOfAJournalInWhichReceivesAreNoCompute) {
  const auto span = to_journal({{OpKind::receive_forward, 2, 5}, 10, 30}, 3, 7);
  EXPECT_EQ(span.kind, journal::SpanKind::receive);
  EXPECT_EQ(std::tuple(span.rank, span.step, span.micro_batch, span.begin_ns, span.end_ns),
            std::tuple(3, 7, 5, 10, 30));
  EXPECT_EQ(to_journal({{OpKind::input_gradient, 0, 1}, 0, 1}, 0, 0).kind, journal::SpanKind::input_gradient);
  EXPECT_EQ(to_journal({{OpKind::step, 0, parallel::kWholeStage}, 0, 1}, 0, 0).micro_batch, 0);
}

TEST(PipelineRunner, GoesOnWhileABufferIsFreeWithoutItsNeighbour) {
  const Schedule schedule = test::lowered(parallel::gpipe(2, 6));
  std::atomic<int> begun{-1};
  comm::run_threads(2, {}, [&](Group& group) {
    Rank mine(group, schedule);
    const int rank = group.world().rank();
    mine.before_each([&](const Op& op) {
      if (op.kind != OpKind::forward) return;
      if (rank == 0) begun = op.micro_batch;
      // The neighbour takes the first message and no more before the last forward has begun.
      while (rank == 1 && begun < 5) std::this_thread::yield();
    });
    PipelineRunner(group.world(), schedule, mine.stages).run();
  });
}

class PipelineTrouble : public testing::TestWithParam<Kind> {};
INSTANTIATE_TEST_SUITE_P(Ranks, PipelineTrouble, testing::Values(Kind::threads, Kind::processes),
                         [](const auto& each) { return to_string(each.param); });

// Runs a schedule with something done before each op, and says how the ranks ended.
comm::Endings endings_of(Kind kind, const Schedule& schedule, const std::function<void(Group&, const Op&)>& before,
                         std::chrono::milliseconds timeout = 20s) {
  return run_ranks(kind, schedule.rank_count(), {.timeout = timeout, .digest = {}}, [&](Group& group) {
    Rank mine(group, schedule);
    mine.before_each([&](const Op& op) { before(group, op); });
    PipelineRunner runner(
        group.world(), schedule, mine.stages,
        {.now_ns = {}, .tell = {}, .enter = [&](std::string_view op) { group.board().enter_section(op); }});
    std::string first;
    try {
      runner.run();
    } catch (const Failure& failure) {
      first = failure.what();
    }
    require(!first.empty(), "it came to its end");
    runner.run();  // throws the same again
  });
}

TEST_P(PipelineTrouble, AStageThatFailsEndsAllRanksWithItsCause) {
  const Schedule schedule = test::lowered(parallel::one_f_one_b(4, 8));
  const auto endings = endings_of(GetParam(), schedule, [](Group&, const Op& op) {
    if (op == Op{OpKind::backward, 1, 2})
      throw Failure(ErrorKind::numeric, "add numbers up", "one is not finite", "lower the rate");
  });
  EXPECT_THAT(endings, Each(AllOf(HasSubstr("rank 1 of the pipeline"), HasSubstr("one is not finite"))));
  EXPECT_THAT(endings[1], HasSubstr("do B1.2 on rank 1 of the pipeline: could not add numbers up: one is not finite"));
  EXPECT_THAT(endings[1], HasSubstr("Lower the rate"));
  EXPECT_THAT(endings[0], AllOf(HasSubstr("do RECV_B0."), HasSubstr("from rank 1 for B0."), HasSubstr("on rank 0"),
                                HasSubstr("failed in B1.2")));
}

TEST_P(PipelineTrouble, ARankThatStandsStillIsNamedWithItsOpWhenTheDeadlinePasses) {
  const Schedule schedule = test::lowered(parallel::zb_v(2, 4));
  const auto endings = endings_of(
      GetParam(), schedule,
      [](Group& group, const Op& op) {
        if (op == Op{OpKind::forward, 1, 1}) comm::wait_for_fault(group);
      },
      2s);
  EXPECT_THAT(endings[0], AllOf(HasSubstr("from rank 1 for "), HasSubstr("on rank 0 of the pipeline"),
                                HasSubstr("rank 1 "), HasSubstr("F1.1")));
  EXPECT_THAT(endings[1], HasSubstr("on rank 1 of the pipeline"));
}

TEST(PipelineRunner, NamesARankThatDiesWithItsOp) {
  const Schedule schedule = test::lowered(parallel::one_f_one_b(3, 6));
  const auto endings = endings_of(Kind::processes, schedule, [](Group&, const Op& op) {
    if (op == Op{OpKind::forward, 1, 3}) ::raise(SIGKILL);
  });
  EXPECT_THAT(endings[1], HasSubstr("ended by"));
  for (const std::size_t rank : {0, 2})
    EXPECT_THAT(endings[rank], AllOf(HasSubstr("rank 1 has died in F1.3"), HasSubstr("from rank 1 for "),
                                     HasSubstr(fmt::format("on rank {} of the pipeline", rank))));
}

// What both ranks say.
std::string refusal_of(const Schedule& schedule, const std::function<void(Rank&)>& change = {}) {
  std::array<std::string, 2> refusals;
  comm::run_threads(2, {}, [&](Group& group) {
    Rank mine(group, schedule);
    if (change) change(mine);
    try {
      const PipelineRunner runner(group.world(), schedule, mine.stages);
    } catch (const Failure& failure) {
      refusals[static_cast<std::size_t>(group.world().rank())] = failure.what();
    }
  });
  EXPECT_EQ(refusals[0], refusals[1]);
  return refusals[0];
}

TEST(PipelineRunner, RefusesAScheduleWithAFaultBeforeAnythingRuns) {
  Schedule schedule = test::lowered(parallel::one_f_one_b(2, 4));
  std::swap(schedule.ranks[1][1], schedule.ranks[1][2]);
  EXPECT_THAT(refusal_of(schedule),
              AllOf(HasSubstr("execute the schedule 1f1b"), HasSubstr(validate(schedule).front().sentence)));
}

TEST(PipelineRunner, RefusesWhatItCannotExecute) {
  EXPECT_THAT(refusal_of(parallel::one_f_one_b(2, 4)), HasSubstr("no sends and receives"));
  Schedule offloading = test::lowered(parallel::one_f_one_b(2, 4));
  auto& ops = offloading.ranks[0];
  const auto first = std::ranges::find(ops, Op{OpKind::forward, 0, 0});
  ops.insert(ops.insert(first + 1, Op{OpKind::prefetch, 0, 0}), Op{OpKind::offload, 0, 0});
  EXPECT_THAT(refusal_of(offloading), HasSubstr("OFFLOAD0.0 cannot be executed yet"));
  EXPECT_THAT(refusal_of(test::lowered(parallel::one_f_one_b(3, 4))), HasSubstr("it is for 3 ranks, and there are 2"));
  EXPECT_THAT(
      refusal_of(test::lowered(parallel::one_f_one_b(2, 4)), [](Rank& mine) { mine.stages.push_back(nullptr); }),
      HasSubstr("it is for 2 stages, and there are 3"));
}

TEST(PipelineRunner, RefusesRanksThatComeWithDifferentSchedules) {
  const auto endings = run_ranks(Kind::threads, 3, {}, [&](Group& group) {
    const Schedule schedule = test::lowered(group.world().rank() == 1 ? parallel::gpipe(3, 4) : parallel::zb_h1(3, 4));
    Rank mine(group, schedule);
    PipelineRunner(group.world(), schedule, mine.stages).run();
  });
  EXPECT_THAT(endings, Each(HasSubstr("rank 1 comes with another schedule than rank 0")));
}

}  // namespace
}  // namespace athanor::distributed
