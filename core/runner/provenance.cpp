#include "core/runner/provenance.h"

#include "core/assembly/assembly.h"
#include "core/assembly/encoder.h"
#include "core/base/files.h"
#include "core/observe/process.h"
#include "core/runner/prepare_encoder.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <ctime>

namespace athanor::runner {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", parts);
}

json session_json(const SoundRecipe& sound, const Session& session, const std::string& begun) {
  return {{"begun", begun},
          {"version", version()},
          {"commit", build_commit()},
          {"host", observe::machine().host},
          {"device", describe_device(sound.recipe)},
          {"data_digest", sound.data.dataset->card().digest},
          {"step", session.step},
          {"from", session.from}};
}

// A run beside this one is named from it, so that a home that is moved or copied keeps its own.
std::string parent_as_noted(const fs::path& parent, const fs::path& run) {
  return parent.parent_path() == run.parent_path() ? (".." / parent.filename()).string() : parent.string();
}

json beginning_json(const RunDirectory& run, const SoundRecipe& sound, const Session& session,
                    const std::string& begun) {
  const observe::Machine machine = observe::machine();
  const data::DatasetCard& card = sound.data.dataset->card();
  json out = {{"program", {{"version", version()}, {"commit", build_commit()}, {"difference", build_difference()}}},
              {"begun", begun},
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
                {"test_pictures", sound.data.test_pictures}}},
              {"recipe", recipe::to_toml(sound.recipe, recipe::Detail::everything)}};
  if (const std::string& weights = sound.recipe.text("finetune.weights"); !weights.empty()) {
    const auto folder = value_or_throw(encoder_folder(weights));
    out["weights"] = {{"folder", folder.string()}, {"sha256", weights_digest(folder)}};
  }
  if (!session.parent.empty()) {
    out["from"] = {
        {"run", parent_as_noted(session.parent, run.folder())}, {"step", session.step}, {"what", session.from}};
  }
  return out;
}

tl::unexpected<Error> damaged(const RunDirectory& run) {
  return fail(ErrorKind::corrupt, fmt::format("read {}", run.provenance().string()), "it is not the JSON it should be",
              "restore it from a copy, or remove it: the run then forgets where it began");
}

// Nothing when there is no file.
Result<std::optional<json>> read(const RunDirectory& run) {
  std::error_code code;
  if (!fs::exists(run.provenance(), code)) return std::nullopt;
  const auto text = read_file(run.provenance());
  if (!text) return tl::unexpected(text.error());
  json document = json::parse(*text, nullptr, false);
  if (!document.is_object()) return damaged(run);
  return document;
}

}  // namespace

Result<void> write_provenance(const RunDirectory& run, const SoundRecipe& sound, const Session& session, bool resumed) {
  const std::string begun = now_text();
  json document;
  if (resumed) {
    auto earlier = read(run);
    if (!earlier) return tl::unexpected(earlier.error());
    if (*earlier) document = std::move(**earlier);
  }
  if (document.is_null()) document = beginning_json(run, sound, session, begun);
  json& sessions = document["sessions"];
  if (!sessions.is_array()) sessions = json::array();
  sessions.push_back(session_json(sound, session, begun));
  return write_file_atomically(run.provenance(), document.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

Result<std::optional<Origin>> read_origin(const RunDirectory& run) {
  const auto document = read(run);
  if (!document) return tl::unexpected(document.error());
  if (!*document) return std::nullopt;
  try {
    Origin out;
    const json& data = (*document)->at("data");
    out.data_name = data.value("name", "");
    out.data_digest = data.value("digest", "");
    out.recipe = (*document)->value("recipe", "");
    if ((*document)->contains("from")) {
      const json& from = (*document)->at("from");
      out.is_fork = true;
      const std::string parent = from.value("run", "");
      if (!parent.empty() && from.contains("step")) {
        out.parent = (run.folder() / parent).lexically_normal().string();
        out.fork_step = from.at("step").get<std::int64_t>();
      }
    }
    return out;
  } catch (const json::exception&) {
    return damaged(run);
  }
}

}  // namespace athanor::runner
