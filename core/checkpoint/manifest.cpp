#include "core/checkpoint/manifest.h"

#include <nlohmann/json.hpp>

namespace athanor::checkpoint {

using nlohmann::json;

std::string to_json(const Manifest& manifest) {
  json files = json::object();
  for (const auto& [name, facts] : manifest.files) {
    files[name] = {{"bytes", facts.bytes}};
    if (!facts.sha256.empty()) files[name]["sha256"] = facts.sha256;
  }
  return json{{"format", manifest.format}, {"step", manifest.step}, {"files", files}}.dump(1) + "\n";
}

Result<Manifest> manifest_from_json(std::string_view text) {
  try {
    const json in = json::parse(text);
    Manifest out;
    in.at("format").get_to(out.format);
    in.at("step").get_to(out.step);
    for (const auto& [name, facts] : in.at("files").items()) {
      const bool digested = out.format != kShardedFormat || name == kStateFile || name == kIndexFile;
      out.files[name] = {facts.at("bytes").get<std::int64_t>(), digested ? facts.at("sha256").get<std::string>() : ""};
    }
    return out;
  } catch (const json::exception&) {
    return fail(ErrorKind::corrupt, "read COMPLETE", "it is not the JSON it should be");
  }
}

std::string to_json(const TrainingState& state) {
  return json{{"step", state.step},
              {"data_position", state.data_position},
              {"optimizer_steps", state.optimizer_steps},
              {"seed", state.seed},
              {"recipe_digest", state.recipe_digest},
              {"data_digest", state.data_digest},
              {"precision", state.precision},
              {"figures", state.figures}}
             .dump(1) +
         "\n";
}

Result<TrainingState> state_from_json(std::string_view text) {
  try {
    const json in = json::parse(text);
    TrainingState out;
    in.at("step").get_to(out.step);
    in.at("data_position").get_to(out.data_position);
    in.at("optimizer_steps").get_to(out.optimizer_steps);
    in.at("seed").get_to(out.seed);
    in.at("recipe_digest").get_to(out.recipe_digest);
    in.at("data_digest").get_to(out.data_digest);
    out.precision = in.value("precision", "");
    for (const auto& [name, figure] : in.at("figures").items()) {
      if (figure.is_number()) out.figures[name] = figure.get<double>();  // what is not finite is stored as null
    }
    return out;
  } catch (const json::exception&) {
    return fail(ErrorKind::corrupt, "read state.json", "it is not the JSON it should be");
  }
}

}  // namespace athanor::checkpoint
