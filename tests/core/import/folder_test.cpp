// Runs of other trackers as run directories.
#include "core/base/files.h"
#include "core/import/numbers.h"
#include "core/journal/reader.h"
#include "tests/core/import/foreign_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::imports {
namespace {

using testing::HasSubstr;

Imported written(const std::filesystem::path& path, const std::filesystem::path& folder) {
  const Found found = value_or_throw(find_sources(path, Format::automatic));
  return value_or_throw(write_run_folder(found.sources.front(), folder));
}

TEST(RunFolder, HoldsEverySampleInItsJournal) {
  Folder folder;
  const Imported imported = written(folder.write("a/events.out.tfevents.1.h", event_file(500)), folder.path / "run");
  EXPECT_EQ(imported.samples, 500);
  EXPECT_EQ(imported.last_step, 499);
  const auto batch = value_or_throw(journal::read(folder.path / "run" / journal::file_name(0), 0));
  EXPECT_TRUE(batch.damage.empty());
  EXPECT_EQ(batch.torn_tail_bytes, 0);
  std::int64_t samples = 0;
  for (const journal::Event& event : batch.events)
    if (const auto* metrics = std::get_if<journal::MetricSamples>(&event.payload)) {
      EXPECT_EQ(metrics->step, samples);
      EXPECT_EQ(batch.anchor_wall_ns + event.time_ns, (1001 + samples) * 1'000'000'000);
      ++samples;
    }
  EXPECT_EQ(samples, 500);
  const auto& last = std::get<journal::StateChanged>(batch.events.back().payload);
  EXPECT_EQ(last.state, journal::RunState::stopped);
}

TEST(RunFolder, IsTheSameToTheByteForTheSameSource) {
  Folder folder;
  const auto source = folder.write(
      "run-a.wandb",
      wandb_file({wandb_run("a", {{"lr", "1"}}), wandb_history(0, 1e9, {{"b", "1"}, {"a", "2"}}), wandb_exit(0)}));
  const Imported one = written(source, folder.path / "one");
  const Imported two = written(source, folder.path / "two");
  EXPECT_EQ(one.digest, two.digest);
  for (const char* file : {"journal-0.athj", "recipe.toml", kImportedFile})
    EXPECT_EQ(value_or_throw(read_file(folder.path / "one" / file)),
              value_or_throw(read_file(folder.path / "two" / file)));
}

TEST(RunFolder, SaysWhereTheRunComesFrom) {
  Folder folder;
  const auto source = folder.write("run-a.wandb", wandb_file({wandb_run("a")}));
  const Imported imported = written(source, folder.path / "run");
  const auto read = read_imported(folder.path / "run");
  ASSERT_TRUE(read);
  EXPECT_EQ(to_json(*read), to_json(imported));
  EXPECT_EQ(read->format, "wandb");
  EXPECT_EQ(read->path, std::filesystem::canonical(source).string());
  EXPECT_EQ(read->note, "a note");
  EXPECT_FALSE(read_imported(folder.path));
}

TEST(RunFolder, KeepsSettingsOfAnyNameInItsRecipe) {
  const std::string recipe = recipe_of(
      {{"lr", 1e-5}, {"a b.c\"", true}, {"whole", 3.0}, {"\xff", std::string("x\n\"y\"")}, {"n", std::int64_t{-4}}});
  EXPECT_THAT(recipe, HasSubstr("[imported]\n"));
  EXPECT_THAT(recipe, HasSubstr("\"lr\" = 1e-05\n"));
  EXPECT_THAT(recipe, HasSubstr("\"whole\" = 3.0\n"));
  EXPECT_THAT(recipe, HasSubstr("\"a b.c\\\"\" = true\n"));
  EXPECT_THAT(recipe, HasSubstr("\"n\" = -4\n"));
}

TEST(RunFolder, IsNotFinishedOnceItIsAskedToStop) {
  Folder folder;
  folder.write("a/events.out.tfevents.1.h", event_file(5));
  const Found found = value_or_throw(find_sources(folder.path, Format::automatic));
  std::stop_source stop;
  stop.request_stop();
  const auto result = write_run_folder(found.sources.front(), folder.path / "run", stop.get_token());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace athanor::imports
