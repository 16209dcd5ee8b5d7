// Times one training step of a benchmark model on random data: forward, loss, backward, clipping and AdamW.
//   step_profile [--model mlp|vit|clip|gpt] [--device cpu|cuda] [--batch N] [--threads N] [--steps N] [--profile]
// Prints the median, the spread, and with --profile the time of each kernel.
#include "core/autograd/backward.h"
#include "core/optim/adamw.h"
#include "kernels/base/error.h"
#include "tests/benchmark/models/models.h"

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

struct Settings {
  std::string model = "clip";
  std::int64_t batch = 0;
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
        model_(bench::make_model(settings.model, context_, settings.batch)),
        optimizer_(context_, model_->parameters(), {}) {}

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
    std::cout << fmt::format("{} on {}, {} parameters, {} threads: median {:.2f} ms per step ({:.2f} to {:.2f})\n",
                             settings_.model, settings_.device, model_->numel(), settings_.threads, median,
                             times.front(), times.back());
    double mean = 0;
    for (const double time : times) mean += time / settings_.steps;
    if (settings_.profile) profile.print(settings_.steps, mean);
    std::cout << to_table(context_.memory());
  }

 private:
  void step() {
    backward(context_, model_->loss(context_));
    static_cast<void>(optimizer_.step(context_, {.learning_rate = 1e-3f, .max_norm = 1.0f}));
    optimizer_.clear_gradients();
  }

  Settings settings_;
  Context context_;
  std::unique_ptr<bench::Model> model_;
  optim::AdamW optimizer_;
};

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Times a training step of a benchmark model on random data.");
  app.add_option("--model", settings.model)->check(CLI::IsMember({"mlp", "vit", "clip", "gpt"}));
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
