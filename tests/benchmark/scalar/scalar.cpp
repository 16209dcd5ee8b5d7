// scalar: what telling one scalar costs the thread that tells it, in ns: mean, p50, p99 and p99.9 of all calls.
//   scalar [--scalars 1000000] [--rounds 5] [--folder /tmp]
// Beside it, taking turns: the same bytes copied in memory, which no durable journal can beat, and written by one
// write(2) a call, which is what surviving a killed process takes without the mapping. The time of reading the clock is
// taken off; each figure is the median of the rounds. Some machines' time stamp counters move in steps of 10 ns.
#include "core/journal/writer.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <numeric>
#include <random>
#include <unistd.h>
#include <vector>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace {

using namespace athanor;
namespace fs = std::filesystem;

constexpr std::size_t kFrameBytes = 48;  // of a metrics frame beside its values
constexpr std::array<double, 3> kShares = {0.5, 0.99, 0.999};
using Figures = std::array<double, 1 + kShares.size()>;

#if defined(__x86_64__)
std::uint64_t ticks() {
  unsigned processor = 0;
  const std::uint64_t now = __rdtscp(&processor);  // waits until all before is done
  _mm_lfence();
  return now;
}
#else
std::uint64_t ticks() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}
#endif

double nanoseconds_per_tick() {
  const auto begin = std::chrono::steady_clock::now();
  const std::uint64_t first = ticks();
  std::chrono::nanoseconds passed{};
  while (passed < std::chrono::milliseconds(200)) passed = std::chrono::steady_clock::now() - begin;
  return static_cast<double>(passed.count()) / static_cast<double>(ticks() - first);
}

Figures figures_of(std::vector<std::uint64_t>& spent) {
  Figures out{std::accumulate(spent.begin(), spent.end(), 0.0) / static_cast<double>(spent.size())};
  for (std::size_t i = 0; i < kShares.size(); ++i) {
    const auto at = spent.begin() + static_cast<std::ptrdiff_t>(static_cast<double>(spent.size() - 1) * kShares[i]);
    std::ranges::nth_element(spent, at);
    out[1 + i] = static_cast<double>(*at);
  }
  return out;
}

std::vector<std::uint64_t> timed(std::size_t calls, const std::function<void(std::size_t)>& call) {
  std::vector<std::uint64_t> spent(calls);
  for (std::size_t i = 0; i < calls; ++i) {
    const std::uint64_t begin = ticks();
    call(i);
    spent[i] = ticks() - begin;
  }
  return spent;
}

struct Case {
  const char* name;
  std::function<std::vector<std::uint64_t>()> run;
  std::vector<Figures> rounds;
};

class Measure {
 public:
  Measure(std::size_t width, std::size_t scalars, fs::path folder)
      : width_(width), calls_(scalars / width), folder_(std::move(folder)), values_(scalars) {
    std::mt19937_64 random(17);
    std::normal_distribution<double> normal;
    for (double& value : values_) value = normal(random);
    for (std::size_t i = 0; i < width; ++i) names_.push_back(fmt::format("train/metric_{}", i));
  }

  // Figures that the caller keeps and fills anew.
  std::vector<std::uint64_t> journal() {
    const auto writer = open();
    journal::Payload payload = figures(0);
    auto& samples = std::get<journal::MetricSamples>(payload);
    return timed(calls_, [&](std::size_t i) {
      samples.step = static_cast<std::int64_t>(i);
      for (std::size_t k = 0; k < width_; ++k) samples.values[k].second = values_[i * width_ + k];
      if (!writer->append(payload)) std::abort();
    });
  }

  // Figures that are made anew with their names, as the trainer does.
  std::vector<std::uint64_t> journal_with_names() {
    const auto writer = open();
    return timed(calls_, [&](std::size_t i) {
      if (!writer->append(figures(i))) std::abort();
    });
  }

  std::vector<std::uint64_t> copies() {
    std::vector<char> memory(calls_ * frame_bytes(), 1);
    std::vector<char> frame(frame_bytes(), 2);
    return timed(calls_, [&](std::size_t i) {
      std::memcpy(memory.data() + i * frame.size(), frame.data(), frame.size());
      asm volatile("" : : "r"(memory.data()) : "memory");
    });
  }

  std::vector<std::uint64_t> writes() {
    const int file = ::open((folder_ / "plain").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    std::vector<char> frame(frame_bytes(), 2);
    auto spent = timed(calls_, [&](std::size_t) {
      if (::write(file, frame.data(), frame.size()) != static_cast<ssize_t>(frame.size())) std::abort();
    });
    ::close(file);
    return spent;
  }

 private:
  [[nodiscard]] std::size_t frame_bytes() const { return kFrameBytes + width_ * sizeof(double); }

  [[nodiscard]] std::unique_ptr<journal::Writer> open() const {
    fs::remove(folder_ / "journal");
    return value_or_throw(journal::Writer::open(folder_ / "journal"));
  }

  [[nodiscard]] journal::MetricSamples figures(std::size_t call) const {
    journal::MetricSamples samples{static_cast<std::int64_t>(call), {}};
    for (std::size_t k = 0; k < width_; ++k) samples.values.emplace_back(names_[k], values_[call * width_ + k]);
    return samples;
  }

  std::size_t width_, calls_;
  fs::path folder_;
  std::vector<double> values_;
  std::vector<std::string> names_;
};

void measure(std::size_t width, std::size_t scalars, int rounds, const fs::path& folder, double tick_ns) {
  Measure of(width, scalars, folder);
  std::vector<Case> cases = {{"journal", [&] { return of.journal(); }, {}},
                             {"journal, names made anew", [&] { return of.journal_with_names(); }, {}},
                             {"one write(2) a call", [&] { return of.writes(); }, {}},
                             {"copy in memory", [&] { return of.copies(); }, {}}};
  auto idle = timed(100'000, [](std::size_t) {});
  Figures clock = figures_of(idle);
  std::fill(clock.begin() + 2, clock.end(), clock[1]);  // what is rare comes once a call, not once a reading
  for (int round = 0; round <= rounds; ++round) {
    for (Case& each : cases) {
      auto spent = each.run();
      if (round > 0) each.rounds.push_back(figures_of(spent));  // the first warms up
    }
  }
  fmt::print("{} scalar{} a call, ns per scalar           mean       p50       p99     p99.9\n", width,
             width > 1 ? "s" : " ");
  for (Case& each : cases) {
    fmt::print("  {:34}", each.name);
    for (std::size_t i = 0; i < clock.size(); ++i) {
      std::vector<double> seen;
      for (const Figures& round : each.rounds)
        seen.push_back(std::max(0.0, round[i] - clock[i]) * tick_ns / static_cast<double>(width));
      std::ranges::sort(seen);
      fmt::print("{:10.1f}", seen[seen.size() / 2]);
    }
    fmt::print("\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t scalars = 1'000'000;
  int rounds = 5;
  fs::path where = fs::temp_directory_path();
  CLI::App app("Measures what telling a scalar costs", "scalar");
  app.add_option("--scalars", scalars, "How many are told in a round")->check(CLI::Range(1'000, 1'000'000'000));
  app.add_option("--rounds", rounds, "Of which the median is taken")->check(CLI::Range(1, 1000));
  app.add_option("--folder", where, "On whose disk the journal lies");
  CLI11_PARSE(app, argc, argv);
  std::string name = (where / "athanor-scalar-XXXXXX").string();
  const fs::path folder = mkdtemp(name.data());
  const double tick_ns = nanoseconds_per_tick();
  for (const std::size_t width : {std::size_t{1}, std::size_t{8}}) measure(width, scalars, rounds, folder, tick_ns);
  fs::remove_all(folder);
  return 0;
}
