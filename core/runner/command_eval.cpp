#include "core/base/command_line.h"
#include "core/runner/commands.h"
#include "core/runner/trained_run.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace athanor::runner {

int run_eval(const EvalOptions& options, Console& console) {
  const TrainedRun run = open_trained_run(options.run, options.checkpoint, "judge", console);
  const tasks::Judgement judged = run.assembly.task->judge(*run.assembly.context);

  const std::int64_t step = run.state.step;
  if (options.json) {
    nlohmann::json metrics = nlohmann::json::object();
    for (const auto& [name, value] : judged.metrics) metrics[name] = value;
    print_line(nlohmann::json{{"run", run.directory.folder().string()},
                              {"step", step},
                              {"split", judged.split},
                              {"metrics", metrics},
                              {"passed_over", passed_over_json(run)}}
                   .dump());
    return 0;
  }
  std::string text = fmt::format("step {}, {}", step, judged.split);
  for (const auto& [name, value] : judged.metrics) text += fmt::format("\n{:<16} {:.4f}", name, value);
  print_line(text);
  return 0;
}

}  // namespace athanor::runner
