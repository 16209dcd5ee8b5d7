// The room that a writer keeps at the end of its file: events go into it, readers follow while they do, and nothing is
// lost where the writer is killed or the disk is full.
#include "core/journal/append_window.h"
#include "core/journal/change_notice.h"
#include "core/journal/frames.h"
#include "tests/core/journal/refusals.h"
#include "tests/core/journal/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <thread>

namespace athanor::journal {
namespace {

// The steps of the first metric of all samples, in order.
std::vector<std::int64_t> steps_of(const std::vector<Event>& events) {
  std::vector<std::int64_t> steps;
  for (const Event& event : events)
    if (const auto* samples = std::get_if<MetricSamples>(&event.payload)) steps.push_back(samples->step);
  return steps;
}

bool count_from_zero(const std::vector<std::int64_t>& steps) {
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (steps[i] != static_cast<std::int64_t>(i)) return false;
  return true;
}

MetricSamples figures_of(std::int64_t step) {
  return {step, {{"train/loss", 0.5 * static_cast<double>(step)}, {"train/zero", 0.0}}};  // a frame that ends in zeros
}

// Whether this machine's scratch folder lies where room can be had.
bool has_room(const Scratch& folder) {
  const int fd = ::open((folder / "probe").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  AppendWindow window(fd);
  const bool any = window.place(0, 1) != nullptr;
  window.close(0);
  ::close(fd);
  return any;
}

TEST(JournalRoom, IsNoTailAndGoesWithTheWriter) {
  const Scratch folder;
  auto writer = value_or_throw(Writer::open(folder / "j"));
  for (int step = 0; step < 10; ++step) value_or_throw(writer->append(figures_of(step)));
  const Whole live = read_all(folder / "j");
  EXPECT_EQ(live.events.size(), 10U);
  EXPECT_EQ(live.torn_tail_bytes, 0);
  EXPECT_EQ(live.room_bytes > 0, has_room(folder));
  EXPECT_FALSE(differs_from(folder / "j", live.next_offset));
  EXPECT_TRUE(differs_from(folder / "j", 0));
  writer.reset();
  EXPECT_EQ(std::filesystem::file_size(folder / "j"), static_cast<std::uintmax_t>(live.next_offset));
  EXPECT_EQ(read_all(folder / "j").room_bytes, 0);
  EXPECT_TRUE(differs_from(folder / "j", live.next_offset + 1));
}

TEST(JournalRoom, HoldsEventsOfAllLengthsInOrder) {
  const Scratch folder;
  std::mt19937 random(11);
  std::vector<std::string> told;
  {
    const auto writer = value_or_throw(Writer::open(folder / "j"));
    for (int i = 0; i < 400; ++i) {
      const std::size_t length = i % 50 == 7 ? 200'000 : random() % (i % 10 == 3 ? 70'000 : 300);
      const Payload payload = LogLine{Severity::info, std::string(length, static_cast<char>('a' + i % 26))};
      value_or_throw(writer->append(payload));
      told.push_back(json_of(payload));
    }
  }
  const Whole whole = read_all(folder / "j");
  ASSERT_EQ(whole.events.size(), told.size());
  for (std::size_t i = 0; i < told.size(); ++i) ASSERT_EQ(json_of(whole.events[i].payload), told[i]) << i;
  EXPECT_TRUE(whole.damage.empty());
  EXPECT_EQ(std::filesystem::file_size(folder / "j"), static_cast<std::uintmax_t>(whole.next_offset));
}

TEST(JournalRoom, IsReadWhileItFillsWithoutAGapOrDamage) {
  constexpr std::int64_t kSteps = 200'000;
  const Scratch folder;
  const auto writer = value_or_throw(Writer::open(folder / "j"));
  const std::jthread writing([&] {
    for (std::int64_t step = 0; step < kSteps; ++step) value_or_throw(writer->append(figures_of(step)));
  });
  std::int64_t offset = 0;
  std::int64_t seen = 0;
  for (int turn = 0; seen < kSteps; ++turn) {
    const Batch batch = value_or_throw(read(folder / "j", offset, turn % 3 == 0 ? 4000 : 4 << 20));
    ASSERT_TRUE(batch.damage.empty()) << batch.damage[0].offset << " " << batch.damage[0].bytes;
    for (const std::int64_t step : steps_of(batch.events)) ASSERT_EQ(step, seen++);
    offset = batch.next_offset;
  }
}

// A reader's copy of a piece may have what was written later and not what was written before.
TEST(JournalRoom, IsLookedAtAgainBeforeAGapIsBelieved) {
  const Scratch folder;
  const std::string frame = make_frame(FrameType::log_line, std::string(100, 'x'));
  const auto length = static_cast<std::int64_t>(frame.size());
  put_bytes(folder / "j", frame + std::string(frame.size(), '\0') + frame);
  auto frames = value_or_throw(FrameFile::open(folder / "j"));
  ASSERT_TRUE(frames.at(0));
  std::fstream(folder / "j", std::ios::in | std::ios::out | std::ios::binary).seekp(length) << frame;
  const auto next = frames.next(length);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->offset, length);
}

// Appends until it is killed, and says into the pipe how many events were acknowledged.
[[noreturn]] void append_for_good(const std::filesystem::path& file, std::int64_t step, int pipe) {
  const auto writer = value_or_throw(Writer::open(file));
  while (true) {
    for (int i = 0; i < 7; ++i) value_or_throw(writer->append(figures_of(step++)));
    if (::write(pipe, &step, sizeof step) != sizeof step) ::_exit(1);
  }
}

TEST(JournalRoom, LosesNothingThatWasAcknowledgedWhereTheWriterIsKilled) {
  const Scratch folder;
  std::mt19937 random(5);
  std::int64_t acknowledged = 0;
  for (int round = 0; round < 15; ++round) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) append_for_good(folder / "j", acknowledged, ends[1]);
    ::close(ends[1]);
    for (unsigned left = 1 + random() % 1000; left > 0; --left) {
      ASSERT_EQ(::read(ends[0], &acknowledged, sizeof acknowledged), static_cast<ssize_t>(sizeof acknowledged));
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(ends[0], &acknowledged, sizeof acknowledged) > 0) {
    }
    ::close(ends[0]);

    const Whole whole = read_all(folder / "j");
    const auto steps = steps_of(whole.events);
    ASSERT_GE(static_cast<std::int64_t>(steps.size()), acknowledged);
    ASSERT_TRUE(count_from_zero(steps));
    ASSERT_TRUE(whole.damage.empty());
    acknowledged = static_cast<std::int64_t>(steps.size());
  }
}

// How many events were taken before one was refused, and how.
std::string fill(const std::filesystem::path& file, int most) {
  const auto writer = value_or_throw(Writer::open(file));
  for (int step = 0; step < most; ++step) {
    const auto done = writer->append(figures_of(step));
    if (!done) return std::to_string(step) + " " + to_string(done.error().kind) + " " + done.error().message();
  }
  return std::to_string(most);
}

TEST(JournalRoom, IsDoneWithoutWhereNoneIsGiven) {
  for (const std::uint32_t reason : {ENOSPC, EOPNOTSUPP}) {
    const Scratch folder;
    EXPECT_EQ(said_under({{__NR_fallocate, 2, 0, reason}}, [&] { return fill(folder / "j", 5000); }), "5000");
    const Whole whole = read_all(folder / "j");
    EXPECT_EQ(whole.events.size(), 5000U);
    EXPECT_TRUE(count_from_zero(steps_of(whole.events)));
    EXPECT_EQ(whole.room_bytes, 0);
  }
}

TEST(JournalRoom, KeepsWhatWasAcknowledgedWhereTheDiskIsFullAndSaysSo) {
  const Scratch folder;
  constexpr std::uint32_t kFull = 600'000;
  const std::string said = said_under({{__NR_fallocate, 2, kFull, ENOSPC}, {__NR_pwrite64, 3, kFull, ENOSPC}},
                                      [&] { return fill(folder / "j", 100'000); });
  EXPECT_THAT(said, testing::HasSubstr(" io "));
  EXPECT_THAT(said, testing::HasSubstr("Free some disk space"));
  const Whole whole = read_all(folder / "j");
  EXPECT_EQ(static_cast<int>(whole.events.size()), std::stoi(said));
  EXPECT_TRUE(count_from_zero(steps_of(whole.events)));
  EXPECT_EQ(whole.torn_tail_bytes, 0);
  EXPECT_GE(whole.next_offset, static_cast<std::int64_t>(kFull));
}

// One event, as soon as there is one.
std::uint32_t next_change(int watch) {
  pollfd ready{watch, POLLIN, 0};
  alignas(inotify_event) std::array<char, 4096> buffer{};
  if (::poll(&ready, 1, 60'000) != 1 || ::read(watch, buffer.data(), buffer.size()) <= 0) return 0;
  inotify_event event{};
  std::memcpy(&event, buffer.data(), sizeof event);
  return event.mask;
}

int watch_of(const Scratch& folder) {
  const int watch = ::inotify_init1(IN_CLOEXEC);
  EXPECT_GE(::inotify_add_watch(watch, (folder / "").c_str(), IN_MODIFY), 0);
  return watch;
}

TEST(JournalNotice, ComesForEveryChangeWhetherItsThreadLooksOrRests) {
  for (const int looks : {0, 1, ChangeNotice::kLooks}) {
    const Scratch folder;
    const int file = ::open((folder / "j").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    const int watch = watch_of(folder);
    {
      ChangeNotice notice(file, looks);
      for (int change = 0; change < 20; ++change) {
        notice.changed();
        ASSERT_EQ(next_change(watch), static_cast<std::uint32_t>(IN_MODIFY)) << change;
      }
    }
    ::close(watch);
    ::close(file);
  }
}

TEST(JournalRoom, TellsThoseWhoWatchTheFolder) {
  const Scratch folder;
  const auto writer = value_or_throw(Writer::open(folder / "j"));
  const int watch = watch_of(folder);
  for (int step = 0; step < 20; ++step) {
    value_or_throw(writer->append(figures_of(step)));
    ASSERT_EQ(next_change(watch), static_cast<std::uint32_t>(IN_MODIFY)) << step;
  }
  ::close(watch);
}

}  // namespace
}  // namespace athanor::journal
