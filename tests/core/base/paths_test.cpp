#include "core/base/paths.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace athanor {
namespace {

class Paths : public ::testing::Test {
 protected:
  void TearDown() override {
    for (const auto& [name, value] : saved_) {
      value ? setenv(name, value->c_str(), 1) : unsetenv(name);
    }
  }
  void set(const char* name, const char* value) {
    const char* old = std::getenv(name);
    saved_.emplace_back(name, old != nullptr ? std::optional<std::string>(old) : std::nullopt);
    value != nullptr ? setenv(name, value, 1) : unsetenv(name);
  }
  std::vector<std::pair<const char*, std::optional<std::string>>> saved_;
};

TEST(WholeFolder, HasOneSpelling) {
  const std::filesystem::path here = std::filesystem::current_path();
  for (const char* named : {"runs/x", "runs/x/", "./runs//x", "runs/y/../x/"}) {
    EXPECT_EQ(whole_folder(named), here / "runs/x") << named;
  }
  EXPECT_EQ(whole_folder("/a/b/"), "/a/b");
  EXPECT_EQ(whole_folder(""), here);
}

TEST_F(Paths, TheEnvironmentMovesEverything) {
  set("ATHANOR_HOME", "/somewhere/else");
  EXPECT_EQ(athanor_home(), "/somewhere/else");
  EXPECT_EQ(dataset_dir("emoji"), "/somewhere/else/datasets/emoji");
  EXPECT_EQ(runs_dir(), "/somewhere/else/runs");
  EXPECT_EQ(history_path(), "/somewhere/else/history.db");
}

TEST_F(Paths, ARelativeHomeBecomesAbsolute) {
  set("ATHANOR_HOME", "here");
  EXPECT_EQ(athanor_home(), std::filesystem::current_path() / "here");
}

TEST_F(Paths, FollowsTheXdgSpecificationOtherwise) {
  set("ATHANOR_HOME", nullptr);
  set("HOME", "/home/someone");
  set("XDG_DATA_HOME", "/data");
  EXPECT_EQ(athanor_home(), "/data/athanor");
  set("XDG_DATA_HOME", "relative/is/ignored");
  EXPECT_EQ(athanor_home(), "/home/someone/.local/share/athanor");
  set("HOME", nullptr);
  EXPECT_TRUE(athanor_home().is_absolute());
}

TEST_F(Paths, NamesThatCouldLeaveTheFolderAreRefused) {
  EXPECT_TRUE(is_safe_name("emoji-2.0_b"));
  for (const char* name : {"", ".", "..", ".hidden", "a/b", "a b", "a\n", "\xc3\xa9"})
    EXPECT_FALSE(is_safe_name(name)) << name;
}

}  // namespace
}  // namespace athanor
