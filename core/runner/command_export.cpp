#include "core/base/command_line.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/safetensors.h"
#include "core/nn/low_rank.h"
#include "core/runner/commands.h"
#include "core/runner/encoder.h"
#include "core/runner/provenance.h"
#include "core/runner/run_directory.h"
#include "core/runner/unchanged.h"
#include "core/train/snapshot.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace athanor::runner {
namespace {

struct Stored {
  std::size_t arrays = 0;
  std::string sha256;
};

Stored store_weights(const Assembly& assembly, const std::filesystem::path& file, std::int64_t step) {
  std::vector<checkpoint::Array> arrays;
  for (const Parameter& parameter : nn::base_parameters(assembly.model->parameters())) {
    arrays.push_back(
        {parameter->path, train::dims_of(parameter->value.shape()), assembly.context->download(parameter->value)});
  }
  std::vector<checkpoint::ArrayView> views;
  for (const checkpoint::Array& array : arrays) views.push_back({array.name, array.shape, array.values});
  return {arrays.size(), value_or_throw(checkpoint::write_safetensors(
                             file, views, {{"format", "pt"}, {"step", fmt::format("{}", step)}}))};
}

}  // namespace

int run_export(const ExportOptions& options, Console& console) {
  const RunDirectory run = value_or_throw(find_run(options.run));
  const SoundRecipe sound = read_sound_recipe({run.recipe().string(), {}, {}});
  const auto loaded = value_or_throw(options.checkpoint ? checkpoint::load_step(run.checkpoints(), *options.checkpoint)
                                                        : checkpoint::load_newest(run.checkpoints()));
  for (const checkpoint::Skipped& skipped : loaded.skipped) {
    console.warn(fmt::format("The checkpoint {} is not whole and was passed over: {}", skipped.name, skipped.reason));
  }
  check_unchanged(fmt::format("export the run {}", run.folder().string()), sound, value_or_throw(read_origin(run)),
                  &loaded.contents.state);
  Assembly assembly = assemble(sound.recipe, sound.data.dataset);
  value_or_throw(train::restore(*assembly.context, loaded.contents, assembly.model->named_parameters(), nullptr));
  nn::merge_low_rank(*assembly.context, assembly.model->parameters());

  const std::int64_t step = loaded.contents.state.step;
  nlohmann::json told{{"step", step}};
  if (!options.weights.empty()) {
    const Stored stored = store_weights(assembly, options.weights, step);
    told.update({{"weights", options.weights.string()}, {"arrays", stored.arrays}, {"sha256", stored.sha256}});
    console.info(
        fmt::format("{} arrays of step {}, adapters merged, in {}", stored.arrays, step, options.weights.string()));
  }
  if (!options.encoder.empty()) {
    store_encoder(sound.recipe, *assembly.context, nn::base_parameters(assembly.model->parameters()), options.encoder);
    told["encoder"] = options.encoder.string();
    console.info(fmt::format("The text encoder of step {}, adapters merged, in {}", step, options.encoder.string()));
  }
  if (options.json) print_line(told.dump());
  return 0;
}

}  // namespace athanor::runner
