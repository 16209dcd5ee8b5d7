#include "core/assembly/encoder.h"
#include "core/base/command_line.h"
#include "core/checkpoint/safetensors.h"
#include "core/nn/low_rank.h"
#include "core/runner/commands.h"
#include "core/runner/trained_run.h"
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
  const TrainedRun run = open_trained_run(options.run, options.checkpoint, "export", console);
  const Assembly& assembly = run.assembly;
  nn::merge_low_rank(*assembly.context, assembly.model->parameters());

  const std::int64_t step = run.state.step;
  nlohmann::json told{{"step", step}, {"passed_over", passed_over_json(run)}};
  if (!options.weights.empty()) {
    const Stored stored = store_weights(assembly, options.weights, step);
    told.update({{"weights", options.weights.string()}, {"arrays", stored.arrays}, {"sha256", stored.sha256}});
    console.info(
        fmt::format("{} arrays of step {}, adapters merged, in {}", stored.arrays, step, options.weights.string()));
  }
  if (!options.encoder.empty()) {
    store_encoder(run.sound.recipe, *assembly.context, nn::base_parameters(assembly.model->parameters()),
                  options.encoder);
    told["encoder"] = options.encoder.string();
    console.info(fmt::format("The text encoder of step {}, adapters merged, in {}", step, options.encoder.string()));
  }
  if (options.json) print_line(told.dump());
  return 0;
}

}  // namespace athanor::runner
