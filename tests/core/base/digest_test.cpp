#include "core/base/digest.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace athanor {
namespace {

// Known answers of FIPS 180-4.
TEST(Sha256, MatchesThePublishedAnswers) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, DoesNotDependOnHowTheBytesArrive) {
  Sha256 digest;
  digest.add(std::string_view("a"));
  digest.add(std::string_view("bc"));
  EXPECT_EQ(digest.finish(), sha256_hex("abc"));
  EXPECT_EQ(digest.finish(), sha256_hex(""));
}

TEST(Sha256, ReadsAFileAndNamesAMissingOne) {
  const auto path = std::filesystem::temp_directory_path() / "athanor-digest-test";
  std::ofstream(path, std::ios::binary) << "abc";
  EXPECT_EQ(sha256_file(path).value(), sha256_hex("abc"));
  std::filesystem::remove(path);
  const auto missing = sha256_file(path);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::io);
  EXPECT_NE(missing.error().message().find(path.string()), std::string::npos);
}

}  // namespace
}  // namespace athanor
