// queue: how soon the next of many queued runs begins after one has ended, with small programs in the place of runs.
//   queue [--runs 1000] [--beside 1]
// Times are those that the runs' own journals say. Limit: 2 s (reference/workbenches.md, G13).
#include "tests/core/agent/home.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace {

using namespace athanor;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// From the end that made room until the next run says its first word.
std::vector<double> gaps(std::vector<store::Run> runs, int beside) {
  std::ranges::sort(runs, {}, &store::Run::started_ns);
  std::vector<std::int64_t> ends;
  for (const store::Run& run : runs) ends.push_back(run.ended_ns);
  std::ranges::sort(ends);
  std::vector<double> out;
  for (std::size_t i = static_cast<std::size_t>(beside); i < runs.size(); ++i)
    out.push_back(static_cast<double>(runs[i].started_ns - ends[i - static_cast<std::size_t>(beside)]) / 1e6);
  std::ranges::sort(out);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  int count = 1000, beside = 1;
  CLI::App app("Measures how soon queued runs begin", "queue");
  app.add_option("--runs", count, "How many are queued");
  app.add_option("--beside", beside, "How many go on at a time");
  CLI11_PARSE(app, argc, argv);

  agent::Home home;
  home.start_agent();
  store::QueueSettings limits;
  limits.cores = beside;
  value_or_throw(home.client->limit(limits));
  value_or_throw(home.client->hold_queue(true));
  const std::string recipe = agent::Home::recipe(2, "pace=0") + "threads = 1\n";
  auto begin = Clock::now();
  for (int i = 0; i < count; ++i) (void)value_or_throw(home.client->enqueue({recipe, 0, 0, {}}));
  fmt::print("queue one of {}: {:.2f} ms\n", count, ms_since(begin) / count);
  begin = Clock::now();
  (void)value_or_throw(home.client->queue());
  fmt::print("tell the whole queue: {:.1f} ms\n", ms_since(begin));
  begin = Clock::now();
  value_or_throw(home.client->move({count}, store::Spot::front));
  fmt::print("move the last to the front: {:.1f} ms\n", ms_since(begin));
  home.kill_agent();
  begin = Clock::now();
  home.start_agent();
  (void)value_or_throw(home.client->queue());
  fmt::print("a new agent tells it: {:.1f} ms\n", ms_since(begin));

  value_or_throw(home.client->hold_queue(false));
  for (store::RunId run = 1; run <= count; ++run) {
    const auto ended = home.client->wait(run, std::chrono::minutes(30));
    if (!ended || ended->status != store::RunStatus::finished) fmt::print("run {} did not finish\n", run);
  }
  const auto measured = gaps(value_or_throw(home.history()->runs()), beside);
  fmt::print(
      "end of one -> first word of the next, {} beside each other: median {:.1f} ms, 99 % {:.1f} ms, worst {:.1f} ms\n",
      beside, measured[measured.size() / 2], measured[measured.size() * 99 / 100], measured.back());
  return 0;
}
