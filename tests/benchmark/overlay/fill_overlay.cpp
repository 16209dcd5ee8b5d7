// Fills a history with long runs for the overlay benchmark, through the store's own writer.
//   fill_overlay FILE [--runs 1000] [--samples 1000000]
// Each run has one metric, "train/loss": a falling curve under noise with rare spikes, in double precision, at times
// that jitter.
#include "core/store/writer.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <random>

namespace {

using namespace athanor;
namespace fs = std::filesystem;

constexpr std::int64_t kPerCommit = 1 << 17;

journal::MetricRows rows_of(int run, std::int64_t from, std::int64_t to, std::mt19937_64& random) {
  static const auto names = std::make_shared<const std::vector<std::string>>(1, "train/loss");
  journal::MetricRows rows{.before = 0, .names = names, .steps = {}, .times_ns = {}, .values = {}};
  const double floor = 0.3 + 0.002 * (run % 500);
  for (std::int64_t step = from; step < to; ++step) {
    const std::uint64_t bits = random();
    const double noise = static_cast<double>(bits >> 11) * 0x1p-53 - 0.5;
    const double spike = bits % 65536 == 0 ? 3.0 : 0.0;
    rows.steps.push_back(step);
    rows.times_ns.push_back(step * 50'000'000 + static_cast<std::int64_t>(bits % 1'000'000));
    rows.values.push_back(floor + 4.0 * std::exp(-static_cast<double>(step) * 1e-5) + 0.2 * noise + spike);
  }
  return rows;
}

void fill(store::Writer& writer, int number, std::int64_t samples) {
  store::NewRun wanted;
  wanted.name = fmt::format("long-{}", number);
  wanted.status = store::RunStatus::running;
  wanted.created_ns = 1'760'000'000'000'000'000 + number * 1'000'000'000LL;
  wanted.steps = samples;
  wanted.directory = fs::path("/nowhere") / wanted.name;
  const store::RunId run = value_or_throw(writer.add_run(wanted)).run;
  std::mt19937_64 random(static_cast<std::uint64_t>(number));
  for (std::int64_t from = 0; from < samples; from += kPerCommit) {
    const std::vector<journal::MetricRows> rows = {rows_of(number, from, std::min(samples, from + kPerCommit), random)};
    value_or_throw(
        writer.ingest({.run = run, .from_offset = from, .next_offset = from + kPerCommit, .events = {}, .rows = rows}));
  }
  const std::int64_t end = value_or_throw(writer.offset(run, 0));
  const std::vector<journal::Event> over = {
      {samples * 50'000'000, journal::StateChanged{journal::RunState::finished, ""}}};
  value_or_throw(writer.ingest({.run = run, .from_offset = end, .next_offset = end + 1, .events = over}));
}

}  // namespace

int main(int argc, char** argv) {
  std::string file;
  int runs = 1000;
  std::int64_t samples = 1'000'000;
  CLI::App app("Fills a history for the overlay benchmark", "fill_overlay");
  app.add_option("file", file, "history.db to make")->required();
  app.add_option("--runs", runs, "How many");
  app.add_option("--samples", samples, "Of each");
  CLI11_PARSE(app, argc, argv);
  fs::create_directories(fs::absolute(file).parent_path());
  const auto writer = value_or_throw(store::Writer::open(file));
  const auto begin = std::chrono::steady_clock::now();
  for (int run = 1; run <= runs; ++run) fill(*writer, run, samples);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  fmt::print("{} runs of {} samples in {:.1f} s: {:.2f} M samples/s; {:.2f} bytes a sample\n", runs, samples, seconds,
             static_cast<double>(runs) * static_cast<double>(samples) / seconds / 1e6,
             static_cast<double>(fs::file_size(file)) / static_cast<double>(runs) / static_cast<double>(samples));
  return 0;
}
