// Offline files of Weights & Biases.
#include "tests/core/import/foreign_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace athanor::imports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kFile = "wandb/offline-run-1/run-abc.wandb";

TEST(Wandb, GivesTheRunWithItsConfigHistoryAndEnd) {
  Folder folder;
  const std::string stats = bytes_field(7, bytes_field(2, varint_field(1, 1'700'000'003)) +
                                               bytes_field(3, bytes_field(1, "cpu") + bytes_field(16, "12.5")));
  const std::string output = bytes_field(13, varint_field(1, 1) + bytes_field(3, "epoch 1\n"));
  folder.write(kFile,
               wandb_file({wandb_run("abc", {{"lr", "0.001"},
                                             {"opt", R"({"name":"adam","betas":[0.9,0.99]})"},
                                             {"flag", "true"},
                                             {"n", "64"},
                                             {"_wandb", "{}"}}),
                           wandb_history(0, 1'700'000'001.5, {{"loss", "1"}, {"val", R"({"r1":2})"}}),
                           wandb_history(1, 1'700'000'002.5, {{"loss", "NaN"}, {"text", R"("hi")"}}), stats, output,
                           wandb_history(2, 1'700'000'004.0, {{"loss", R"("-Infinity")"}}), wandb_exit(0)}));
  const Heard heard = hear_only(folder.path);
  EXPECT_EQ(heard.told.id, "abc@1700000000000000005");
  EXPECT_EQ(heard.told.name, "swift-1");
  EXPECT_EQ(heard.told.note, "a note");
  EXPECT_THAT(heard.told.tags, ElementsAre("abl", "two words"));
  EXPECT_EQ(heard.told.created_ns, 1'700'000'000'000'000'005);
  EXPECT_EQ(heard.told.end, End::finished);
  EXPECT_EQ(heard.told.settings, (std::map<std::string, Setting>{{"lr", 0.001},
                                                                 {"opt.name", std::string("adam")},
                                                                 {"opt.betas", std::string("[0.9,0.99]")},
                                                                 {"flag", true},
                                                                 {"n", std::int64_t{64}}}));
  const auto loss = heard.metrics.at("loss");
  EXPECT_EQ(loss.at(0), (Heard::Sample{0, 1'700'000'001'500'000'000, 1.0}));
  EXPECT_TRUE(std::isnan(loss.at(1).value));
  EXPECT_EQ(loss.at(2).value, -INFINITY);
  EXPECT_THAT(values_of(heard, "val.r1"), ElementsAre(2.0));
  EXPECT_EQ(heard.metrics.at("system/cpu").front(), (Heard::Sample{1, 1'700'000'003'000'000'000, 12.5}));
  EXPECT_THAT(heard.log, ElementsAre("epoch 1"));
  EXPECT_THAT(heard.told.left_out, ElementsAre(HasSubstr("1 value")));
  EXPECT_THAT(heard.told.lost, IsEmpty());
}

TEST(Wandb, SaysThatARunFailedOrDidNotEnd) {
  Folder folder;
  folder.write(kFile, wandb_file({wandb_run("abc"), wandb_exit(3)}));
  EXPECT_EQ(hear_only(folder.path).told.end, End::failed);
  folder.write(kFile, wandb_file({wandb_run("abc")}));
  const Heard heard = hear_only(folder.path);
  EXPECT_EQ(heard.told.end, End::stopped);
  EXPECT_THAT(heard.told.cause, HasSubstr("does not say how it ended"));
}

TEST(Wandb, ReadsRecordsThatCrossBlocksOfEveryLength) {
  Folder folder;
  for (const std::size_t padding : {32'600U, 32'640U, 32'700U, 65'000U, 200'000U}) {
    const std::string long_note = bytes_field(17, bytes_field(1, "abc") + bytes_field(9, std::string(padding, 'x')));
    folder.write(kFile,
                 wandb_file({long_note, wandb_history(0, 1, {{"loss", "1"}}), wandb_history(1, 2, {{"loss", "2"}})}));
    const Heard heard = hear_only(folder.path);
    EXPECT_THAT(values_of(heard, "loss"), ElementsAre(1.0, 2.0)) << padding;
    EXPECT_THAT(heard.told.lost, IsEmpty()) << padding;
  }
}

TEST(Wandb, GoesOnBehindADamagedBlockAndSaysSo) {
  Folder folder;
  std::vector<std::string> records = {wandb_run("abc")};
  for (int i = 0; i < 2000; ++i) records.push_back(wandb_history(i, i, {{"loss", "1"}}));
  std::string file = wandb_file(records);
  ASSERT_GT(file.size(), std::size_t{3 * 32768});
  file[32768 + 9000] ^= 1;
  folder.write(kFile, file);
  const Heard heard = hear_only(folder.path);
  EXPECT_GT(heard.metrics.at("loss").size(), 1000U);
  EXPECT_LT(heard.metrics.at("loss").size(), 2000U);
  EXPECT_EQ(heard.metrics.at("loss").back().step, 1999);
  EXPECT_THAT(heard.told.lost, ElementsAre(HasSubstr("behind damage")));
}

TEST(Wandb, TakesNoValueApartThatIsNestedWithoutEnd) {
  Folder folder;
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  folder.write(kFile,
               wandb_file({wandb_run("abc", {{"deep", deep}, {"lr", "1"}}), wandb_history(0, 1, {{"deep", deep}})}));
  EXPECT_EQ(hear_only(folder.path).told.settings.size(), 1U);
}

}  // namespace
}  // namespace athanor::imports
