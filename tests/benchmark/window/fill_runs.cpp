// Fills a fresh history with finished runs, each with curves, evaluations and tags, through the store's own writer.
//   fill_window_history HOME [RUNS] [STEPS]
#include "core/store/writer.h"

#include <cmath>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace athanor;

constexpr int kAtOnce = 500;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kFirstWallTime = 1'760'000'000 * kSecond;

std::vector<journal::Event> events_of(int run, int steps, std::mt19937& random) {
  std::normal_distribution<double> noise(0.0, 0.03);
  const double floor = 0.8 + 0.001 * (run % 400);
  std::vector<journal::Event> events = {{0, journal::StateChanged{journal::RunState::running, ""}}};
  for (int step = 1; step <= steps; ++step) {
    const double progress = static_cast<double>(step) / steps;
    journal::MetricSamples samples{step,
                                   {{"train/loss", floor + 4.0 * std::exp(-5.0 * progress) + noise(random)},
                                    {"train/learning_rate", 0.0015 * (1.0 - progress)},
                                    {"train/gradient_norm", 1.5 + noise(random)},
                                    {"train/samples_per_s", 800.0 + 100.0 * noise(random)}}};
    events.push_back({step * kSecond / 8, samples});
  }
  events.push_back({steps * kSecond / 8, journal::Evaluation{steps, "test", {{"t2i_r1", 0.4}, {"t2i_r10", 0.7}}}});
  events.push_back({steps * kSecond / 8, journal::MetricSamples{steps, {{"eval/t2i_r1", 0.4}, {"eval/t2i_r10", 0.7}}}});
  events.push_back({steps * kSecond / 8 + 1, journal::StateChanged{journal::RunState::finished, ""}});
  return events;
}

void add_run(store::Writer& writer, const std::filesystem::path& home, int number, int steps, std::mt19937& random) {
  store::NewRun wanted;
  wanted.name = "study-" + std::to_string(number);
  wanted.steps = steps;
  wanted.created_ns = kFirstWallTime + number * 60 * kSecond;
  wanted.status = store::RunStatus::running;
  wanted.directory = home / "runs" / wanted.name;
  const store::Job job = value_or_throw(writer.add_run(wanted));
  const auto events = events_of(number, steps, random);
  (void)value_or_throw(
      writer.ingest({.run = job.run, .next_offset = 4096, .anchor_wall_ns = wanted.created_ns, .events = events}));
  value_or_throw(writer.set_status(job.run, store::RunStatus::finished, ""));
  if (number % 3 == 0) value_or_throw(writer.set_tags({job.run}, {"baseline"}));
}

}  // namespace

int main(int count, char** words) {
  if (count < 2) {
    std::cerr << "fill_window_history HOME [RUNS] [STEPS]\n";
    return 2;
  }
  const std::filesystem::path home = words[1];
  const int runs = count > 2 ? std::stoi(words[2]) : 1000;
  const int steps = count > 3 ? std::stoi(words[3]) : 400;
  std::filesystem::create_directories(home);
  std::mt19937 random(7);
  try {
    const auto writer = value_or_throw(store::Writer::open(home / "history.db"));
    for (int number = 1; number <= runs;) {
      value_or_throw(writer->together([&]() -> athanor::Result<void> {
        for (int i = 0; i < kAtOnce && number <= runs; ++i) add_run(*writer, home, number++, steps, random);
        return {};
      }));
    }
  } catch (const std::exception& error) {
    std::cerr << "fill_runs: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
