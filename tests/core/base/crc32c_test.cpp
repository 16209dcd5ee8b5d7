#include "core/base/crc32c.h"

#include <gtest/gtest.h>

namespace athanor {
namespace {

TEST(Crc32c, MatchesThePublishedCheckValue) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c("6789", crc32c("12345")), 0xE3069283U);
}

}  // namespace
}  // namespace athanor
