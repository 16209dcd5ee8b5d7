// A tiny model trained by ranks as threads, and all that it leaves.
#pragma once

#include "core/comm/group.h"
#include "core/train/trainer.h"
#include "tests/core/train/tiny.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace athanor {

// What a training run leaves: its losses and gradient norms, and the bits of all weights and optimizer state.
struct Trace {
  std::vector<double> losses, norms;
  double sent_bytes = 0;                              // in the last step
  std::vector<double> sent;                           // in each step
  std::vector<tasks::Figures> evaluations;            // of the rank that leads
  std::map<std::string, std::vector<float>> numbers;  // 0 where another replica holds them
  comm::Residuals residuals;                          // what coding took away, in the last step
  train::Trainer::AheadCount ahead;
  MemoryStats memory;
  bool operator==(const Trace& other) const {
    return losses == other.losses && norms == other.norms && numbers == other.numbers;
  }
};

inline recipe::Recipe recipe_for(int replicas, int micro_batches, const char* format = "fp32") {
  recipe::Recipe recipe = train::tiny_recipe();
  recipe.set("parallel.data", std::int64_t{replicas});
  recipe.set("parallel.micro_batches", std::int64_t{micro_batches});
  recipe.set("parallel.gradient_format", std::string(format));
  recipe.set("train.threads", std::int64_t{1});
  return recipe;
}

// What a test changes of what the recipe asks for, on each rank. What it makes lives as long as the Assembly.
using Adjust = std::function<void(runner::Assembly&, train::Parts&, train::Plan&, train::Ports&)>;

// Of replicas with so many micro-batches each; empty: with equally many.
inline Trace train_here(const recipe::Recipe& recipe, std::int64_t steps, comm::Group* group,
                        const std::vector<std::int64_t>& shares = {}, const Adjust& adjust = {}) {
  runner::Assembly parts = runner::assemble(recipe, train::prepared_data(), {},
                                            group ? std::optional<int>(group->world().rank()) : std::nullopt);
  if (group) runner::join(parts, recipe, *group);
  if (!shares.empty()) runner::share_batches(parts, shares);
  train::Plan plan = runner::train_plan(recipe);
  plan.steps = steps;
  plan.evaluate_every = plan.checkpoint_every = 0;
  Trace out;
  train::Ports ports;
  ports.tell = [&](const journal::Payload& event) {
    if (const auto* judged = std::get_if<journal::Evaluation>(&event)) out.evaluations.push_back(judged->metrics);
    const auto* figures = std::get_if<journal::MetricSamples>(&event);
    if (figures == nullptr) return;
    for (const auto& [name, value] : figures->values) {
      if (name == "train/loss") out.losses.push_back(value);
      if (name == "train/gradient_norm") out.norms.push_back(value);
      if (name == "comm/sent_bytes") out.sent.push_back(out.sent_bytes = value);
    }
  };
  ports.save = [](std::int64_t) {};
  ports.stop = [] { return false; };
  ports.now_ns = [clock = std::int64_t{0}]() mutable { return clock += 1000; };
  train::Parts given = parts.parts();
  if (adjust) adjust(parts, given, plan, ports);
  train::Trainer trainer(given, plan, ports);
  (void)trainer.run(0);
  out.ahead = trainer.ahead();
  out.memory = parts.context->memory();
  if (parts.peers && parts.peers->replicas && parts.peers->replicas->coded())
    out.residuals = parts.peers->replicas->coded()->residuals();
  const auto held = parts.share ? parts.share->needed(*parts.optimizer)
                                : train::hold_all(parts.model->named_parameters(), parts.optimizer.get());
  for (const train::Held& one : held) {
    auto& numbers = out.numbers[one.name];
    numbers.resize(static_cast<std::size_t>(volume(one.shape)));
    const std::vector<float> part = parts.context->download(one.tensor);
    for (BoxRuns run(one.box, one.box, whole_box(one.shape)); !run.done(); run.next())
      std::copy_n(part.begin() + run.in_outer(), run.length(), numbers.begin() + run.in_target());
  }
  return out;
}

inline std::vector<Trace> train_ranks(const recipe::Recipe& recipe, std::int64_t steps,
                                      const std::vector<std::int64_t>& shares = {}, const Adjust& adjust = {}) {
  const int count = parallel::world_size(runner::mesh_of(recipe));
  if (count == 1) return {train_here(recipe, steps, nullptr, {}, adjust)};
  std::vector<Trace> out(static_cast<std::size_t>(count));
  comm::run_threads(count, {}, [&](comm::Group& group) {
    out[static_cast<std::size_t>(group.world().rank())] = train_here(recipe, steps, &group, shares, adjust);
  });
  return out;
}

// What all replicas hold together of what each holds a part of; what each holds whole is the same on all.
inline Trace together(const std::vector<Trace>& traces) {
  Trace out = traces.front();
  for (auto& [name, numbers] : out.numbers) {
    const bool is_whole = std::ranges::all_of(
        traces, [&](const Trace& trace) { return trace.numbers.contains(name) && trace.numbers.at(name) == numbers; });
    if (is_whole) continue;
    for (const Trace& other : traces) {
      if (!other.numbers.contains(name)) continue;
      for (std::size_t i = 0; i < numbers.size(); ++i)
        if (other.numbers.at(name)[i] != 0) numbers[i] = other.numbers.at(name)[i];
    }
  }
  for (const Trace& trace : traces) {
    EXPECT_EQ(trace.losses, out.losses);
    EXPECT_EQ(trace.norms, out.norms);
    for (const auto& [name, numbers] : trace.numbers)
      if (!out.numbers.contains(name)) out.numbers[name] = numbers;
  }
  return out;
}

inline void expect_same(const Trace& trace, const Trace& alone, const std::string& what) {
  EXPECT_EQ(trace.losses, alone.losses) << what;
  EXPECT_EQ(trace.norms, alone.norms) << what;
  ASSERT_EQ(trace.numbers.size(), alone.numbers.size()) << what;
  for (const auto& [name, numbers] : alone.numbers) EXPECT_TRUE(trace.numbers.at(name) == numbers) << what << name;
}

}  // namespace athanor
