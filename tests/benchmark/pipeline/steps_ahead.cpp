// What a pipeline gains where its ranks take the optimizer's step before the norm of the whole model is known: steps of
// the trainer by 8 processes of one host, with the messages and the exchange of the norm that a run has, over stages
// that wait a given time instead of computing. The parameters are real, but few.
//   steps_ahead RECIPE [--schedules zb-h2 ... --rounds 5 --steps 6 --forward-ms 20]
// ATHANOR_HOME is where the recipe's data is. Modes take turns; of each the step is rank 0's.
#include "core/assembly/assembly.h"
#include "core/assembly/recipe_input.h"
#include "core/distributed/pipeline_runner.h"
#include "core/parallel/passes.h"
#include "core/parallel/simulate.h"
#include "core/train/trainer.h"
#include "tests/benchmark/pipeline/waiting.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace athanor;
using namespace athanor::distributed;
using namespace athanor::distributed::bench;
using parallel::Schedule;

constexpr int kRanks = 8, kMicroBatches = 16;
constexpr std::int64_t kNumbers = 64 << 10;  // of a message
constexpr int kWarmUp = 2;                   // steps

struct Setup {
  std::string recipe;
  std::vector<std::string> schedules{"1f1b", "zb-h2", "zb-v"};
  int rounds = 5, steps = 6;
  double forward_ms = 20;
};

enum Mode { waiting, ahead, wrong };
constexpr std::array kModes{waiting, ahead, wrong};

// A step's two rounds through stages that wait: forward only, and by the schedule.
class WaitingPass final : public train::Pass {
 public:
  WaitingPass(runner::Assembly& assembly, const Schedule& schedule, double forward_ns)
      : assembly_(assembly), context_(*assembly.context), loss_(context_.full({1}, 1.0F)) {
    comm::Communicator& pipeline = *assembly.peers->mesh.pipeline;
    message_ = context_.full({kNumbers}, 1.0F);
    last_ = schedule.stage_ranks.back();
    const double scale = forward_ns * schedule.rank_count() / schedule.stage_count();
    const StageCost cost{.forward = scale, .input_gradient = scale, .weight_gradient = scale};
    std::vector<StageWork*> stages;
    for (const int rank : schedule.stage_ranks) {
      stages_.push_back(rank == pipeline.rank() ? std::make_unique<WaitingStage>(context_, cost, kNumbers) : nullptr);
      stages.push_back(stages_.back().get());
    }
    const Schedule forwards = parallel::keep_forwards(schedule, schedule.micro_batches);
    forwards_ = std::make_unique<PipelineRunner>(pipeline, parallel::insert_transfers(forwards), stages);
    all_ = std::make_unique<PipelineRunner>(pipeline, parallel::insert_transfers(schedule), stages);
  }

  // Large enough to be clipped, or not.
  void set_gradients(float number) { gradient_ = number; }

  Tensor forward(const data::Batch&) override {
    do {
      forwards_->run();
      assembly_.peers->mesh.pipeline->broadcast(message_.view(), last_);
    } while (!holds_());
    return loss_;
  }
  void backward(float) override {
    all_->run();
    for (const Parameter& parameter : assembly_.model->named_parameters())
      parameter->gradient = context_.full(parameter->value.shape(), gradient_);
  }
  bool watch(const train::PassPorts& ports) override {
    holds_ = ports.holds;
    return true;
  }
  void drop() override {}

 private:
  runner::Assembly& assembly_;
  Context& context_;
  Tensor loss_, message_;
  int last_ = 0;
  float gradient_ = 0;
  std::function<bool()> holds_;
  std::vector<std::unique_ptr<WaitingStage>> stages_;
  std::unique_ptr<PipelineRunner> forwards_, all_;
};

struct Figures {
  std::vector<double> step_ms, optimizer_ms;
};

// A few steps in a row, from `done` on.
Figures take_steps(runner::Assembly& assembly, WaitingPass& pass, Mode mode, const Setup& setup, std::int64_t& done) {
  train::Parts parts = assembly.parts();
  parts.pass = &pass;
  parts.steps_ahead = mode != waiting;
  train::Plan plan;
  plan.steps = std::int64_t{1} << 40;
  plan.clip_norm = 1;
  plan.ahead_after = 0;
  pass.set_gradients(mode == wrong ? 1.0F : 1e-6F);
  Figures out;
  const std::int64_t from = done, last = done + setup.steps;
  train::Ports ports;
  ports.tell = [&](const journal::Payload& event) {
    if (const auto* span = std::get_if<journal::Span>(&event)) {
      if (span->kind == journal::SpanKind::optimizer && span->step > from + kWarmUp)
        out.optimizer_ms.push_back(static_cast<double>(span->end_ns - span->begin_ns) / 1e6);
      return;
    }
    const auto* figures = std::get_if<journal::MetricSamples>(&event);
    if (figures == nullptr || !journal::is_of_a_step(*figures)) return;
    done = figures->step;
    for (const auto& [name, value] : figures->values)
      if (name == "train/step_ms" && done > from + kWarmUp) out.step_ms.push_back(value);
  };
  ports.save = [](std::int64_t) {};
  ports.stop = [&] { return done >= last; };
  ports.now_ns = now_ns;
  (void)train::Trainer(parts, plan, ports).run({.done = from, .evaluated = from, .saved = from});
  return out;
}

double mean_of_ranks(comm::Communicator& world, double mine) {
  world.all_reduce(View(&mine, DType::f64, Shape{1}));
  return mine / world.size();
}

void measure(comm::Group& group, const Setup& setup, const std::string& name) {
  comm::Communicator& world = group.world();
  const runner::SoundRecipe sound = runner::read_sound_recipe(
      {setup.recipe,
       {fmt::format("parallel.pipeline={}", kRanks), fmt::format("parallel.micro_batches={}", kMicroBatches),
        "parallel.schedule=" + name, "model.image_depth=8", "model.text_depth=8", "train.threads=1"}});
  runner::Assembly assembly = runner::assemble(sound.recipe, sound.data.dataset, {}, world.rank());
  runner::join(assembly, sound.recipe, group);
  const Schedule& schedule = assembly.stages->plan.schedule;
  WaitingPass pass(assembly, schedule, setup.forward_ms * 1e6);
  std::array<std::vector<double>, kModes.size()> steps, optimizer;
  std::int64_t done = 1;
  for (int round = 0; round <= setup.rounds; ++round)
    for (const Mode mode : kModes) {
      const Figures figures = take_steps(assembly, pass, mode, setup, done);
      const double mean = mean_of_ranks(world, median(figures.optimizer_ms));
      if (round == 0) continue;  // warm-up
      steps[mode].push_back(median(figures.step_ms));
      optimizer[mode].push_back(mean);
    }
  if (world.rank() != 0) return;
  const parallel::CostModel costs =
      parallel::uniform_costs(kRanks, schedule.stage_count() / kRanks, {.activation = 0, .kept = 0}, 0);
  const parallel::StepTime planned = value_or_throw(simulate_step(schedule, costs));
  std::vector<double> ratios, losses;
  for (std::size_t round = 0; round < steps[waiting].size(); ++round) {
    ratios.push_back(100 * (1 - steps[ahead][round] / steps[waiting][round]));
    losses.push_back(100 * (steps[wrong][round] / steps[waiting][round] - 1));
  }
  fmt::print("{:12} {:>10.1f} {:>10.1f} {:>10.1f} {:>9.2f} % {:>9.2f} % {:>10.2f} % {:>13.1f} {:>13.1f}\n", name,
             median(steps[waiting]), median(steps[ahead]), median(steps[wrong]),
             100 * (1 - planned.ahead / planned.waiting), median(ratios), median(losses), median(optimizer[waiting]),
             median(optimizer[ahead]));
}

}  // namespace

int main(int argc, char** argv) {
  Setup setup;
  CLI::App app("What pipelines gain by steps that are taken before the norm is known");
  app.add_option("recipe", setup.recipe)->required();
  app.add_option("--schedules", setup.schedules);
  app.add_option("--rounds", setup.rounds)->check(CLI::Range(5, 101));
  app.add_option("--steps", setup.steps)->check(CLI::Range(4, 100));
  app.add_option("--forward-ms", setup.forward_ms);
  CLI11_PARSE(app, argc, argv);
  fmt::print(
      "Steps of {} processes with waiting stages, {} micro-batches, F = I = W = {:.0f} ms a rank, messages of {} KiB, "
      "median of {} rounds in turns; wrong: each step is clipped, and so taken back\n"
      "{:12} {:>10} {:>10} {:>10} {:>11} {:>11} {:>12} {:>13} {:>13}\n",
      kRanks, kMicroBatches, setup.forward_ms, kNumbers * 4 >> 10, setup.rounds, "schedule", "waiting ms", "ahead ms",
      "wrong ms", "simulated", "gained", "lost, wrong", "step waits ms", "step ahead ms");
  bool good = true;
  for (const std::string& name : setup.schedules)
    good = in_processes(kRanks, [&](comm::Group& group) { measure(group, setup, name); }) && good;
  return good ? 0 : 1;
}
