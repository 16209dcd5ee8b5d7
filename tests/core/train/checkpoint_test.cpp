#include "core/checkpoint/checkpoint.h"

#include "core/base/files.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <signal.h>
#include <sys/resource.h>

namespace athanor::checkpoint {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::TemporaryFolder;

Contents contents_of(std::int64_t step, float value = 1.5F) {
  Contents out;
  out.state.step = step;
  out.state.data_position = step;
  out.state.seed = 7;
  out.state.recipe_digest = "abc";
  out.state.figures = {{"best", 0.25}};
  out.parameters = {{"image.stem.0.weight", {2, 3}, std::vector<float>(6, value)}, {"logit_scale", {}, {value}}};
  out.optimizer = {{"image.stem.0.weight.m", {2, 3}, std::vector<float>(6, -value)}};
  return out;
}

void save(const fs::path& folder, std::int64_t step, std::int64_t keep = 10) {
  const auto written = write(folder, contents_of(step, static_cast<float>(step)), keep);
  ASSERT_TRUE(written) << written.error().message();
}

void flip_byte(const fs::path& file, std::streamoff offset) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(offset);
  const char byte = static_cast<char>(stream.get() ^ 0x40);
  stream.seekp(offset);
  stream.put(byte);
  ASSERT_TRUE(stream.good());
}

TEST(Checkpoint, GivesBackWhatWasWritten) {
  TemporaryFolder folder;
  const auto written = write(folder / "checkpoints", contents_of(40), 3);
  ASSERT_TRUE(written) << written.error().message();
  const auto loaded = load_newest(folder / "checkpoints");
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ(loaded->contents.state.step, 40);
  EXPECT_EQ(loaded->contents.state.seed, 7U);
  EXPECT_EQ(loaded->contents.state.figures.at("best"), 0.25);
  ASSERT_EQ(loaded->contents.parameters.size(), 2U);
  EXPECT_EQ(loaded->contents.parameters[0].name, "image.stem.0.weight");
  EXPECT_EQ(loaded->contents.parameters[0].values, std::vector<float>(6, 1.5F));
  EXPECT_TRUE(loaded->contents.parameters[1].shape.empty());
  EXPECT_EQ(loaded->contents.optimizer[0].values[5], -1.5F);
}

TEST(Checkpoint, WithoutMarkerIsSkippedAndThePreviousUsed) {
  TemporaryFolder folder;
  save(folder.path(), 10);
  save(folder.path(), 20);
  fs::remove(folder.path() / "step-20/COMPLETE");
  const auto loaded = load_newest(folder.path());
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->contents.state.step, 10);
  ASSERT_EQ(loaded->skipped.size(), 1U);
  EXPECT_EQ(loaded->skipped[0].name, "step-20");
  EXPECT_EQ(loaded->skipped[0].reason, "COMPLETE is missing");
}

TEST(Checkpoint, WithOneFlippedByteInAnyFileIsSkippedWithTheReason) {
  for (const std::string name : {"model.safetensors", "optimizer.safetensors", "state.json"}) {
    TemporaryFolder folder;
    save(folder.path(), 10);
    save(folder.path(), 20);
    flip_byte(folder.path() / "step-20" / name, 12);
    const auto loaded = load_newest(folder.path());
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->contents.state.step, 10);
    EXPECT_EQ(loaded->skipped[0].reason, "the digest of " + name + " does not match");
  }
}

TEST(Checkpoint, TornFileIsSkippedWithItsLength) {
  TemporaryFolder folder;
  save(folder.path(), 10);
  save(folder.path(), 20);
  fs::resize_file(folder.path() / "step-20/model.safetensors", 100);
  const auto loaded = load_newest(folder.path());
  ASSERT_TRUE(loaded);
  EXPECT_THAT(loaded->skipped[0].reason, HasSubstr("model.safetensors has 100 bytes instead of"));
}

TEST(Checkpoint, WhenNoneIsWholeEveryReasonIsSaidAndNothingChanges) {
  TemporaryFolder folder;
  save(folder.path(), 10);
  save(folder.path(), 20);
  fs::remove(folder.path() / "step-10/state.json");
  flip_byte(folder.path() / "step-20/COMPLETE", 0);
  const auto loaded = load_newest(folder.path());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, ErrorKind::corrupt);
  EXPECT_THAT(loaded.error().cause, HasSubstr("step-20: COMPLETE is damaged; step-10: state.json is missing"));
  EXPECT_THAT(steps(folder.path()), ElementsAre(10, 20));
}

TEST(Checkpoint, EmptyFolderIsAnInputErrorAndAMissingStepListsTheOthers) {
  TemporaryFolder folder;
  EXPECT_EQ(load_newest(folder.path()).error().kind, ErrorKind::invalid_input);
  save(folder.path(), 10);
  save(folder.path(), 30);
  const auto loaded = load_step(folder.path(), 20);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(loaded.error().remedy, HasSubstr("10, 30"));
}

TEST(Checkpoint, KeepsOnlyTheNewestOnes) {
  TemporaryFolder folder;
  for (const std::int64_t step : {10, 20, 100, 110}) save(folder.path(), step, 2);
  EXPECT_THAT(steps(folder.path()), ElementsAre(100, 110));
}

TEST(Checkpoint, SavedAreThoseThatARunCanGoOnFrom) {
  TemporaryFolder folder;
  for (const std::int64_t step : {10, 20, 30, 40}) save(folder.path(), step, 4);
  fs::remove(folder.path() / "step-20/COMPLETE");
  fs::resize_file(folder.path() / "step-30/model.safetensors", 20);
  ASSERT_TRUE(put_aside_after(folder.path(), 30));
  const auto whole = saved(folder.path());
  ASSERT_EQ(whole.size(), 1U);
  EXPECT_EQ(whole[0].step, 10);
  EXPECT_EQ(whole[0].folder, folder.path() / "step-10");
  std::int64_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(whole[0].folder))
    if (entry.path().filename() != "COMPLETE") bytes += static_cast<std::int64_t>(entry.file_size());
  EXPECT_EQ(whole[0].bytes, bytes);
  EXPECT_EQ(find_step(folder.path(), 10)->folder, whole[0].folder);
  EXPECT_EQ(find_step(folder.path(), 20).error().kind, ErrorKind::corrupt);
  EXPECT_EQ(find_step(folder.path(), 40).error().remedy, "the run has steps 10");
}

TEST(Checkpoint, NeverRemovesWhatWasJustWrittenForALaterDamagedOne) {
  TemporaryFolder folder;
  save(folder.path(), 200);
  save(folder.path(), 400);
  flip_byte(folder.path() / "step-400/model.safetensors", 20);
  save(folder.path(), 250, 1);
  EXPECT_THAT(steps(folder.path()), ElementsAre(250, 400));
  EXPECT_EQ(load_newest(folder.path())->contents.state.step, 250);
}

TEST(Checkpoint, DamagedOnesNeitherCountNorAreRemoved) {
  TemporaryFolder folder;
  save(folder.path(), 10);
  save(folder.path(), 20);
  fs::remove(folder.path() / "step-20/COMPLETE");
  save(folder.path(), 30, 2);
  EXPECT_THAT(steps(folder.path()), ElementsAre(10, 20, 30));
}

TEST(Checkpoint, ADamagedOneOfTheSameStepKeepsItsBytesUnderAnotherName) {
  TemporaryFolder folder;
  save(folder.path(), 10);
  flip_byte(folder.path() / "step-10/model.safetensors", 20);
  const auto damaged = read_file(folder.path() / "step-10/model.safetensors");
  save(folder.path(), 10);
  EXPECT_EQ(why_not_whole(folder.path() / "step-10"), "");
  EXPECT_EQ(*read_file(folder.path() / "step-10.refused-1/model.safetensors"), *damaged);
}

TEST(Checkpoint, WhatWasPutAsideIsKeptForAsManyAsCheckpointsAre) {
  TemporaryFolder folder;
  for (int attempt = 0; attempt < 4; ++attempt) {
    save(folder.path(), 10, 2);
    flip_byte(folder.path() / "step-10/model.safetensors", 20);
  }
  save(folder.path(), 10, 2);  // the fifth: four damaged ones went aside, the two newest stay
  std::vector<std::string> aside;
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    const std::string name = entry.path().filename();
    if (name.find(".refused-") != std::string::npos) aside.push_back(name);
  }
  EXPECT_THAT(aside, testing::UnorderedElementsAre("step-10.refused-3", "step-10.refused-4"));
  EXPECT_EQ(why_not_whole(folder.path() / "step-10"), "");
}

TEST(Checkpoint, LeftoversOfADeadWriterAreNotMistakenForCheckpoints) {
  TemporaryFolder folder;
  save(folder.path(), 10);
  fs::create_directory(folder.path() / ".tmp-step-20");
  EXPECT_EQ(load_newest(folder.path())->contents.state.step, 10);
  save(folder.path(), 30);
  EXPECT_FALSE(fs::exists(folder.path() / ".tmp-step-20"));
}

TEST(Checkpoint, WhenTheDiskIsFullTheErrorIsHonestAndTheOldOneStays) {
  TemporaryFolder folder;
  save(folder.path(), 10);
  // A limit on file size refuses writes as a full disk does, without needing one.
  const auto previous = ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = 64;
  ::setrlimit(RLIMIT_FSIZE, &small);
  const auto written = write(folder.path(), contents_of(20), 1);
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, previous);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::io);
  EXPECT_FALSE(written.error().remedy.empty());
  EXPECT_THAT(steps(folder.path()), ElementsAre(10));
  EXPECT_FALSE(fs::exists(folder.path() / ".tmp-step-20"));
  EXPECT_EQ(load_newest(folder.path())->contents.state.step, 10);
}

}  // namespace
}  // namespace athanor::checkpoint
