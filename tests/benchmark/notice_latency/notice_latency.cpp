// notice_latency: time from a metric written to a journal until a follower of the agent has read it from the history.
//   notice_latency [--samples 500] [--pause 20]
// Random pauses between samples; the journal's own write is counted in. Limit: 50 ms, of 200 ms until it is drawn.
#include "core/journal/reader.h"
#include "core/journal/writer.h"
#include "tests/core/agent/home.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>

namespace {

using namespace athanor;
using Clock = std::chrono::steady_clock;

struct Measured {
  std::vector<double> milliseconds;
  std::mutex mutex;
  std::condition_variable seen;
  std::int64_t last = 0;  // newest step that was read back
};

void follow(const agent::Home& home, Measured& measured, const std::stop_token& stop) {
  const auto reader = home.history();
  value_or_throw(home.client->follow(
      [&](const agent::Change& change) {
        if (change.what != agent::Change::What::metrics) return;
        const auto points = value_or_throw(reader->points(change.run, "x", measured.last + 1, 1 << 30));
        if (points.empty()) return;
        const std::lock_guard lock(measured.mutex);
        measured.last = points.back().step;
        measured.seen.notify_all();
      },
      stop));
}

}  // namespace

int main(int argc, char** argv) {
  int samples = 500, pause = 20;
  CLI::App app("Measures how soon a written metric can be drawn", "notice_latency");
  app.add_option("--samples", samples, "How many");
  app.add_option("--pause", pause, "Longest time between two, in ms");
  CLI11_PARSE(app, argc, argv);

  agent::Home home;
  home.start_agent();
  std::filesystem::create_directories(home.path / "runs/latency");
  const auto writer = value_or_throw(journal::Writer::open(home.path / "runs/latency" / journal::file_name(0)));
  Measured measured;
  std::jthread following([&](const std::stop_token& stop) { follow(home, measured, stop); });
  std::mt19937 random(1);
  constexpr int kWarmUp = 20;
  for (int step = 1; step <= samples + kWarmUp; ++step) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % static_cast<unsigned>(pause)));
    const auto begin = Clock::now();
    value_or_throw(writer->append(journal::MetricSamples{step, {{"x", 1.0 * step}}}));
    std::unique_lock lock(measured.mutex);
    const bool seen = measured.seen.wait_for(lock, std::chrono::seconds(5), [&] { return measured.last >= step; });
    if (!seen && step > kWarmUp) fmt::print("step {} was not seen within 5 s\n", step);
    if (step > kWarmUp)
      measured.milliseconds.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  following.request_stop();
  following.join();
  auto& seen = measured.milliseconds;
  std::ranges::sort(seen);
  fmt::print("metric written -> read by a follower: median {:.2f} ms, 99 % {:.2f} ms, worst {:.2f} ms of {}\n",
             seen[seen.size() / 2], seen[seen.size() * 99 / 100], seen.back(), seen.size());
  return 0;
}
