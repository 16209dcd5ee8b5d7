#include "core/base/files.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <unistd.h>

namespace athanor {
namespace {
namespace fs = std::filesystem;

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("athanor-files-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(Files, WritesAndReadsBackEveryByte) {
  std::string bytes(300000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  ASSERT_TRUE(write_file_atomically(folder_ / "a", bytes));
  EXPECT_EQ(read_file(folder_ / "a").value(), bytes);
}

TEST_F(Files, ReplacingLeavesNothingElseBehind) {
  ASSERT_TRUE(write_file_atomically(folder_ / "a", "old"));
  ASSERT_TRUE(write_file_atomically(folder_ / "a", "new"));
  EXPECT_EQ(read_file(folder_ / "a").value(), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(Files, AFullDiskIsAnErrorWithARemedy) {
  const auto written = write_file_flushed("/dev/full", "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::io);
  EXPECT_NE(written.error().remedy.find("free some disk space"), std::string::npos);
}

TEST_F(Files, APlaceThatMayNotBeWrittenIsUnavailableAndAFaultyDiskIsNot) {
  for (const int code : {EACCES, EPERM, EROFS}) {
    const Error error = write_refusal("write here", code);
    EXPECT_EQ(error.kind, ErrorKind::unavailable);
    EXPECT_NE(error.remedy.find("ATHANOR_HOME"), std::string::npos);
  }
  for (const int code : {ENOSPC, EDQUOT, EIO, EMFILE}) EXPECT_EQ(write_refusal("write here", code).kind, ErrorKind::io);
}

TEST_F(Files, AFolderIsMadeWithThoseAboveItOrSaidToHaveNoPlace) {
  ASSERT_TRUE(make_folders(folder_ / "a/b/c"));
  EXPECT_TRUE(fs::is_directory(folder_ / "a/b/c"));
  ASSERT_TRUE(make_folders(folder_ / "a/b/c"));
  ASSERT_TRUE(write_file_flushed(folder_ / "file", ""));
  for (const fs::path& place : {folder_ / "file", folder_ / "file/below", fs::path("/proc/athanor")}) {
    const auto made = make_folders(place);
    ASSERT_FALSE(made) << place;
    EXPECT_EQ(made.error().kind, ErrorKind::unavailable) << made.error().message();
  }
}

TEST_F(Files, AFailedReplacementKeepsTheOldFileAndNoTemporary) {
  fs::create_directories(folder_ / "a" / "occupied");
  const auto written = write_file_atomically(folder_ / "a", "x");
  ASSERT_FALSE(written);
  EXPECT_TRUE(fs::is_directory(folder_ / "a" / "occupied"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(Files, AFinishedFolderTakesThePlaceOfTheOldOne) {
  fs::create_directories(folder_ / "target");
  fs::create_directories(folder_ / "fresh");
  ASSERT_TRUE(write_file_flushed(folder_ / "target" / "old", "1"));
  ASSERT_TRUE(write_file_flushed(folder_ / "fresh" / "new", "2"));
  ASSERT_TRUE(replace_folder(folder_ / "fresh", folder_ / "target"));
  EXPECT_TRUE(fs::exists(folder_ / "target" / "new"));
  EXPECT_FALSE(fs::exists(folder_ / "target" / "old"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(Files, AFinishedFolderMayBeTheFirstOfItsName) {
  fs::create_directories(folder_ / "fresh");
  ASSERT_TRUE(replace_folder(folder_ / "fresh", folder_ / "target"));
  EXPECT_TRUE(fs::is_directory(folder_ / "target"));
  EXPECT_FALSE(fs::exists(folder_ / "fresh"));
  const auto missing = replace_folder(folder_ / "nothing", folder_ / "target");
  ASSERT_FALSE(missing);
  EXPECT_TRUE(fs::is_directory(folder_ / "target"));
}

TEST_F(Files, AMissingFileIsNamed) {
  const auto read = read_file(folder_ / "nowhere");
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message().find("nowhere"), std::string::npos);
}

}  // namespace
}  // namespace athanor
