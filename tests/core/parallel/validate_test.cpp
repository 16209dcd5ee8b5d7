// The validator: it finds what is wrong, explains it, and calls nothing wrong that is not.
#include "core/parallel/validate.h"

#include "core/parallel/transfers.h"
#include "tests/core/parallel/seeded_faults.h"
#include "tests/core/parallel/support.h"

#include <algorithm>

namespace athanor::parallel {
namespace {

using test::lowered;

std::string told(const std::vector<Fault>& faults) {
  std::string text;
  for (const Fault& fault : faults) text.append(to_string(fault.kind)).append(": ").append(fault.sentence).append("\n");
  return text;
}

// One line per rank.
Schedule written(const std::string& body) { return value_or_throw(parse_schedule("schedule by hand\n" + body)); }

TEST(Validate, CallsNoStaticScheduleWrong) {
  for (int p = 1; p <= 8; ++p)
    for (int m = 1; m <= 32; ++m)
      for (const Schedule& plain : static_schedules(p, m, 4))
        for (const Schedule& schedule : {plain, join_backward(plain), lowered(plain)}) {
          const auto faults = validate(schedule);
          ASSERT_TRUE(faults.empty()) << p << ' ' << m << ' ' << plain.name << '\n' << told(faults);
        }
}

TEST(Validate, CallsNoRandomGoodScheduleWrong) {
  std::minstd_rand random(1);
  for (int round = 0; round < 400; ++round) {
    const int p = 1 + round % 8, stages = 1 + round / 3 % 17, m = 1 + round % 11;
    const Schedule plain = test::random_schedule(p, stages, m, random);
    for (const Schedule& schedule : {plain, lowered(plain)}) {
      ASSERT_TRUE(test::executes(schedule)) << to_text(schedule);
      const auto faults = validate(schedule);
      ASSERT_TRUE(faults.empty()) << to_text(schedule) << told(faults);
    }
  }
}

TEST(Validate, FindsEverySeededFault) {
  std::minstd_rand random(2);
  std::vector<int> planted(test::seeds().size(), 0);
  for (int p = 1; p <= 8; ++p)
    for (const int m : {1, 2, 5, 8, 16})
      for (const Schedule& plain : static_schedules(p, m, 3))
        for (const Schedule& good : {plain, lowered(plain)})
          for (std::size_t which = 0; which < test::seeds().size(); ++which) {
            const test::Seed& seed = test::seeds()[which];
            Schedule bad = good;
            if (!seed.plant(bad, random)) continue;
            ++planted[which];
            const auto faults = validate(bad);
            ASSERT_TRUE(std::ranges::count(faults, seed.expected, &Fault::kind) > 0) << seed.name << '\n'
                                                                                     << to_text(bad) << told(faults);
            for (const Fault& fault : faults) {
              ASSERT_FALSE(fault.sentence.empty());
              ASSERT_TRUE(fault.op.has_value());
              ASSERT_NE(fault.sentence.find(to_text(*fault.op)), std::string::npos) << fault.sentence;
              ASSERT_GE(fault.rank, 0);
            }
          }
  for (std::size_t which = 0; which < planted.size(); ++which)
    EXPECT_GT(planted[which], 20) << test::seeds()[which].name;
}

// Any two ops of a rank change places: the validator must agree with an executor that really passes messages.
TEST(Validate, AgreesWithAnExecutorAboutAnySwap) {
  std::minstd_rand random(3);
  int good = 0, bad = 0;
  for (int round = 0; round < 3000; ++round) {
    const int p = 1 + round % 5, m = 1 + round % 7;
    const auto all = static_schedules(p, m, 3);
    const Schedule& plain = all[static_cast<std::size_t>(round) % all.size()];
    Schedule schedule = round % 2 == 0 ? plain : lowered(plain);
    auto& ops = schedule.ranks[random() / 7 % schedule.ranks.size()];
    std::swap(ops[random() / 7 % ops.size()], ops[random() / 7 % ops.size()]);
    const bool works = test::executes(schedule);
    const auto faults = validate(schedule);
    ASSERT_EQ(faults.empty(), works) << to_text(schedule) << told(faults);
    (works ? good : bad) += 1;
  }
  EXPECT_GT(good, 300);
  EXPECT_GT(bad, 300);
}

TEST(Validate, HoldsMemoryAgainstTheCapOfEachRank) {
  for (const Schedule& schedule : static_schedules(5, 12, 4)) {
    const int chunks = schedule.stage_count() / schedule.rank_count();
    MemoryLimit limit{uniform_costs(5, chunks, {}, 0).stages, {}};
    limit.caps = test::peaks(schedule, limit.stages);
    EXPECT_TRUE(validate(schedule, &limit).empty()) << schedule.name;
    for (std::size_t rank = 0; rank < 5; ++rank) {
      MemoryLimit less = limit;
      less.caps[rank] -= 1e-3;
      const auto faults = validate(schedule, &less);
      ASSERT_EQ(faults.size(), 1u) << schedule.name;
      EXPECT_EQ(faults[0].kind, FaultKind::memory);
      EXPECT_EQ(faults[0].rank, static_cast<int>(rank));
      EXPECT_EQ(schedule.ranks[rank][static_cast<std::size_t>(faults[0].place)], *faults[0].op);
    }
  }
}

TEST(Validate, CountsWhatStaysForTheWeightGradientAndWhatIsAway) {
  const Schedule schedule = written(
      "micro-batches 3\nstages 0\nrank 0: F0.0 OFFLOAD0.0 F0.1 I0.1 F0.2 PREFETCH0.0 I0.0 I0.2 W0.0 W0.1 W0.2\n");
  MemoryLimit limit{{StageCost{.activation = 4, .kept = 1}}, {9}};
  EXPECT_TRUE(validate(schedule, &limit).empty()) << told(validate(schedule, &limit));
  limit.caps = {8.9};
  EXPECT_EQ(told(validate(schedule, &limit)), "memory: rank 0 holds 9 at PREFETCH0.0 (place 5), but its cap is 8.9\n");
}

TEST(Validate, NamesTheBlockedOpOfEachRankAndWhoOwesWhat) {
  const Schedule schedule = written(
      "micro-batches 2\nstages 0 1 2\n"
      "rank 0: F0.0 B0.0 F0.1 B0.1\n"
      "rank 1: F1.1 F1.0 B1.0 B1.1\n"
      "rank 2: F2.0 B2.0 F2.1 B2.1\n");
  const auto faults = validate(schedule);
  ASSERT_EQ(faults.size(), 3u) << told(faults);
  for (const Fault& fault : faults) EXPECT_EQ(fault.kind, FaultKind::deadlock);
  EXPECT_EQ(faults[0].op, (Op{OpKind::backward, 0, 0}));
  EXPECT_EQ(faults[0].other, (Op{OpKind::backward, 1, 0}));
  EXPECT_EQ(faults[0].peer, 1);
  EXPECT_EQ(faults[1].op, (Op{OpKind::forward, 1, 1}));
  EXPECT_EQ(faults[1].other, (Op{OpKind::forward, 0, 1}));
  EXPECT_EQ(faults[1].peer, 0);
  EXPECT_EQ(faults[1].sentence,
            "rank 1 stands still at F1.1 (place 0): it waits for F0.1 (place 2) of rank 0, which stands still at B0.0 "
            "(place 1) before");
  EXPECT_EQ(faults[2].op, (Op{OpKind::forward, 2, 0}));
}

TEST(Validate, NamesBothEndsOfAChannelThatDisagree) {
  const auto faults =
      validate(written("micro-batches 2\nstages 0 1\n"
                       "rank 0: F0.0 F0.1 SEND_F0.1 SEND_F0.0 RECV_B0.0 B0.0 RECV_B0.1 B0.1\n"
                       "rank 1: RECV_F1.0 F1.0 B1.0 SEND_B1.0 RECV_F1.1 F1.1 B1.1 SEND_B1.1\n"));
  ASSERT_EQ(faults.size(), 1u) << told(faults);
  EXPECT_EQ(faults[0].kind, FaultKind::channel);
  EXPECT_EQ(faults[0].rank, 1);
  EXPECT_EQ(faults[0].peer, 0);
  EXPECT_EQ(faults[0].sentence,
            "rank 1 takes RECV_F1.0 (place 0) as message 0 of rank 0, which sends SEND_F0.1 (place 2) there");
}

TEST(Validate, CallsAnOpOfAnotherRankMisplacedAndNothingElse) {
  Schedule schedule = one_f_one_b(2, 2);
  schedule.stage_ranks = {0, 0};
  const auto faults = validate(schedule);
  ASSERT_EQ(faults.size(), 4u) << told(faults);
  EXPECT_EQ(faults[0].kind, FaultKind::misplaced);
  EXPECT_EQ(faults[0].peer, 0);
  EXPECT_EQ(faults[0].sentence, "rank 1 does F1.0 (place 0), but stage 1 lies on rank 0");
}

TEST(Validate, WatchesOverTheOpsOfWholeStages) {
  const std::string head = "micro-batches 2\nstages 0\nrank 0: ";
  EXPECT_TRUE(
      validate(written(head + "UNSHARD0 F0.0 F0.1 RESHARD0 UNSHARD0 B0.0 B0.1 RESHARD0 REDUCE_GRAD0 STEP0\n")).empty());
  for (const char* line : {
           "F0.0 F0.1 B0.0 REDUCE_GRAD0 B0.1 STEP0",
           "F0.0 F0.1 B0.0 STEP0 B0.1",
           "F0.0 F0.1 B0.0 B0.1 STEP0 REDUCE_GRAD0",
           "F0.0 F0.1 B0.0 B0.1 STEP0 STEP0",
           "UNSHARD0 F0.0 RESHARD0 F0.1 UNSHARD0 B0.0 B0.1",
           "UNSHARD0 UNSHARD0 F0.0 F0.1 B0.0 B0.1",
           "F0.0 UNSHARD0 F0.1 B0.0 B0.1",
           "UNSHARD0 F0.0 F0.1 B0.0 B0.1 RESHARD0 RESHARD0",
           "F0.0 OFFLOAD0.0 F0.1 B0.0 B0.1",
           "F0.0 OFFLOAD0.0 F0.1 B0.0 PREFETCH0.0 B0.1",
           "OFFLOAD0.0 F0.0 PREFETCH0.0 F0.1 B0.0 B0.1",
           "F0.0 PREFETCH0.0 OFFLOAD0.0 F0.1 B0.0 B0.1",
       })
    EXPECT_FALSE(validate(written(head + line + "\n")).empty()) << line;
}

TEST(Validate, RefusesSchedulesWithoutSense) {
  EXPECT_FALSE(validate({}).empty());
  Schedule schedule = one_f_one_b(2, 2);
  schedule.stage_ranks[1] = 2;
  EXPECT_EQ(told(validate(schedule)), "malformed: stage 1 lies on rank 2, but there are 2 ranks\n");
  schedule = one_f_one_b(2, 2);
  schedule.micro_batches = 0;
  EXPECT_FALSE(validate(schedule).empty());
  schedule.micro_batches = 2000000000;
  EXPECT_EQ(
      told(validate(schedule)),
      "malformed: the lists hold 8 ops, which is less than one for each of 2 stages and 2000000000 micro-batches\n");
  schedule = one_f_one_b(2, 2);
  schedule.ranks[0].push_back({OpKind::forward, 7, 0});
  schedule.ranks[0].push_back({OpKind::forward, 0, -1});
  EXPECT_EQ(validate(schedule).size(), 2u);
  schedule = insert_transfers(one_f_one_b(2, 2));
  schedule.ranks[0].push_back({OpKind::send_backward, 0, 0});
  EXPECT_EQ(told(validate(schedule)), "foreign: rank 0 does SEND_B0.0 (place 8), but there is no stage beyond\n");
}

}  // namespace
}  // namespace athanor::parallel
