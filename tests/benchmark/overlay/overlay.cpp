// What reading many long curves at once takes: the overview with nothing in memory, then a zoom into it, gesture by
// gesture, down to single samples.
//   overlay FILE [--columns 1400] [--threads 2] [--zooms 10]
// The physical limit beside it: copying the bytes that were read.
#include "core/store/reader.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>
#include <unistd.h>

namespace {

using namespace athanor;
using Clock = std::chrono::steady_clock;
using Curves = std::vector<std::vector<store::Bucket>>;

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// Out of the operating system's memory, as far as it allows.
void forget(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDONLY);
  ::fdatasync(fd);
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  ::close(fd);
}

double resident_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
  return 0;
}

// One reader a thread; the runs are dealt out.
struct Readers {
  std::vector<std::unique_ptr<store::Reader>> all;

  Readers(const std::string& file, int threads) {
    for (int i = 0; i < threads; ++i) all.push_back(value_or_throw(store::Reader::open(file)));
  }

  Curves read(const std::vector<store::CurveKey>& keys, const store::CurveRange& range) {
    Curves curves(keys.size());
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < all.size(); ++t) {
      threads.emplace_back([&, t] {
        const std::size_t from = keys.size() * t / all.size();
        const std::size_t to = keys.size() * (t + 1) / all.size();
        auto part = value_or_throw(all[t]->curves(std::span(keys).subspan(from, to - from), range));
        std::ranges::move(part, curves.begin() + static_cast<std::ptrdiff_t>(from));
      });
    }
    threads.clear();
    return curves;
  }
};

std::size_t count_of(const Curves& curves) {
  std::size_t count = 0;
  for (const auto& curve : curves) count += curve.size();
  return count;
}

double quantile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())))];
}

}  // namespace

int main(int argc, char** argv) {
  std::string file;
  int columns = 1400, threads = 2, zooms = 10;
  CLI::App app("Measures reading many long curves", "overlay");
  app.add_option("file", file, "history.db")->required();
  app.add_option("--columns", columns, "Of a curve, about the pixels of a plot");
  app.add_option("--threads", threads, "That read");
  app.add_option("--zooms", zooms, "Ways from the overview to single samples");
  CLI11_PARSE(app, argc, argv);

  forget(file);
  const auto begin = Clock::now();
  Readers readers(file, threads);
  std::vector<store::CurveKey> keys;
  std::int64_t steps = 0;
  for (const store::Run& run : value_or_throw(readers.all.front()->runs())) {
    keys.push_back({run.id, "train/loss"});
    steps = std::max(steps, run.steps);
  }
  const double listed = ms_since(begin);
  store::CurveRange range{.first_step = 0,
                          .last_step = steps - 1,
                          .columns = columns,
                          .times = store::Times::leave_out,
                          .edges = store::Edges::whole};
  Curves curves = readers.read(keys, range);
  const double cold = ms_since(begin);
  fmt::print("{} runs of {} steps, {} columns, {} threads\n", keys.size(), steps, columns, threads);
  fmt::print("overview, nothing in memory   {:8.1f} ms (of these {:.1f} for the list), {} buckets\n", cold, listed,
             count_of(curves));
  const auto again = Clock::now();
  curves = readers.read(keys, range);
  fmt::print("overview again                {:8.1f} ms\n", ms_since(again));
  curves = {};

  std::mt19937_64 random(5);
  std::vector<double> gestures;
  double worst_width = 0;
  for (int zoom = 0; zoom < zooms; ++zoom) {
    const auto centre = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(steps));
    for (double width = static_cast<double>(steps); width > 200; width *= 0.8) {
      const auto half = static_cast<std::int64_t>(width / 2);
      range.first_step = centre - half;
      range.last_step = centre + half;
      const auto gesture = Clock::now();
      curves = readers.read(keys, range);
      const double took = ms_since(gesture);
      if (gestures.empty() || took > *std::ranges::max_element(gestures)) worst_width = width;
      gestures.push_back(took);
    }
  }
  fmt::print("zoom, a gesture of {}        {:8.1f} ms median, {:.1f} p99, {:.1f} worst (at {:.0f} steps)\n",
             gestures.size(), quantile(gestures, 0.5), quantile(gestures, 0.99), quantile(gestures, 1), worst_width);
  fmt::print("resident                      {:8.1f} MB\n", resident_mb());
  return 0;
}
