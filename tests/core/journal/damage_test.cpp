// What is left of a journal after bytes were lost, changed or invented: everything outside the damage, and nothing
// else.
#include "core/journal/codec.h"
#include "core/journal/frames.h"
#include "tests/core/journal/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

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
    ASSERT_EQ(whole.next_offset + whole.torn_tail_bytes, static_cast<std::int64_t>(size));
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
    ASSERT_EQ(whole.torn_tail_bytes, static_cast<std::int64_t>(garbage.size()));
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

// Reads from this byte of a file on are refused by the kernel from now on, in this process and for good.
void refuse_reads_from(std::uint32_t offset) {
  const std::array<sock_filter, 7> filter = {{
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 4, __NR_pread64},
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, args[3])},
      {BPF_JMP | BPF_JGE | BPF_K, 0, 2, offset},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EIO},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  }};
  const sock_fprog program{filter.size(), const_cast<sock_filter*>(filter.data())};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    ::_exit(99);
}

// What `work` says in a process of its own that cannot read behind `offset`.
std::string said_without_reading_from(std::uint32_t offset, const std::function<std::string()>& work) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    refuse_reads_from(offset);
    const std::string text = work();
    ::_exit(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string text(4096, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(ends[0], text.data(), text.size()))));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return text;
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
