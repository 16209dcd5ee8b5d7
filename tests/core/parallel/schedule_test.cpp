// A schedule as a value: placements and the text form.
#include "core/parallel/schedule.h"

namespace athanor::parallel {
namespace {

const char* const kText =
    "schedule by hand\n"
    "micro-batches 2\n"
    "stages 0 1\n"
    "rank 0: UNSHARD0 F0.0 SEND_F0.0 F0.1 SEND_F0.1 OFFLOAD0.1 PREFETCH0.1 RECV_B0.0 I0.0 W0.0 RECV_B0.1 B0.1 RESHARD0 "
    "REDUCE_GRAD0 STEP0\n"
    "rank 1: RECV_F1.0 F1.0 B1.0 SEND_B1.0 RECV_F1.1 F1.1 B1.1 SEND_B1.1\n";

TEST(Placement, PutsStagesWhereItsNameSays) {
  EXPECT_EQ(place_stages(Placement::contiguous, 3, 2), (std::vector<int>{0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(place_stages(Placement::interleaved, 3, 2), (std::vector<int>{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(place_stages(Placement::v, 3, 2), (std::vector<int>{0, 1, 2, 2, 1, 0}));
  EXPECT_EQ(place_stages(Placement::v, 2, 3), (std::vector<int>{0, 1, 1, 0, 0, 1}));
}

TEST(Placement, IsRecognised) {
  Schedule schedule{.name = {}, .micro_batches = 1, .stage_ranks = {}, .ranks = {{}, {}, {}}};
  for (const Placement placement : {Placement::contiguous, Placement::interleaved, Placement::v}) {
    schedule.stage_ranks = place_stages(placement, 3, 2);
    EXPECT_EQ(placement_of(schedule), placement);
  }
  std::swap(schedule.stage_ranks[0], schedule.stage_ranks[1]);
  EXPECT_EQ(placement_of(schedule), Placement::other);
}

TEST(ScheduleText, ReadsBackExactly) {
  const auto schedule = parse_schedule(kText);
  ASSERT_TRUE(schedule) << schedule.error().message();
  EXPECT_EQ(schedule->name, "by hand");
  EXPECT_EQ(schedule->micro_batches, 2);
  EXPECT_EQ(schedule->rank_count(), 2);
  EXPECT_EQ(schedule->ranks[0][2], (Op{OpKind::send_forward, 0, 0}));
  EXPECT_EQ(schedule->ranks[0].back(), (Op{OpKind::step, 0}));
  EXPECT_EQ(to_text(*schedule), kText);
  EXPECT_EQ(parse_schedule(to_text(*schedule)).value(), *schedule);
}

TEST(ScheduleText, PassesOverCommentsAndEmptyLines) {
  EXPECT_EQ(parse_schedule("# drawn by hand\n\n" + std::string(kText) + "\r\n").value(), parse_schedule(kText).value());
}

TEST(ScheduleText, KeepsEveryKindOfOp) {
  for (std::size_t kind = 0; kind < kOpKindCount; ++kind) {
    Op op{static_cast<OpKind>(kind), 11};
    if (has_micro_batch(op.kind)) op.micro_batch = 7;
    EXPECT_EQ(parse_op(to_text(op)).value(), op) << to_text(op);
  }
}

TEST(ScheduleText, RefusesWhatIsNoOp) {
  for (const char* text : {"", "F", "F3", "F3.", "F.3", "G3.1", "F3.1x", "F-3.1", "F3.-1", "f3.1", "STEP3.1", "STEP",
                           "F3.1.2", "F99999999999.0"})
    EXPECT_FALSE(parse_op(text)) << text;
}

TEST(ScheduleText, NamesTheLineOfAFault) {
  const std::string head = "schedule a\nmicro-batches 1\nstages 0 1\n";
  const std::pair<std::string, const char*> cases[] = {
      {"", "no line for a rank"},
      {"schedule a\nmicro-batches many\n", "line 2"},
      {"schedule a\nstages 0 one\n", "line 2"},
      {"rank 0: F0.0\n", "line 1"},
      {head + "rank 1: F1.0\n", "line 4"},
      {head + "rank 0 F0.0\n", "line 4"},
      {head + "rank 0: F0.0\nrank 1: F1.0 X1.0\n", "line 5: \"X1.0\""},
      {head + "rank 0: F0.0\nstages 0\n", "line 5"},
      {head + "stages 0\n", "line 4"},
      {head + "steps 4\n", "line 4"},
  };
  for (const auto& [text, expected] : cases) {
    const auto schedule = parse_schedule(text);
    ASSERT_FALSE(schedule) << text;
    EXPECT_NE(schedule.error().cause.find(expected), std::string::npos) << schedule.error().cause;
  }
}

}  // namespace
}  // namespace athanor::parallel
