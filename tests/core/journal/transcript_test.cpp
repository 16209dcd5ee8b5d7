// Journals of runs that are over.
#include "core/journal/transcript.h"

#include "core/journal/reader.h"
#include "tests/core/journal/samples.h"

#include <gtest/gtest.h>

namespace athanor::journal {
namespace {

TEST(Transcript, IsReadLikeAnyOtherJournal) {
  const Scratch folder;
  const auto file = folder / file_name(0);
  {
    const auto transcript = value_or_throw(Transcript::create(file, 1000));
    value_or_throw(transcript->append(1000, StateChanged{RunState::running, ""}));
    for (int i = 0; i < 20'000; ++i)  // more than a name set is good for, and than is written at once
      value_or_throw(transcript->append(900 + i, MetricSamples{i, {{i % 2 == 0 ? "even" : "odd", i * 0.5}}}));
    value_or_throw(transcript->append(5, StateChanged{RunState::finished, ""}));
    value_or_throw(transcript->finish());
  }
  std::int64_t offset = 0, samples = 0, last_ns = 0;
  while (true) {
    const Batch batch = value_or_throw(read(file, offset));
    EXPECT_TRUE(batch.damage.empty());
    EXPECT_EQ(batch.writer_pid, 0U);
    for (const Event& event : batch.events) {
      last_ns = batch.anchor_wall_ns + event.time_ns;
      const auto* metrics = std::get_if<MetricSamples>(&event.payload);
      if (metrics == nullptr) continue;
      EXPECT_EQ(last_ns, 900 + samples);
      EXPECT_EQ(metrics->values.front().first, samples % 2 == 0 ? "even" : "odd");
      EXPECT_EQ(metrics->values.front().second, static_cast<double>(samples) * 0.5);
      ++samples;
    }
    if (batch.next_offset == offset) break;
    offset = batch.next_offset;
  }
  EXPECT_EQ(samples, 20'000);
  EXPECT_EQ(last_ns, 5);
}

}  // namespace
}  // namespace athanor::journal
