// Times one training step of a benchmark model on random data: forward, loss, backward, clipping and AdamW.
//   step_profile [--model mlp|vit|clip|gpt] [--device cpu|cuda] [--batch N] [--threads N] [--steps N] [--profile]
//                [--clock wall|cpu]
// Prints the median, the spread, and with --profile the time of each kernel.
#include "core/autograd/backward.h"
#include "core/optim/adamw.h"
#include "kernels/base/error.h"
#include "tests/benchmark/models/models.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iostream>
#include <map>

namespace {

using namespace athanor;
// Time of the wall, or of the processor: with one thread the second hardly depends on what else the machine does.
bool processor_time = false;

double now_ms() {
  if (processor_time) return static_cast<double>(std::clock()) * 1e3 / CLOCKS_PER_SEC;
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double milliseconds_since(double begin) { return now_ms() - begin; }

class Profile final : public TraceSink {
 public:
  void begin(const char*) noexcept override { begin_ = now_ms(); }
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
  double begin_ = 0;
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
      const double begin = now_ms();
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
  std::string clock = "wall";
  app.add_option("--clock", clock)->check(CLI::IsMember({"wall", "cpu"}));
  CLI11_PARSE(app, argc, argv);
  processor_time = clock == "cpu";
  try {
    Bench(settings).run();
  } catch (const Failure& failure) {
    std::cerr << failure.what() << "\n";
    return exit_status(failure.error().kind);
  }
  return 0;
}
