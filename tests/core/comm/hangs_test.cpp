// Hangs of every kind are named rightly: which rank, in which operation, and why.
#include "tests/core/comm/seeded_hangs.h"

#include <gtest/gtest.h>

namespace athanor::comm {
namespace {

TEST(Hangs, AreNamedByRankOperationAndCause) {
  for (unsigned seed = 0; seed < 10; ++seed) {
    const SeededHang hang = hang_of(seed);
    const Diagnosis said = diagnose(hang, std::chrono::milliseconds(1500));
    EXPECT_TRUE(said.is_right()) << to_string(hang.kind) << " of rank " << hang.rank << " of " << hang.ranks
                                 << " in step " << hang.step << ": " << said.text;
  }
}

}  // namespace
}  // namespace athanor::comm
