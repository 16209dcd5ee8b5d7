// Times one training step of two_tower on random data: forward, loss, backward, clipping and AdamW.
//   step_profile [--device cpu|cuda] [--batch N] [--threads N] [--steps N] [--profile]
// Prints the median, the spread, and with --profile the time of each kernel.
#include "core/autograd/backward.h"
#include "core/models/two_tower/two_tower.h"
#include "core/ops/loss.h"
#include "core/optim/adamw.h"
#include "kernels/base/error.h"
#include "kernels/base/philox.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>

namespace {

using namespace athanor;
using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

class Profile final : public TraceSink {
 public:
  void begin(const char*) noexcept override { begin_ = Clock::now(); }
  void end(const char* op) noexcept override {
    Entry& entry = entries_[op];
    entry.milliseconds += milliseconds_since(begin_);
    ++entry.launches;
  }
  void print(int steps, double step_ms) const {
    std::vector<std::pair<std::string, Entry>> rows(entries_.begin(), entries_.end());
    std::sort(rows.begin(), rows.end(), [](auto& a, auto& b) { return a.second.milliseconds > b.second.milliseconds; });
    double sum = 0;
    for (const auto& [op, entry] : rows) {
      const double ms = entry.milliseconds / steps;
      sum += ms;
      std::cout << fmt::format("  {:<24}{:>9.3f} ms {:>5.1f} % {:>5} launches\n", op, ms, 100 * ms / step_ms,
                               entry.launches / steps);
    }
    std::cout << fmt::format("  {:<24}{:>9.3f} ms\n", "outside kernels", step_ms - sum);
  }

 private:
  struct Entry {
    double milliseconds = 0;
    int launches = 0;
  };
  std::map<std::string, Entry> entries_;
  Clock::time_point begin_;
};

std::vector<float> random_numbers(std::int64_t count) {
  std::vector<float> numbers(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<float>(philox_at(1, 0, 0, i).word[0]) / 2147483648.0f - 1.0f;
  return numbers;
}

struct Settings {
  std::int64_t batch = 128;
  int threads = 2;
  int steps = 40;
  bool profile = false;
  std::string device = "cpu";
};

class Bench {
 public:
  explicit Bench(const Settings& settings)
      : settings_(settings),
        context_({.device = {settings.device == "cuda" ? DeviceKind::cuda : DeviceKind::cpu, 0},
                  .threads = settings.threads}),
        model_(context_, config(), 1),
        optimizer_(context_, model_.named_parameters(), {}) {
    const std::int64_t batch = settings.batch, px = config().image_px, tokens = config().max_tokens;
    std::vector<std::int32_t> words, lengths;
    for (std::int64_t i = 0; i < batch * tokens; ++i)
      words.push_back(static_cast<std::int32_t>(philox_at(2, 0, 0, static_cast<std::uint64_t>(i)).word[0] % 1500));
    for (std::int64_t i = 0; i < batch; ++i) lengths.push_back(static_cast<std::int32_t>(1 + i % tokens));
    images_ = context_.upload(random_numbers(batch * px * px * 3), {batch, px, px, 3});
    ids_ = context_.upload(std::span<const std::int32_t>(words), {batch, tokens});
    lengths_ = context_.upload(std::span<const std::int32_t>(lengths), {batch});
  }

  void run() {
    for (int step = 0; step < 5; ++step) this->step();
    Profile profile;
    if (settings_.profile) context_.set_trace(&profile);
    std::vector<double> times;
    for (int step = 0; step < settings_.steps; ++step) {
      const auto begin = Clock::now();
      this->step();
      times.push_back(milliseconds_since(begin));
    }
    std::sort(times.begin(), times.end());
    const double median = times[times.size() / 2];
    std::cout << fmt::format(
        "two_tower on {}, {} parameters, batch {}, {} threads: median {:.2f} ms per step ({:.2f} to {:.2f})\n",
        settings_.device, model_.parameters().numel(), settings_.batch, settings_.threads, median, times.front(),
        times.back());
    double mean = 0;
    for (const double time : times) mean += time / settings_.steps;
    if (settings_.profile) profile.print(settings_.steps, mean);
    std::cout << to_table(context_.memory());
  }

 private:
  static models::TwoTowerConfig config() { return {.vocabulary = 1500}; }

  void step() {
    Variable loss;
    {
      const models::TwoTowerOutput output = model_.forward(context_, images_, ids_, lengths_);
      loss = ops::contrastive_loss(context_, output.image_BD, output.text_BD, output.logit_scale);
    }
    backward(context_, loss);
    static_cast<void>(optimizer_.step(context_, {.learning_rate = 1e-3f, .max_norm = 1.0f}));
    optimizer_.clear_gradients();
  }

  Settings settings_;
  Context context_;
  models::TwoTower model_;
  optim::AdamW optimizer_;
  Tensor images_, ids_, lengths_;
};

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Times a training step of two_tower on random data.");
  app.add_option("--device", settings.device)->check(CLI::IsMember({"cpu", "cuda"}));
  app.add_option("--batch", settings.batch);
  app.add_option("--threads", settings.threads);
  app.add_option("--steps", settings.steps);
  app.add_flag("--profile", settings.profile);
  CLI11_PARSE(app, argc, argv);
  try {
    Bench(settings).run();
  } catch (const Failure& failure) {
    std::cerr << failure.what() << "\n";
    return exit_status(failure.error().kind);
  }
  return 0;
}
