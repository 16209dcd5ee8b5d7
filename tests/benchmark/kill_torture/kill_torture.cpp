// kill_torture: kills rank, agent and window at random moments and reports what that did to the history.
//   kill_torture [--kills N] [--seed N] [--window athanor]
//                [--program athanor-run --recipe FILE --datasets DIR [--replicas N]]
// Without --program a small rank is used that writes a step per millisecond and acknowledges each.
#include "core/base/files.h"
#include "tests/core/agent/torture.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

int main(int argc, char** argv) {
  using namespace athanor;
  agent::TortureSettings settings;
  settings.kills = 30;
  std::string program = ATH_BINARY_DIR "/tests/small_rank", recipe, datasets, window;
  CLI::App app("Kills rank, agent and window at random moments and compares history and journal", "kill_torture");
  app.add_option("--kills", settings.kills, "How often each is killed");
  app.add_option("--seed", settings.seed, "Of the random moments");
  app.add_option("--program", program, "The athanor-run to use");
  app.add_option("--replicas", settings.replicas, "Of the recipe's model; one of them is killed at a time");
  auto* where = app.add_option("--datasets", datasets, "Where its data sets are");
  app.add_option("--recipe", recipe, "What it trains")->needs(where);
  app.add_option("--pause", settings.longest_pause_ms, "Longest time between two kills, in ms");
  app.add_option("--window", window, "The athanor to show offscreen and kill as well");
  CLI11_PARSE(app, argc, argv);

  agent::Home home("home", program);
  settings.recipe = agent::Home::recipe(1000000, "pace=1");
  settings.window = !window.empty();
  if (settings.window) {
    std::filesystem::copy_file(window, home.root / "bin/athanor");
    ::setenv("QT_QPA_PLATFORM", "offscreen", 1);
  }
  if (!recipe.empty()) {
    settings.recipe = value_or_throw(read_file(recipe));
    if (settings.replicas > 1)
      settings.recipe += fmt::format("\n[parallel]\ndata = {0}\nmicro_batches = {0}\n", settings.replicas);
    settings.metric = "train/loss";
    settings.acknowledges = false;
    std::filesystem::create_directories(home.path);
    std::filesystem::create_directory_symlink(std::filesystem::absolute(datasets), home.path / "datasets");
  }
  const auto begin = std::chrono::steady_clock::now();
  const agent::TortureReport report = agent::torture(home, settings);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  for (const std::string& fault : report.faults) fmt::print("fault: {}\n", fault);
  fmt::print(
      "kill_torture: {} rank kills, {} agent kills, {} window kills, {} comparisons of history and journal, {} steps, "
      "{} faults, {:.1f} "
      "s\n",
      report.rank_kills, report.agent_kills, report.window_kills, report.comparisons, report.steps,
      report.faults.size(), seconds);
  if (!report.faults.empty()) fmt::print("{}\n", read_file(home.path / "agent/agent.log").value_or(""));
  return report.faults.empty() ? 0 : 1;
}
