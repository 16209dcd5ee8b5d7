// Every format cut at every byte, with every byte changed, and as random bytes: what is readable is told or an Error
// comes back; nothing throws, and no sample is told that was not written.
#include "tests/core/import/foreign_files.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

namespace athanor::imports {
namespace {

// What was heard of a file, or nothing where it was refused, which says why.
std::optional<Heard> heard_of(const std::filesystem::path& path, Format format) {
  const auto found = find_sources(path, format);
  if (!found) {
    EXPECT_FALSE(found.error().cause.empty());
    return std::nullopt;
  }
  std::optional<Heard> first;
  for (const Source& source : found->sources) {
    auto heard = hear(source);
    if (heard && !first) first = *heard;
    EXPECT_TRUE(heard || !heard.error().cause.empty());
  }
  return first;
}

std::size_t samples_of(const std::optional<Heard>& heard) {
  std::size_t samples = 0;
  if (heard)
    for (const auto& [name, all] : heard->metrics) samples += all.size();
  return samples;
}

struct Kind {
  const char* name;
  Format format;
  std::string bytes;
  bool is_checked;  // by checksums: a changed byte is seen
};

std::vector<Kind> small_files() {
  return {{"events.out.tfevents.1.host", Format::tensorboard, event_file(4), true},
          {"run-a.wandb", Format::wandb,
           wandb_file({wandb_run("a", {{"lr", "1"}}), wandb_history(0, 1, {{"loss", "1"}}),
                       wandb_history(1, 2, {{"loss", "0.5"}}), wandb_history(2, 2, {{"loss", "0.25"}}), wandb_exit(0)}),
           true},
          {"a.csv", Format::csv, "step,loss\n0,1\n1,0.5\n2,0.25\n", false}};
}

TEST(Damage, OfACutFileCostsOnlyWhatLayBehindTheCut) {
  for (const Kind& kind : small_files()) {
    Folder folder;
    std::size_t before = 0;
    for (std::size_t size = 0; size <= kind.bytes.size(); ++size) {
      const auto heard = heard_of(folder.write(kind.name, kind.bytes.substr(0, size)), kind.format);
      const std::size_t samples = samples_of(heard);
      EXPECT_GE(samples, before) << kind.name << " at " << size;
      const bool says_nothing = heard && heard->told.lost.empty();
      EXPECT_FALSE(says_nothing && kind.is_checked && samples == 0 && size > 200) << size;
      before = samples;
    }
    EXPECT_GE(before, 3U) << kind.name;
  }
}

TEST(Damage, OfAChangedByteIsSeenOrChangesNothing) {
  for (const Kind& kind : small_files()) {
    Folder folder;
    const auto whole = heard_of(folder.write(kind.name, kind.bytes), kind.format);
    ASSERT_TRUE(whole);
    for (std::size_t at = 0; at < kind.bytes.size(); ++at) {
      std::string bytes = kind.bytes;
      bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
      const auto heard = heard_of(folder.write(kind.name, bytes), kind.format);
      if (!heard || !kind.is_checked) continue;
      for (const auto& [name, samples] : heard->metrics) {
        ASSERT_TRUE(whole->metrics.contains(name)) << kind.name << " at " << at;
        for (const Heard::Sample& sample : samples)
          EXPECT_THAT(whole->metrics.at(name), testing::Contains(sample)) << kind.name << " at " << at;
      }
      EXPECT_TRUE(heard->metrics == whole->metrics || !heard->told.lost.empty()) << kind.name << " at " << at;
    }
  }
}

TEST(Damage, OfRandomBytesIsRefusedOrTold) {
  std::mt19937_64 random(7);
  for (const Kind& kind : small_files()) {
    Folder folder;
    for (int i = 0; i < 300; ++i) {
      std::string bytes(random() % 3000, '\0');
      for (char& c : bytes) c = static_cast<char>(random());
      // Also behind a beginning that is right, and in texts that look like numbers.
      if (i % 3 == 0) bytes.insert(0, kind.bytes, 0, random() % kind.bytes.size());
      if (i % 3 == 1)
        for (char& c : bytes) c = "0123456789.,;-e\n\"step"[static_cast<unsigned char>(c) % 21];
      (void)heard_of(folder.write(kind.name, bytes), kind.format);
    }
  }
}

// Whole checksums around what is random inside: what the checks let through must be read with as much care.
TEST(Damage, InsideRecordsWithRightChecksumsIsRefusedOrTold) {
  std::mt19937_64 random(11);
  Folder folder;
  const auto shaken = [&random](std::string bytes) {
    for (std::size_t changes = random() % 6; changes > 0 && !bytes.empty(); --changes)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    return bytes.substr(0, random() % 4 == 0 ? random() % (bytes.size() + 1) : bytes.size());
  };
  for (int i = 0; i < 2000; ++i) {
    const std::string event = double_field(1, 1e9) + varint_field(2, random()) + tensor_scalar("loss", 1);
    folder.write("events.out.tfevents.1.host", tf_record(shaken(event)) + tf_record(shaken(event)));
    (void)heard_of(folder.path / "events.out.tfevents.1.host", Format::tensorboard);
    folder.write("run-a.wandb",
                 wandb_file({shaken(wandb_run("a", {{"lr", R"({"a":[1,2]})"}})),
                             shaken(wandb_history(1, 2, {{"loss", R"({"a":1e400})"}})), shaken(wandb_exit(1))}));
    (void)heard_of(folder.path / "run-a.wandb", Format::wandb);
  }
}

TEST(Damage, OfADatabaseIsAnErrorOrASentence) {
  Folder folder;
  const auto file = folder.path / "mlflow.db";
  {
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec(R"sql(
      PRAGMA page_size = 512;
      CREATE TABLE runs (run_uuid TEXT, name TEXT, status TEXT, start_time BIGINT, end_time BIGINT, lifecycle_stage TEXT,
                         experiment_id INTEGER);
      CREATE TABLE metrics (key TEXT, value FLOAT, timestamp BIGINT, run_uuid TEXT, step BIGINT, is_nan BOOLEAN);
      CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
      CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
      INSERT INTO runs VALUES ('r1', 'base', 'FINISHED', 1700000001000, 1700000009000, 'active', 1);
      WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
        INSERT INTO metrics SELECT 'loss', i, 1700000002000 + i, 'r1', i, 0 FROM n;
    )sql");
  }
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  ASSERT_EQ(samples_of(heard_of(file, Format::mlflow)), 201U);
  for (std::size_t size = 0; size < bytes.size(); size += 97)
    (void)heard_of(folder.write("mlflow.db", bytes.substr(0, size)), Format::mlflow);
  std::mt19937_64 random(3);
  for (int i = 0; i < 500; ++i) {
    std::string changed = bytes;
    for (int n = 0; n < 8; ++n) changed[100 + random() % (bytes.size() - 100)] = static_cast<char>(random());
    (void)heard_of(folder.write("mlflow.db", changed), Format::mlflow);
  }
}

TEST(Damage, OfAFolderThatHoldsNothingIsAnErrorWithWhatWasLookedFor) {
  Folder folder;
  const auto nothing = find_sources(folder.path, Format::automatic);
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(nothing.error().message(), testing::HasSubstr("tfevents"));
  EXPECT_FALSE(find_sources(folder.path / "absent", Format::automatic));
}

}  // namespace
}  // namespace athanor::imports
