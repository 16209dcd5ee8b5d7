// Runs on several ranks, of which each has its own journal.
#include "core/journal/codec.h"
#include "core/journal/frames.h"
#include "core/journal/reader.h"
#include "core/journal/writer.h"
#include "tests/core/agent/home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::agent {
namespace {

namespace fs = std::filesystem;
using store::RunStatus;
using testing::HasSubstr;

constexpr int kSteps = 40;

// As a rank leaves it; the first also says how the run went.
void write_journal(const fs::path& folder, int rank) {
  const auto journal = value_or_throw(journal::Writer::open(folder / journal::file_name(rank)));
  if (rank == 0) value_or_throw(journal->append(journal::StateChanged{journal::RunState::running, ""}));
  for (int step = 1; step <= kSteps; ++step) {
    journal::Span span{.rank = rank, .kind = journal::SpanKind::forward, .step = step};
    span.begin_ns = journal->now_ns();
    span.end_ns = journal->now_ns();
    value_or_throw(journal->append(span));
    if (rank == 0) value_or_throw(journal->append(journal::MetricSamples{step, {{"sequence", 1.0 * step}}}));
  }
  if (rank == 0) value_or_throw(journal->append(journal::StateChanged{journal::RunState::finished, ""}));
}

// As a program of a version to come goes on with it.
void go_on_in_later_version(const fs::path& file) {
  std::string session(journal::kStampBytes, '\0');
  session += journal::kMagic;
  journal::put(session, journal::kFormatVersion + 1);
  std::ofstream(file, std::ios::app | std::ios::binary) << journal::make_frame(journal::FrameType::session, session);
}

// Six ranks: the journal of one is gone, that of one ends torn, that of one begins damaged, one is none at all, and one
// goes on in a version to come.
fs::path write_run(const Home& home) {
  const fs::path folder = home.path / "runs/six";
  fs::create_directories(folder);
  std::ofstream(folder / "recipe.toml") << Home::recipe(kSteps, "pace=1", "six");
  for (const int rank : {5, 4, 3, 2, 0}) write_journal(folder, rank);
  fs::resize_file(folder / journal::file_name(2), fs::file_size(folder / journal::file_name(2)) - 5);
  std::fstream damaged(folder / journal::file_name(3), std::ios::in | std::ios::out | std::ios::binary);
  damaged << std::string(200, 'x');
  fs::remove(folder / journal::file_name(4));
  fs::create_directory(folder / journal::file_name(4));
  go_on_in_later_version(folder / journal::file_name(5));
  return folder;
}

void expect_whole(const Home& home, store::RunId id) {
  EXPECT_EQ(home.run(id).status, RunStatus::finished);
  EXPECT_EQ(home.steps_of(id).size(), static_cast<std::size_t>(kSteps));
  std::map<int, std::int64_t> newest;
  for (const store::RankStep& step : value_or_throw(home.history()->spans(id))) {
    EXPECT_EQ(step.spans.size(), 1U);
    newest[step.rank] = step.step;
  }
  EXPECT_EQ(newest, (std::map<int, std::int64_t>{{0, kSteps}, {2, kSteps - 1}, {3, kSteps}, {5, kSteps}}));
}

TEST(RankJournals, AreTakenInOnceEachThoughSomeAreGoneTornOrUnreadable) {
  Home home;
  write_run(home);
  home.start_agent();
  ASSERT_TRUE(Home::until([&] {
    const auto runs = value_or_throw(home.history()->runs());
    return runs.size() == 1 && !store::is_live(runs[0].status) && home.steps_of(runs[0].id).size() == kSteps;
  }));
  const store::RunId id = value_or_throw(home.history()->runs())[0].id;
  ASSERT_TRUE(Home::until([&] { return value_or_throw(home.history()->spans(id)).size() == 16U; }));
  expect_whole(home, id);
  home.kill_agent();
  home.start_agent();
  ASSERT_TRUE(value_or_throw(home.client->list()).size() == 1);
  expect_whole(home, id);
}

TEST(RankJournals, GiveARebuiltHistoryTheSameSpans) {
  Home home;
  write_run(home);
  const auto rebuilt = home.call({"rebuild"});
  EXPECT_THAT(rebuilt.text, HasSubstr("journal-4.athj"));
  EXPECT_THAT(rebuilt.text, HasSubstr("journal-5.athj"));
  EXPECT_THAT(rebuilt.text, HasSubstr("it was written in format 2"));
  expect_whole(home, value_or_throw(home.history()->runs())[0].id);
}

}  // namespace
}  // namespace athanor::agent
