// How much of what replicas exchange over a slow link is hidden behind the backward pass: steps of a recipe whose
// replicas are hosts of their own, in each of several formats.
//   overlap RECIPE --link PREFIX [--ranks 2 --megabits 1000 --steps 20 --set path=value ... --formats fp8 ...]
// between the namespaces of tests/support/net/slow_links.sh; ATHANOR_HOME is where the recipe's data is.
#include "core/assembly/assembly.h"
#include "core/assembly/recipe_input.h"
#include "core/train/trainer.h"
#include "tests/support/net/hosts.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace {

using namespace athanor;

struct Setup {
  std::string recipe, link;
  std::vector<std::string> overrides, formats{"fp32", "bf16", "fp8", "int8"};
  int ranks = 2;
  double megabits = 1000;
  int steps = 20;
};

constexpr int kWarmUp = 3;

using Figures = std::map<std::string, std::vector<double>, std::less<>>;

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// What the thread that computes waits for: the rows of others after the forward pass, sums after the backward pass.
void note_wait(const journal::Span& span, Figures& out) {
  if (span.lane != 0 || span.step <= kWarmUp) return;
  const double ms = static_cast<double>(span.end_ns - span.begin_ns) / 1e6;
  if (span.kind == journal::SpanKind::reduce) out["rows"].push_back(ms);
  if (span.kind == journal::SpanKind::idle) out["sums"].push_back(ms);
}

// What rank 0 tells of its steps; all others take them, too.
Figures train(const runner::SoundRecipe& sound, int steps, comm::Group& group) {
  runner::Assembly parts =
      runner::assemble(sound.recipe, sound.data.dataset, {}, std::optional<int>(group.world().rank()));
  runner::join(parts, sound.recipe, group);
  train::Plan plan = runner::train_plan(sound.recipe);
  plan.steps = kWarmUp + steps;
  plan.evaluate_every = plan.checkpoint_every = 0;
  Figures out;
  train::Ports ports;
  ports.tell = [&](const journal::Payload& event) {
    if (const auto* span = std::get_if<journal::Span>(&event)) return note_wait(*span, out);
    const auto* figures = std::get_if<journal::MetricSamples>(&event);
    if (figures == nullptr || !journal::is_of_a_step(*figures) || figures->step <= kWarmUp) return;
    for (const auto& [name, value] : figures->values) out[name].push_back(value);
  };
  ports.save = [](std::int64_t) {};
  ports.stop = [] { return false; };
  ports.now_ns = [] { return std::chrono::steady_clock::now().time_since_epoch().count(); };
  (void)train::Trainer(parts.parts(), plan, ports).run(train::Progress{.done = 0, .evaluated = 0});
  return out;
}

void print(const std::string& format, const Setup& setup, const Figures& figures) {
  const double step = median(figures.at("train/step_ms"));
  const double total = median(figures.at("comm/total_ms"));
  const double exposed = median(figures.at("comm/exposed_ms"));
  const double megabytes = median(figures.at("comm/sent_bytes")) / 1e6;
  fmt::print("{:<8} {:>9.2f} {:>9.1f} {:>9.1f} {:>9.1f} {:>9.1f} {:>8.1f} % {:>8.1f} {:>8.1f}\n", format, megabytes,
             megabytes * 8e3 / setup.megabits, step, total, exposed, 100 * exposed / total, median(figures.at("rows")),
             median(figures.at("sums")));
}

bool measure(const Setup& setup, const std::string& format) {
  runner::RecipeInput input{setup.recipe, setup.overrides};
  input.overrides.push_back(fmt::format("parallel.data={}", setup.ranks));
  input.overrides.push_back("parallel.gradient_format=" + format);
  return testing_support::on_hosts(setup.link, setup.ranks, [&](comm::Group& group) {
    const Figures figures = train(runner::read_sound_recipe(input), setup.steps, group);
    if (group.world().rank() == 0) print(format, setup, figures);
  });
}

}  // namespace

int main(int argc, char** argv) {
  Setup setup;
  CLI::App app("Exposed and total communication over a slow link");
  app.add_option("recipe", setup.recipe)->required();
  app.add_option("--link", setup.link)->required();
  app.add_option("--ranks", setup.ranks);
  app.add_option("--megabits", setup.megabits);
  app.add_option("--steps", setup.steps);
  app.add_option("--set", setup.overrides);
  app.add_option("--formats", setup.formats);
  CLI11_PARSE(app, argc, argv);
  fmt::print(
      "Replicas of {} on {} hosts, {} Mbit/s each way, median of {} steps (must: exposed 25 % of the total, aim 10)\n"
      "{}\n"
      "{:<8} {:>9} {:>9} {:>9} {:>9} {:>9} {:>10} {:>8} {:>8}\n",
      setup.recipe, setup.ranks, setup.megabits, setup.steps, fmt::join(setup.overrides, " "), "format", "MB sent",
      "least ms", "step ms", "total ms", "exposed", "share", "of rows", "of sums");
  std::fflush(stdout);
  bool is_done = true;
  for (const std::string& format : setup.formats) is_done = measure(setup, format) && is_done;
  return is_done ? 0 : 1;
}
