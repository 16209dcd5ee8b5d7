#include "core/runner/trained_run.h"

#include "core/runner/provenance.h"
#include "core/runner/unchanged.h"
#include "core/train/snapshot.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace athanor::runner {

TrainedRun open_trained_run(const std::string& run, std::optional<std::int64_t> step, const std::string& verb,
                            Console& console) {
  RunDirectory directory = value_or_throw(find_run(run));
  SoundRecipe sound = read_sound_recipe({directory.recipe().string(), {}, {}});
  auto loaded = value_or_throw(step ? checkpoint::load_step(directory.checkpoints(), *step)
                                    : checkpoint::load_newest(directory.checkpoints()));
  for (const checkpoint::Skipped& skipped : loaded.skipped) {
    console.warn(fmt::format("The checkpoint {} is not whole and was passed over: {}", skipped.name, skipped.reason));
  }
  checkpoint::TrainingState& state = loaded.contents.state;
  check_unchanged(fmt::format("{} the run {}", verb, directory.folder().string()), sound,
                  value_or_throw(read_origin(directory)), &state);
  Assembly assembly = assemble(sound.recipe, sound.data.dataset);
  value_or_throw(train::restore(*assembly.context, loaded.contents, assembly.model->named_parameters(), nullptr));
  if (assembly.precision && !state.precision.empty()) assembly.precision->restore(state.precision);
  return {std::move(directory), std::move(sound), std::move(state), std::move(loaded.skipped), std::move(assembly)};
}

nlohmann::json passed_over_json(const TrainedRun& run) {
  nlohmann::json out = nlohmann::json::array();
  for (const checkpoint::Skipped& each : run.passed_over)
    out.push_back({{"checkpoint", each.name}, {"reason", each.reason}});
  return out;
}

}  // namespace athanor::runner
