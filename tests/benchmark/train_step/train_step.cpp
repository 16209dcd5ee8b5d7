// Training steps of one model on one batch of random data, without the loader: forward, backward, clipping, AdamW.
//   train_step --model mlp|vit|clip|gpt [--batch N] [--threads 2] [--dump DIRECTORY]
// Lines in, answers out, so that a driver can take turns with another program:
//   steps N    milliseconds per step
//   memory     KiB: highest resident memory so far, and what was resident before the model was made
// First line out: "parameters N". With --dump initial weights and data are written for the twin to begin from.
#include "core/autograd/backward.h"
#include "core/optim/adamw.h"
#include "kernels/base/error.h"
#include "tests/benchmark/models/models.h"

#include <chrono>
#include <fstream>
#include <iostream>

namespace {

using namespace athanor;

// A figure of /proc/self/status in KiB.
long status_kib(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name + ":")) return std::stol(line.substr(name.size() + 1));
  return 0;
}

class Bench {
 public:
  Bench(const std::string& name, std::int64_t batch, int threads, const std::string& directory)
      : context_({.threads = threads}),
        model_(bench::make_model(name, context_, batch)),
        optimizer_(context_, model_->parameters(), {}) {
    if (!directory.empty()) bench::dump(*model_, context_, directory);
  }

  [[nodiscard]] std::int64_t parameters() const { return model_->numel(); }

  void step() {
    backward(context_, model_->loss(context_));
    (void)optimizer_.step(context_, {.learning_rate = bench::kLearningRate, .max_norm = bench::kMaxNorm});
    optimizer_.clear_gradients();
  }

 private:
  Context context_;
  std::unique_ptr<bench::Model> model_;
  optim::AdamW optimizer_;
};

std::string option(int count, char** words, const std::string& name, const std::string& fallback) {
  for (int word = 1; word + 1 < count; ++word)
    if (words[word] == name) return words[word + 1];
  return fallback;
}

void serve(Bench& bench, long resident_before) {
  std::cout << "parameters " << bench.parameters() << std::endl;
  for (std::string verb; std::cin >> verb;) {
    if (verb == "memory") {
      std::cout << status_kib("VmHWM") << ' ' << resident_before << std::endl;
      continue;
    }
    int steps = 0;
    std::cin >> steps;
    const auto begin = std::chrono::steady_clock::now();
    for (int step = 0; step < steps; ++step) bench.step();
    const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - begin;
    std::cout << spent.count() / steps << std::endl;
  }
}

}  // namespace

int main(int count, char** words) {
  try {
    const long resident_before = status_kib("VmRSS");
    Bench bench(option(count, words, "--model", "clip"), std::stoll(option(count, words, "--batch", "0")),
                std::stoi(option(count, words, "--threads", "2")), option(count, words, "--dump", ""));
    serve(bench, resident_before);
  } catch (const Failure& failure) {
    std::cerr << failure.what() << "\n";
    return exit_status(failure.error().kind);
  }
  return 0;
}
