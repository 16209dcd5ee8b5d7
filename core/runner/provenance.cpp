#include "core/runner/provenance.h"

#include "core/observe/process.h"
#include "core/runner/assembly.h"
#include "core/runner/encoder.h"
#include "core/runner/prepare_encoder.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <ctime>

namespace athanor::runner {

std::string provenance_json(const SoundRecipe& sound, const std::string& parent, const std::string& from) {
  using nlohmann::json;
  const observe::Machine machine = observe::machine();
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  const data::DatasetCard& card = sound.data.dataset->card();
  json out = {{"program", {{"version", version()}, {"commit", build_commit()}, {"difference", build_difference()}}},
              {"begun", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", parts)},
              {"host",
               {{"name", machine.host},
                {"system", machine.system},
                {"processor", machine.processor},
                {"cores", machine.cores},
                {"memory_bytes", machine.memory_bytes}}},
              {"devices", json::array({describe_device(sound.recipe)})},
              {"seeds", {{"run", sound.recipe.integer("run.seed")}}},
              {"data",
               {{"name", card.name},
                {"digest", card.digest},
                {"train_pictures", sound.data.train_pictures},
                {"test_pictures", sound.data.test_pictures}}}};
  if (const std::string& weights = sound.recipe.text("finetune.weights"); !weights.empty()) {
    const auto folder = value_or_throw(encoder_folder(weights));
    out["weights"] = {{"folder", folder.string()}, {"sha256", weights_digest(folder)}};
  }
  if (!from.empty()) out["from"] = {{"run", parent}, {"what", from}};
  return out.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace athanor::runner
