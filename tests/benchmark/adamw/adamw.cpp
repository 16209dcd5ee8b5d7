// The optimizers' passes against memory bandwidth: bytes moved per second beside those of the triad a = b + s c over
// the same memory, in turns.
//   adamw [--elements 16777216] [--threads 2] [--rounds 9]
#include "kernels/ops/optim/adamw.h"

#include "kernels/cpu/parallel.h"
#include "tests/benchmark/adamw/triad_avx2.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <random>
#include <vector>

namespace {

using namespace athanor;

constexpr std::int64_t kBlock = 1 << 16;

struct Release {
  void operator()(void* memory) const { std::free(memory); }
};
using Floats = std::unique_ptr<float[], Release>;

Floats random_floats(std::int64_t count, float mean, float spread, unsigned seed) {
  Floats memory(static_cast<float*>(std::aligned_alloc(4096, static_cast<std::size_t>(count) * sizeof(float))));
  std::minstd_rand random(seed);
  std::uniform_real_distribution<float> uniform(mean - spread, mean + spread);
  for (std::int64_t i = 0; i < count; ++i) memory[static_cast<std::size_t>(i)] = uniform(random);
  return memory;
}

template <class Work>
double seconds(Work&& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Times AdamW against memory bandwidth");
  std::int64_t elements = std::int64_t{1} << 24;
  int threads = 2, rounds = 9;
  app.add_option("--elements", elements);
  app.add_option("--threads", threads);
  app.add_option("--rounds", rounds);
  CLI11_PARSE(app, argc, argv);
  elements = elements / kBlock * kBlock;

  const Floats param = random_floats(elements, 0.0f, 1.0f, 1), grad = random_floats(elements, 0.0f, 0.1f, 2),
               m = random_floats(elements, 0.0f, 0.1f, 3), v = random_floats(elements, 0.01f, 0.005f, 4);
  Exec exec;
  exec.threads = threads;
  const kernels::AdamWSegment segment{.param = param.get(),
                                      .grad = grad.get(),
                                      .m = m.get(),
                                      .v = v.get(),
                                      .numel = elements,
                                      .lr = 1e-3f,
                                      .weight_decay = 0.05f};
  const kernels::AdamWArgs args{.segments = {&segment, 1}, .step = 100};
  const auto adamw = [&] { kernels::adamw(exec, args); };
  const auto triad = [&] {
    kernels::cpu::parallel_ranges(threads, elements, kBlock, [&](kernels::cpu::BlockRange range) {
      benchmark::triad_avx2(range.size(), grad.get() + range.begin, v.get() + range.begin, 1e-9f,
                            m.get() + range.begin);
    });
  };
  // Seven arrays are read or written by AdamW, three by the triad.
  const double number = static_cast<double>(elements) * sizeof(float) * 1e-9;
  adamw();
  triad();
  std::vector<double> rates, bounds, ratios;
  for (int round = 0; round < rounds; ++round) {
    bounds.push_back(3.0 * number / seconds(triad));
    rates.push_back(7.0 * number / seconds(adamw));
    ratios.push_back(rates.back() / bounds.back());
  }
  double load = 0;
  std::ifstream("/proc/loadavg") >> load;
  fmt::print("AdamW, {} parameters, {} threads, load {:.1f}\n", elements, threads, load);
  fmt::print("  triad  {:6.2f} GB/s\n  AdamW  {:6.2f} GB/s\n", median(bounds), median(rates));
  const auto [least, most] = std::ranges::minmax(ratios);
  fmt::print("  AdamW / triad  {:.1f} %   ({:.1f} to {:.1f}, must 85 %)\n", 100 * median(ratios), 100 * least,
             100 * most);
}
