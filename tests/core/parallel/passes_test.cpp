// The passes that lower a schedule.
#include "core/parallel/passes.h"

#include "core/parallel/simulate.h"
#include "core/parallel/transfers.h"
#include "core/parallel/validate.h"
#include "tests/core/parallel/seeded_faults.h"
#include "tests/core/parallel/support.h"

#include <algorithm>
#include <map>

namespace athanor::parallel {
namespace {

using test::line_of;

TEST(OrderMicroBatches, LeavesStaticSchedulesAsTheyAre) {
  for (const Schedule& plain : static_schedules(4, 8, 2)) EXPECT_EQ(order_micro_batches(plain), plain) << plain.name;
}

TEST(OrderMicroBatches, GivesEachStageItsMicroBatchesInTurnAndNoLoss) {
  std::minstd_rand random(5);
  bool moved = false;
  for (int i = 0; i < 200; ++i) {
    const Schedule plain = test::random_schedule(1 + i % 4, 1 + i % 7, 1 + i % 9, random);
    const Schedule ordered = order_micro_batches(plain);
    ASSERT_TRUE(validate(ordered).empty()) << to_text(plain) << to_text(ordered);
    const CostModel costs{.stages = std::vector<StageCost>(
                              plain.stage_ranks.size(), {.forward = 1, .input_gradient = 1.2, .weight_gradient = 0.7}),
                          .hop = 0.3};
    EXPECT_LE(simulate(ordered, costs)->makespan, simulate(plain, costs)->makespan + 1e-9) << to_text(plain);
    for (const auto& ops : ordered.ranks) {
      std::map<std::pair<bool, int>, int> next;  // of F, and of I or B
      for (const Op& op : ops)
        if (op.kind != OpKind::weight_gradient) {
          EXPECT_EQ(op.micro_batch, (next[{op.kind == OpKind::forward, op.stage}]++)) << to_text(ordered);
        }
    }
    moved = moved || ordered != plain;
  }
  EXPECT_TRUE(moved);
}

TEST(JoinBackward, JoinsNeighboursOnly) {
  Schedule schedule = join_backward(zb_h1(2, 2));
  EXPECT_EQ(line_of(schedule, 0), "F0.0 F0.1 B0.0 B0.1");
  EXPECT_EQ(line_of(schedule, 1), "F1.0 I1.0 F1.1 I1.1 W1.0 W1.1");
  EXPECT_EQ(join_backward(schedule), schedule);
}

TEST(InsertTransfers, SendsWhatIsReadyAndReceivesWhatIsNeeded) {
  const Schedule schedule = insert_transfers(one_f_one_b(2, 2));
  EXPECT_EQ(line_of(schedule, 0), "F0.0 SEND_F0.0 F0.1 SEND_F0.1 RECV_B0.0 B0.0 RECV_B0.1 B0.1");
  EXPECT_EQ(line_of(schedule, 1), "RECV_F1.0 F1.0 B1.0 SEND_B1.0 RECV_F1.1 F1.1 B1.1 SEND_B1.1");
}

TEST(InsertTransfers, SendsNothingWithinARank) {
  const Schedule schedule = insert_transfers(zb_v(1, 4));
  EXPECT_FALSE(has_transfers(schedule));
  const Schedule turned = insert_transfers(zb_v(2, 4));
  for (const Op& op : turned.ranks[1]) EXPECT_NE(op, (Op{OpKind::send_forward, 1, op.micro_batch}));
}

// Each receive stands where the order of its channel lets it: before its consumer, after the receives sent earlier.
TEST(InsertTransfers, GivesBothSidesOfAChannelTheSameOrder) {
  for (const Schedule& plain : static_schedules(6, 12, 4)) {
    const Schedule schedule = insert_transfers(plain);
    std::map<std::pair<int, int>, std::vector<Op>> sent, received;
    for (int rank = 0; rank < schedule.rank_count(); ++rank)
      for (const Op& op : schedule.ranks[static_cast<std::size_t>(rank)]) {
        if (is_send(op.kind)) sent[{rank, peer_of(schedule, op)}].push_back(counterpart(op));
        if (is_receive(op.kind)) received[{peer_of(schedule, op), rank}].push_back(op);
      }
    EXPECT_FALSE(sent.empty());
    EXPECT_EQ(sent, received) << plain.name;
  }
}

// A rank may need what is sent to it in another order: then what was sent first is received first, early.
TEST(InsertTransfers, ReceivesEarlyWhatIsSentBeforeItIsNeeded) {
  const Schedule schedule = insert_transfers(
      parse_schedule("schedule crossed\nmicro-batches 2\nstages 0 1\nrank 0: F0.0 F0.1 B0.0 B0.1\nrank 1: F1.1 B1.1 "
                     "F1.0 B1.0\n")
          .value());
  EXPECT_EQ(line_of(schedule, 1), "RECV_F1.0 RECV_F1.1 F1.1 B1.1 SEND_B1.1 F1.0 B1.0 SEND_B1.0");
}

TEST(Passes, LeaveAsItIsWhatTheyHaveDone) {
  for (const Schedule& plain : static_schedules(4, 8, 2)) {
    const Schedule once = test::lowered(plain);
    EXPECT_EQ(insert_steps(insert_reductions(insert_transfers(join_backward(once)))), once) << plain.name;
  }
}

TEST(InsertReductions, FollowsTheLastWeightGradientOfAStage) {
  const Schedule schedule = insert_steps(insert_reductions(zb_v(2, 2)));
  for (const auto& ops : schedule.ranks)
    for (std::size_t place = 0; place < ops.size(); ++place) {
      if (ops[place].kind != OpKind::reduce_gradient) continue;
      const int stage = ops[place].stage;
      EXPECT_EQ(ops[place - 1], (Op{OpKind::weight_gradient, stage, 1}));
      EXPECT_TRUE(std::ranges::find(ops, Op{OpKind::step, stage, kWholeStage}) >
                  ops.begin() + static_cast<long>(place));
    }
  EXPECT_EQ(std::ranges::count(schedule.ranks[0], OpKind::reduce_gradient, &Op::kind), 2);
  EXPECT_EQ(std::ranges::count(schedule.ranks[0], OpKind::step, &Op::kind), 2);
}

}  // namespace
}  // namespace athanor::parallel
