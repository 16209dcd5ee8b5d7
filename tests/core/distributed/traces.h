// What a training run leaves, for comparing runs on several ranks with one on one.
#pragma once

#include "core/comm/group.h"
#include "core/train/trainer.h"
#include "tests/core/train/tiny.h"

#include <map>
#include <string>
#include <vector>

namespace athanor::test {

// Losses and gradient norms by step, and the bits of all weights and optimizer state that a rank has.
struct Trace {
  std::vector<double> losses, norms;
  double sent_bytes = 0;                    // in the last step
  std::vector<tasks::Figures> evaluations;  // of the rank that leads
  std::map<std::string, std::vector<float>> numbers;
  bool operator==(const Trace& other) const {
    return losses == other.losses && norms == other.norms && numbers == other.numbers;
  }
};

// Without evaluations and checkpoints but at the end.
inline train::Plan plan_for(const recipe::Recipe& recipe, std::int64_t steps) {
  train::Plan plan = runner::train_plan(recipe);
  plan.steps = steps;
  plan.evaluate_every = plan.checkpoint_every = 0;
  return plan;
}

// `group` is null where there is but one rank.
inline Trace train_here(const recipe::Recipe& recipe, std::int64_t steps, comm::Group* group) {
  runner::Assembly parts = runner::assemble(recipe, train::prepared_data(), {}, group ? group->world().rank() : 0);
  if (group) runner::join(parts, recipe, *group);
  Trace out;
  train::Ports ports;
  ports.tell = [&](const journal::Payload& event) {
    if (const auto* evaluation = std::get_if<journal::Evaluation>(&event))
      out.evaluations.push_back(evaluation->metrics);
    const auto* figures = std::get_if<journal::MetricSamples>(&event);
    if (figures == nullptr) return;
    for (const auto& [name, value] : figures->values) {
      if (name == "train/loss") out.losses.push_back(value);
      if (name == "train/gradient_norm") out.norms.push_back(value);
      if (name == "comm/sent_bytes") out.sent_bytes = value;
    }
  };
  ports.save = [](std::int64_t) {};
  ports.stop = [] { return false; };
  ports.now_ns = [clock = std::int64_t{0}]() mutable { return clock += 1000; };
  (void)train::Trainer(parts.parts(), plan_for(recipe, steps), ports).run(0);
  for (const Parameter& parameter : parts.model->named_parameters())
    out.numbers[parameter->path] = parts.context->download(parameter->value);
  for (const auto& [name, tensor] : parts.optimizer->named_state()) out.numbers[name] = parts.context->download(tensor);
  return out;
}

// By rank; ranks are threads.
inline std::vector<Trace> train_ranks(const recipe::Recipe& recipe, std::int64_t steps) {
  const int count = parallel::world_size(runner::mesh_of(recipe));
  if (count == 1) return {train_here(recipe, steps, nullptr)};
  std::vector<Trace> out(static_cast<std::size_t>(count));
  comm::run_threads(count, {}, [&](comm::Group& group) {
    out[static_cast<std::size_t>(group.world().rank())] = train_here(recipe, steps, &group);
  });
  return out;
}

}  // namespace athanor::test
