#include "core/timeline/chrome_trace.h"

#include "core/journal/reader.h"
#include "core/journal/writer.h"
#include "tests/core/timeline/waiting_run.h"
#include "tests/support/temporary_folder.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <vector>

namespace athanor::timeline {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing_support::TemporaryFolder;

json parsed(const fs::path& file) {
  std::ifstream in(file);
  return json::parse(in);
}

TEST(ChromeTrace, HasAProcessForEachRankABarForEachSpanAndAnInstantForWhatHappened) {
  TemporaryFolder folder;
  test::write_waiting_run(folder / "run", test::eight_ranks(2e5, 2));
  const auto written = write_chrome_trace(folder / "run", folder / "trace.json");
  ASSERT_TRUE(written) << written.error().message();
  EXPECT_EQ(written->ranks, 8);
  std::map<int, int> bars;
  std::map<std::string, int> marks;
  std::map<std::pair<int, int>, double> free;  // by process and thread
  const json trace = parsed(folder / "trace.json");
  for (const json& event : trace.at("traceEvents")) {
    const std::string phase = event.at("ph");
    if (phase == "i") ++marks[event.at("name")];
    if (phase != "X") continue;
    ++bars[event.at("pid")];
    EXPECT_GE(event.at("ts"), free[(std::pair(event.at("pid"), event.at("tid")))]) << event;
    free[(std::pair(event.at("pid"), event.at("tid")))] = double(event.at("ts")) + double(event.at("dur")) - 0.01;
    EXPECT_GE(event.at("args").at("stage"), 0);
  }
  EXPECT_EQ(bars.size(), 8U);
  EXPECT_GT(bars[7], 2 * 16 * 3);
  EXPECT_EQ(marks["fault_seen"], 1);
  EXPECT_EQ(marks["recovery"], 1);
  EXPECT_EQ(marks["state_changed"], 2);
  EXPECT_FALSE(fs::exists(folder / "trace.json.part"));
}

TEST(ChromeTrace, OfARangeHasWhatReachesIntoItAndNothingElse) {
  TemporaryFolder folder;
  test::write_waiting_run(folder / "run", test::eight_ranks(2e5, 3));
  const auto all = value_or_throw(write_chrome_trace(folder / "run", folder / "all.json"));
  const json trace = parsed(folder / "all.json");
  std::vector<double> begins;
  for (const json& event : trace.at("traceEvents"))
    if (event.at("ph") == "X") begins.push_back(event.at("ts"));
  std::ranges::sort(begins);
  const double from = begins[begins.size() / 3] + 0.5, to = begins[begins.size() / 2] + 0.5;  // microseconds
  std::int64_t within = 0;
  for (const json& event : trace.at("traceEvents"))
    if (event.at("ph") == "X" && double(event.at("ts")) <= to &&
        double(event.at("ts")) + double(event.at("dur")) >= from)
      ++within;
  const TraceRange range{static_cast<std::int64_t>(from * 1e3), static_cast<std::int64_t>(to * 1e3), true};
  const auto part = value_or_throw(write_chrome_trace(folder / "run", folder / "part.json", range));
  EXPECT_EQ(part.spans, within);
  EXPECT_GT(part.spans, 100);
  EXPECT_LT(part.spans, all.spans / 2);
}

TEST(ChromeTrace, IsWholeForAJournalOfManyBatchesAndForWordsOfAnyKind) {
  TemporaryFolder folder;
  fs::create_directories(folder / "run");
  constexpr int kSpans = 100'000;
  {
    const auto journal = value_or_throw(journal::Writer::open(folder / "run/journal-0.athj"));
    value_or_throw(journal->append(journal::Alert{journal::Severity::warning, 1, "\"quoted\"", "line\nline \xff"}));
    for (int i = 0; i < kSpans; ++i)
      value_or_throw(journal->append(journal::Span{.step = i, .begin_ns = i * 10, .end_ns = i * 10 + 5}));
  }
  std::ofstream(folder / "run/journal-1.athj") << "none";
  const auto written = value_or_throw(write_chrome_trace(folder / "run", folder / "trace.json"));
  EXPECT_EQ(written.spans, kSpans);
  EXPECT_EQ(parsed(folder / "trace.json").at("traceEvents").size(), std::size_t{kSpans} + 1 + 5);
}

TEST(ChromeTrace, ThatCannotBeWrittenLeavesNothing) {
  TemporaryFolder folder;
  test::write_waiting_run(folder / "run", test::eight_ranks(1e5, 1));
  const auto refused = write_chrome_trace(folder / "run", folder / "missing/trace.json");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("missing/trace.json"), std::string::npos);
  fs::create_directories(folder / "taken/by-a-folder");
  EXPECT_FALSE(write_chrome_trace(folder / "run", folder / "taken"));
  EXPECT_FALSE(fs::exists(folder / "taken.part"));
}

}  // namespace
}  // namespace athanor::timeline
