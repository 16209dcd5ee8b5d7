#include "core/base/command_line.h"
#include "core/checkpoint/checkpoint.h"
#include "core/runner/commands.h"
#include "core/runner/provenance.h"
#include "core/runner/run_directory.h"
#include "core/runner/unchanged.h"
#include "core/train/snapshot.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace athanor::runner {

int run_eval(const EvalOptions& options, Console& console) {
  const RunDirectory run = value_or_throw(find_run(options.run));
  const SoundRecipe sound = read_sound_recipe({run.recipe().string(), {}, {}});
  const auto loaded = value_or_throw(options.checkpoint ? checkpoint::load_step(run.checkpoints(), *options.checkpoint)
                                                        : checkpoint::load_newest(run.checkpoints()));
  for (const checkpoint::Skipped& skipped : loaded.skipped) {
    console.warn(fmt::format("The checkpoint {} is not whole and was passed over: {}", skipped.name, skipped.reason));
  }
  check_unchanged(fmt::format("judge the run {}", run.folder().string()), sound, value_or_throw(read_origin(run)),
                  &loaded.contents.state);
  Assembly assembly = assemble(sound.recipe, sound.data.dataset);
  value_or_throw(train::restore(*assembly.context, loaded.contents, assembly.model->named_parameters(), nullptr));
  if (assembly.precision && !loaded.contents.state.precision.empty())
    assembly.precision->restore(loaded.contents.state.precision);
  const tasks::Judgement judged = assembly.task->judge(*assembly.context);

  const std::int64_t step = loaded.contents.state.step;
  if (options.json) {
    nlohmann::json metrics = nlohmann::json::object();
    for (const auto& [name, value] : judged.metrics) metrics[name] = value;
    print_line(
        nlohmann::json{{"run", run.folder().string()}, {"step", step}, {"split", judged.split}, {"metrics", metrics}}
            .dump());
    return 0;
  }
  std::string text = fmt::format("step {}, {}", step, judged.split);
  for (const auto& [name, value] : judged.metrics) text += fmt::format("\n{:<16} {:.4f}", name, value);
  print_line(text);
  return 0;
}

}  // namespace athanor::runner
