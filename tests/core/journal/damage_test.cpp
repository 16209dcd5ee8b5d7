// What is left of a journal after bytes were lost, changed or invented: everything outside the damage, and nothing
// else.
#include "core/journal/codec.h"
#include "core/journal/frames.h"
#include "tests/core/journal/refusals.h"
#include "tests/core/journal/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <sys/syscall.h>

namespace athanor::journal {
namespace {

// A journal of two sessions with every event and enough metrics to refer back to names.
std::filesystem::path rich_journal(const Scratch& folder) {
  const auto file = folder / "rich";
  for (int session = 0; session < 2; ++session) {
    auto writer = value_or_throw(Writer::open(file));
    for (Payload& payload : one_of_each()) value_or_throw(writer->append(payload));
    for (int step = 0; step < 5; ++step)
      value_or_throw(
          writer->append(MetricSamples{step, {{"train/loss", 1.0 / (step + 1)}, {"train/temperature", 0.07}}}));
  }
  return file;
}

TEST(JournalDamage, KeepsEverythingBeforeATornTailAtEveryByte) {
  const Scratch folder;
  const auto file = rich_journal(folder);
  const std::string bytes = bytes_of(file);
  const auto original = json_of(read_all(file).events);
  std::size_t kept_before = 0;
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    put_bytes(folder / "torn", bytes.substr(0, size));
    const Whole whole = read_all(folder / "torn");
    const auto kept = json_of(whole.events);
    ASSERT_GE(kept.size(), kept_before);
    ASSERT_TRUE(std::equal(kept.begin(), kept.end(), original.begin())) << size;
    ASSERT_TRUE(whole.damage.empty()) << size;
    ASSERT_EQ(whole.next_offset + whole.torn_tail_bytes + whole.room_bytes, static_cast<std::int64_t>(size));
    const auto behind = std::string_view(bytes).substr(0, size).substr(static_cast<std::size_t>(whole.next_offset));
    ASSERT_EQ(whole.torn_tail_bytes, static_cast<std::int64_t>(behind.find_last_not_of('\0') + 1)) << size;
    kept_before = kept.size();
  }
  EXPECT_EQ(kept_before, original.size());
}

TEST(JournalDamage, CutsATornTailWhenWritingGoesOn) {
  const Scratch folder;
  const auto file = rich_journal(folder);
  const std::string bytes = bytes_of(file);
  for (std::size_t size = bytes.size() - 200; size <= bytes.size(); ++size) {
    put_bytes(folder / "torn", bytes.substr(0, size));
    const Whole torn = read_all(folder / "torn");
    auto writer = value_or_throw(Writer::open(folder / "torn"));
    EXPECT_EQ(writer->cut_bytes(), torn.torn_tail_bytes);
    value_or_throw(writer->append(LogLine{Severity::info, "went on"}));
    const Whole whole = read_all(folder / "torn");
    ASSERT_EQ(whole.events.size(), torn.events.size() + 1) << size;
    ASSERT_TRUE(whole.damage.empty());
    ASSERT_EQ(whole.torn_tail_bytes, 0);
    ASSERT_EQ(whole.cut.size(), torn.torn_tail_bytes > 0 ? 1U : 0U);
    if (whole.cut.empty()) continue;
    EXPECT_EQ(whole.cut[0].offset, torn.next_offset);
    EXPECT_EQ(whole.cut[0].bytes, torn.torn_tail_bytes);
  }
}

TEST(JournalDamage, LosesOneFrameAtMostToAFlippedByteAnywhereAndSaysWhere) {
  const Scratch folder;
  const auto file = rich_journal(folder);
  const std::string bytes = bytes_of(file);
  const auto original = json_of(read_all(file).events);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
    put_bytes(folder / "flipped", flipped);
    const Whole whole = read_all(folder / "flipped");
    const int lost = missing(original, json_of(whole.events));
    ASSERT_GE(lost, 0) << "an event was invented or changed by byte " << at;
    ASSERT_LE(lost, 1) << "byte " << at;
    if (whole.torn_tail_bytes == 0) {
      ASSERT_EQ(whole.damage.size(), 1U) << "byte " << at;
      ASSERT_LE(whole.damage[0].offset, static_cast<std::int64_t>(at));
      ASSERT_GT(whole.damage[0].offset + whole.damage[0].bytes, static_cast<std::int64_t>(at));
    }
  }
}

TEST(JournalDamage, NeverInventsEventsWhateverIsDoneToTheBytes) {
  const Scratch folder;
  const auto file = rich_journal(folder);
  const std::string bytes = bytes_of(file);
  const auto original = json_of(read_all(file).events);
  std::mt19937 random(7);
  for (int round = 0; round < 1500; ++round) {
    std::string hurt = bytes;
    const unsigned flips = 1 + random() % 40;
    for (unsigned i = 0; i < flips; ++i) hurt[random() % hurt.size()] = static_cast<char>(random());
    if (round % 3 == 0) hurt.erase(random() % hurt.size(), random() % 100);
    if (round % 3 == 1) hurt.insert(random() % hurt.size(), std::string(random() % 100, static_cast<char>(random())));
    put_bytes(folder / "hurt", hurt);
    ASSERT_GE(missing(original, json_of(read_all(folder / "hurt", 1 + random() % 3000).events)), 0)
        << "round " << round;
  }
}

TEST(JournalDamage, ReadsNothingFromGarbage) {
  const Scratch folder;
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::string garbage(random() % 20000, '\0');
    for (char& byte : garbage) byte = static_cast<char>(random());
    for (std::size_t at = 0; at + 12 < garbage.size(); at += 500) garbage.replace(at, 3, "\xFE\xA7J");
    put_bytes(folder / "garbage", garbage);
    const Whole whole = read_all(folder / "garbage");
    ASSERT_TRUE(whole.events.empty());
    ASSERT_EQ(whole.torn_tail_bytes, static_cast<std::int64_t>(garbage.find_last_not_of('\0') + 1));
  }
}

TEST(JournalDamage, SurvivesWholeFramesWithGarbageInside) {
  const Scratch folder;
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::string file;
    for (int frame = 0; frame < 20; ++frame) {
      std::string payload(random() % 120, '\0');
      for (char& byte : payload) byte = static_cast<char>(frame % 2 != 0 ? random() : random() % 3);
      file += make_frame(static_cast<FrameType>(1 + random() % 40), payload);
    }
    put_bytes(folder / "odd", file);
    const Whole whole = read_all(folder / "odd");
    ASSERT_EQ(whole.next_offset, static_cast<std::int64_t>(file.size()));
  }
}

// A writer died in the middle of a frame, whose first byte comes last, and left its room.
TEST(JournalDamage, CutsAFrameThatWasNeverFinishedButCountsTheRoomBehindItAsNothing) {
  const Scratch folder;
  const auto file = rich_journal(folder);
  const std::string bytes = bytes_of(file);
  const auto original = json_of(read_all(file).events);
  std::string half = make_frame(FrameType::log_line, std::string(50, 'x'));
  half[0] = '\0';
  for (const std::int64_t torn : {std::int64_t{0}, std::int64_t{2}, std::int64_t{40}}) {
    put_bytes(folder / "left", bytes + half.substr(0, static_cast<std::size_t>(torn)) + std::string(200'000, '\0'));
    const Whole left = read_all(folder / "left");
    EXPECT_EQ(json_of(left.events), original);
    EXPECT_EQ(left.torn_tail_bytes, torn);
    EXPECT_TRUE(left.damage.empty());
    const auto writer = value_or_throw(Writer::open(folder / "left"));
    EXPECT_EQ(writer->cut_bytes(), torn);
    value_or_throw(writer->append(LogLine{Severity::info, "went on"}));
    const Whole whole = read_all(folder / "left");
    EXPECT_EQ(whole.events.size(), original.size() + 1);
    EXPECT_TRUE(whole.damage.empty());
    EXPECT_EQ(whole.cut.size(), torn > 0 ? 1U : 0U);
  }
}

TEST(JournalDamage, CallsZerosDamagedWhereFramesFollow) {
  const Scratch folder;
  const auto file = rich_journal(folder);
  std::string bytes = bytes_of(file);
  const auto original = json_of(read_all(file).events);
  const auto first = value_or_throw(read(file, 0)).next_offset;  // the end of the first session
  bytes.insert(static_cast<std::size_t>(first), std::string(8192, '\0'));
  put_bytes(file, bytes);
  const Whole whole = read_all(file);
  EXPECT_EQ(json_of(whole.events), original);
  ASSERT_EQ(whole.damage.size(), 1U);
  EXPECT_EQ(whole.damage[0].offset, first);
  EXPECT_EQ(whole.damage[0].bytes, 8192);
}

TEST(JournalDamage, FindsFramesBehindALongDamagedStretch) {
  const Scratch folder;
  const auto file = rich_journal(folder);
  const std::string bytes = bytes_of(file);
  const auto original = json_of(read_all(file).events);
  const auto half = value_or_throw(read(file, 0)).next_offset;  // the end of the first session
  put_bytes(file, bytes.substr(0, static_cast<std::size_t>(half)) + std::string(5 << 20, 'x') +
                      bytes.substr(static_cast<std::size_t>(half)));
  const Whole whole = read_all(file);
  EXPECT_EQ(json_of(whole.events), original);
  ASSERT_EQ(whole.damage.size(), 1U);
  EXPECT_EQ(whole.damage[0].offset, half);
  EXPECT_EQ(whole.damage[0].bytes, 5 << 20);
}

std::string said_without_reading_from(std::uint32_t offset, const std::function<std::string()>& work) {
  return said_under({{__NR_pread64, 3, offset, EIO}}, work);
}

std::filesystem::path long_journal(const Scratch& folder) {
  const auto file = folder / "long";
  const auto writer = value_or_throw(Writer::open(file));
  for (int i = 0; i < 3000; ++i) value_or_throw(writer->append(LogLine{Severity::info, std::string(1000, 'x')}));
  return file;
}

TEST(JournalDamage, RefusesToWriteBehindWhatCannotBeReadAndCutsNothing) {
  const Scratch folder;
  const auto file = long_journal(folder);
  const auto size = std::filesystem::file_size(file);
  const std::string said = said_without_reading_from(1 << 20, [&] {
    const auto opened = Writer::open(file);
    return opened ? "opened" : std::string(to_string(opened.error().kind)) + " " + opened.error().message();
  });
  EXPECT_THAT(said, testing::StartsWith("io "));
  EXPECT_THAT(said, testing::HasSubstr("Input/output error"));
  EXPECT_EQ(std::filesystem::file_size(file), size);
  EXPECT_EQ(read_all(file).events.size(), 3000U);
}

TEST(JournalDamage, ReadsUpToWhatCannotBeReadAndThenSaysSo) {
  const Scratch folder;
  const auto file = long_journal(folder);
  const std::string said = said_without_reading_from(1 << 20, [&] {
    std::int64_t offset = 0;
    std::size_t events = 0;
    while (true) {
      const auto batch = read(file, offset);
      if (!batch) return std::to_string(events) + " " + to_string(batch.error().kind);
      if (batch->torn_tail_bytes != 0 || batch->next_offset == offset) return std::string("a torn tail");
      events += batch->events.size();
      offset = batch->next_offset;
    }
  });
  ASSERT_THAT(said, testing::EndsWith(" io"));
  EXPECT_GT(std::stoi(said), 900);  // a megabyte of them
}

TEST(JournalDamage, CutsNoMoreThanAFrame) {
  const Scratch folder;
  const auto file = rich_journal(folder);
  const std::string bytes = bytes_of(file);
  const std::size_t frame = kHeaderBytes + kMaxPayload;
  put_bytes(file, bytes + std::string(frame + 1, 'x'));
  const auto refused = Writer::open(file);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::corrupt);
  EXPECT_THAT(refused.error().message(), testing::HasSubstr("byte " + std::to_string(bytes.size())));
  EXPECT_EQ(std::filesystem::file_size(file), bytes.size() + frame + 1);
  put_bytes(file, bytes + std::string(frame, 'x'));
  EXPECT_EQ(value_or_throw(Writer::open(file))->cut_bytes(), static_cast<std::int64_t>(frame));
}

}  // namespace
}  // namespace athanor::journal
