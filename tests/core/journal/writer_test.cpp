#include "core/journal/writer.h"

#include "core/journal/codec.h"
#include "core/journal/frames.h"
#include "tests/core/journal/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace athanor::journal {
namespace {

std::unique_ptr<Writer> open_writer(const std::filesystem::path& file) { return value_or_throw(Writer::open(file)); }

std::int64_t wall_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

TEST(JournalWriter, GivesBackEveryEventInOrderWithRisingTimes) {
  const Scratch folder;
  const auto file = folder / file_name(0);
  auto writer = open_writer(file);
  for (Payload& payload : one_of_each()) ASSERT_TRUE(writer->append(payload));
  ASSERT_TRUE(writer->sync());

  const Batch batch = value_or_throw(read(file, 0));
  ASSERT_EQ(batch.events.size(), one_of_each().size());
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    EXPECT_EQ(json_of(batch.events[i].payload), json_of(one_of_each()[i]));
    EXPECT_GE(batch.events[i].time_ns, i > 0 ? batch.events[i - 1].time_ns : 0);
  }
  EXPECT_EQ(batch.next_offset + batch.room_bytes, static_cast<std::int64_t>(std::filesystem::file_size(file)));
  EXPECT_EQ(batch.torn_tail_bytes, 0);
  EXPECT_TRUE(batch.damage.empty());
  EXPECT_NEAR(static_cast<double>(batch.anchor_wall_ns), static_cast<double>(wall_now()), 60e9);
}

TEST(JournalWriter, AppearsToAReaderAsSoonAsAppendReturns) {
  const Scratch folder;
  auto writer = open_writer(folder / "j");
  std::int64_t offset = 0;
  for (int step = 0; step < 100; ++step) {
    ASSERT_TRUE(writer->append(MetricSamples{step, {{"loss", 0.5 * step}}}));
    const Batch batch = value_or_throw(read(folder / "j", offset));
    ASSERT_EQ(batch.events.size(), 1U);
    EXPECT_EQ(std::get<MetricSamples>(batch.events[0].payload).step, step);
    offset = batch.next_offset;
  }
}

// The rows of a batch as events, each before the event that it comes before.
std::vector<Event> with_rows(const Batch& batch) {
  std::vector<Event> all;
  std::size_t next = 0;
  for (std::size_t i = 0; i <= batch.events.size(); ++i) {
    for (; next < batch.rows.size() && batch.rows[next].before == i; ++next) {
      const MetricRows& rows = batch.rows[next];
      const std::size_t columns = rows.names->size();
      for (std::size_t row = 0; row < rows.steps.size(); ++row) {
        MetricSamples samples{rows.steps[row], {}};
        for (std::size_t c = 0; c < columns; ++c)
          samples.values.emplace_back((*rows.names)[c], rows.values[row * columns + c]);
        all.push_back({rows.times_ns[row], std::move(samples)});
      }
    }
    if (i < batch.events.size()) all.push_back(batch.events[i]);
  }
  return all;
}

TEST(JournalWriter, TellsTheSameSamplesAsRowsAsItTellsAsEvents) {
  const Scratch folder;
  std::mt19937 random(3);
  {
    auto writer = open_writer(folder / "j");
    for (int step = 0; step < 3000; ++step) {
      const unsigned kind = random() % 20;
      if (kind == 0) {
        ASSERT_TRUE(writer->append(LogLine{Severity::info, std::to_string(step)}));
      }
      if (kind == 1) {
        ASSERT_TRUE(writer->append(MetricSamples{step, {}}));
      }
      if (kind == 2) {
        ASSERT_TRUE(writer->append(MetricSamples{step, {{"eval/r1", 0.1 * step}}}));
      }
      ASSERT_TRUE(writer->append(MetricSamples{step, {{"loss", 1.0 / (step + 1)}, {"norm", -2.0 * step}}}));
      if (random() % 1000 == 0) writer = open_writer((writer.reset(), folder / "j"));
    }
  }
  for (const std::int64_t bytes : {std::int64_t{100}, std::int64_t{5000}, std::int64_t{1} << 20}) {
    std::int64_t offset = 0;
    while (true) {
      const Batch events = value_or_throw(read(folder / "j", offset, bytes));
      const Batch rows = value_or_throw(read(folder / "j", offset, bytes, MetricsAs::rows));
      ASSERT_EQ(rows.next_offset, events.next_offset);
      ASSERT_EQ(rows.anchor_wall_ns, events.anchor_wall_ns);
      const std::vector<Event> told = with_rows(rows);
      ASSERT_EQ(told.size(), events.events.size());
      for (std::size_t i = 0; i < told.size(); ++i) ASSERT_EQ(to_json(told[i]), to_json(events.events[i]));
      if (events.next_offset == offset) break;
      offset = events.next_offset;
    }
  }
}

TEST(JournalWriter, GivesAResumedSessionItsOwnAnchorAndNeverMixesTwoInOneBatch) {
  const Scratch folder;
  const auto file = folder / "j";
  ASSERT_TRUE(open_writer(file)->append(LogLine{Severity::info, "first"}));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const std::int64_t between = wall_now();
  ASSERT_TRUE(open_writer(file)->append(LogLine{Severity::info, "second"}));

  const Batch first = value_or_throw(read(file, 0));
  ASSERT_EQ(first.events.size(), 1U);
  const Batch second = value_or_throw(read(file, first.next_offset));
  ASSERT_EQ(second.events.size(), 1U);
  EXPECT_EQ(std::get<LogLine>(second.events[0].payload).text, "second");
  EXPECT_LT(first.anchor_wall_ns, between);
  EXPECT_GE(second.anchor_wall_ns, between);
}

TEST(JournalWriter, NamesMetricsForAReaderThatBeginsAnywhere) {
  const Scratch folder;
  const auto file = folder / "j";
  auto writer = open_writer(file);
  for (int step = 0; step < 20000; ++step) {  // more than one repetition of the names
    ASSERT_TRUE(writer->append(MetricSamples{step, {{"train/loss", step * 0.25}, {"train/learning_rate", 1e-3}}}));
  }
  ASSERT_TRUE(writer->append(MetricSamples{20000, {{"eval/t2i_r1", 0.5}}}));
  const Whole whole = read_all(file, 4096);
  ASSERT_EQ(whole.events.size(), 20001U);
  const auto& last = std::get<MetricSamples>(whole.events[19999].payload);
  EXPECT_EQ(last.step, 19999);
  EXPECT_THAT(last.values, testing::ElementsAre(testing::Pair("train/loss", 19999 * 0.25),
                                                testing::Pair("train/learning_rate", 1e-3)));
  writer.reset();
  EXPECT_LT(std::filesystem::file_size(file), 20001U * 90);
}

TEST(JournalWriter, TakesEventsFromManyThreads) {
  const Scratch folder;
  auto writer = open_writer(folder / "j");
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&writer, t] {
      for (int i = 0; i < 500; ++i) EXPECT_TRUE(writer->append(MetricSamples{i, {{"thread/" + std::to_string(t), i}}}));
    });
  }
  threads.clear();
  const Whole whole = read_all(folder / "j");
  EXPECT_EQ(whole.events.size(), 2000U);
  EXPECT_TRUE(whole.damage.empty());
}

TEST(JournalWriter, RefusesASecondWriterOfTheSameFile) {
  const Scratch folder;
  const auto writer = open_writer(folder / "j");
  const auto second = Writer::open(folder / "j");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::io);
  EXPECT_THAT(second.error().message(), testing::HasSubstr("another process is writing it"));
}

TEST(JournalReader, KnowsWhetherAndByWhomAJournalIsBeingWritten) {
  const Scratch folder;
  EXPECT_FALSE(has_writer(folder / "j"));
  auto writer = open_writer(folder / "j");
  EXPECT_TRUE(has_writer(folder / "j"));
  EXPECT_EQ(value_or_throw(read(folder / "j", 0)).writer_pid, static_cast<std::uint32_t>(getpid()));
  writer.reset();
  EXPECT_FALSE(has_writer(folder / "j"));
}

TEST(JournalWriter, NamesAFolderThatDoesNotExist) {
  const auto writer = Writer::open("/nonexistent/journal-0.athj");
  ASSERT_FALSE(writer);
  EXPECT_THAT(writer.error().message(), testing::HasSubstr("/nonexistent/journal-0.athj"));
}

// Lets files grow no further than `bytes`, as a full disk would.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int) = SIG_DFL;
};

TEST(JournalWriter, StaysWholeWhenTheDiskIsFullAndGoesOnWhenThereIsRoomAgain) {
  const Scratch folder;
  const auto file = folder / "j";
  auto writer = open_writer(file);
  int kept = 0;
  {
    const SizeLimit limit(1000);
    Result<void> done;
    while ((done = writer->append(LogLine{Severity::info, "line " + std::to_string(kept)}))) ++kept;
    EXPECT_EQ(done.error().kind, ErrorKind::io);
    EXPECT_THAT(done.error().message(), testing::HasSubstr("Free some disk space"));
    EXPECT_LT(kept, 25);
    const Whole whole = read_all(file);
    EXPECT_EQ(static_cast<int>(whole.events.size()), kept);
    EXPECT_EQ(whole.torn_tail_bytes, 0);
  }
  ASSERT_TRUE(writer->append(LogLine{Severity::info, "room again"}));
  EXPECT_EQ(static_cast<int>(read_all(file).events.size()), kept + 1);
}

TEST(JournalReader, SkipsFrameTypesOfALaterVersion) {
  const Scratch folder;
  const auto file = folder / "j";
  auto writer = open_writer(file);
  ASSERT_TRUE(writer->append(LogLine{Severity::info, "before"}));
  writer.reset();
  std::string bytes = bytes_of(file);
  bytes += make_frame(static_cast<FrameType>(200), bytes.substr(kHeaderBytes, kStampBytes) + "something new");
  put_bytes(file, bytes);
  ASSERT_TRUE(open_writer(file)->append(LogLine{Severity::info, "after"}));
  const Whole whole = read_all(file);
  EXPECT_EQ(whole.events.size(), 2U);
  EXPECT_TRUE(whole.damage.empty());
}

TEST(JournalReader, RefusesANewerFormatInOneSentence) {
  const Scratch folder;
  std::string payload(kStampBytes, '\0');
  payload += kMagic;
  put(payload, kFormatVersion + 1);
  put_bytes(folder / "j", make_frame(FrameType::session, payload));
  const auto batch = read(folder / "j", 0);
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(batch.error().message(), testing::HasSubstr("Update Athanor"));
}

TEST(JournalReader, SaysThatAFileIsShorterThanWhatWasReadBefore) {
  const Scratch folder;
  put_bytes(folder / "j", "");
  const auto batch = read(folder / "j", 10);
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().kind, ErrorKind::corrupt);
}

}  // namespace
}  // namespace athanor::journal
