// Trains a benchmark model for some steps and writes what happened as raw numbers, for parity.py to repeat in PyTorch:
//   parity_dump MODEL DIRECTORY [STEPS] [BATCH] [THREADS]
// Initial weights and data (see dump in models.h), <path>.grad.f32 of the first step, and losses.txt: one line per
// step with the loss and the norm of the gradients before clipping.
#include "core/autograd/backward.h"
#include "core/optim/adamw.h"
#include "kernels/base/error.h"
#include "tests/benchmark/models/models.h"

#include <fstream>
#include <iostream>

namespace {

using namespace athanor;

void run(const std::string& name, const std::filesystem::path& directory, int steps, std::int64_t batch, int threads) {
  Context context({.threads = threads});
  const auto model = bench::make_model(name, context, batch);
  bench::dump(*model, context, directory);
  optim::AdamW optimizer(context, model->parameters(), {});
  std::ofstream losses(directory / "losses.txt");
  losses.precision(9);
  for (int step = 0; step < steps; ++step) {
    const Variable loss = model->loss(context);
    backward(context, loss);
    for (const Parameter& parameter : model->parameters())
      if (step == 0)
        bench::write_numbers(directory / (parameter->path + ".grad.f32"), context.download(parameter->gradient));
    const auto report = optimizer.step(context, {.learning_rate = bench::kLearningRate, .max_norm = bench::kMaxNorm});
    optimizer.clear_gradients();
    losses << loss.value().item() << ' ' << report.gradient_norm << '\n';
  }
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) {
    std::cerr << "usage: parity_dump MODEL DIRECTORY [STEPS] [BATCH] [THREADS]\n";
    return 2;
  }
  try {
    run(words[1], words[2], count > 3 ? std::stoi(words[3]) : 10, count > 4 ? std::stoll(words[4]) : 0,
        count > 5 ? std::stoi(words[5]) : 2);
  } catch (const Failure& failure) {
    std::cerr << failure.what() << "\n";
    return exit_status(failure.error().kind);
  }
  return 0;
}
