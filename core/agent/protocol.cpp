#include "core/agent/protocol.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <sys/un.h>
#include <unistd.h>

namespace athanor::agent {
namespace fs = std::filesystem;
using Json = nlohmann::json;
namespace {

constexpr std::array<std::string_view, 7> kChanges = {"runs",        "metrics",  "log",  "retrieval",
                                                      "occurrences", "metadata", "spans"};

// FNV-1a: tells homes apart in a file name, nothing more.
std::string short_hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  std::string digits;
  for (int i = 0; i < 16; ++i, hash >>= 4U) digits.push_back("0123456789abcdef"[hash & 15U]);
  return digits;
}

fs::path runtime_folder() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  std::error_code ignored;
  if (runtime != nullptr && fs::path(runtime).is_absolute() && fs::is_directory(runtime, ignored)) return runtime;
  return "/tmp";
}

ErrorKind kind_from(const std::string& name) {
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::internal); ++kind) {
    if (name == athanor::to_string(static_cast<ErrorKind>(kind))) return static_cast<ErrorKind>(kind);
  }
  return ErrorKind::internal;
}

}  // namespace

Places places_of(const fs::path& home) {
  Places places;
  places.home = home;
  places.runs = home / "runs";
  places.history = home / "history.db";
  places.folder = home / "agent";
  places.lock = places.folder / "lock";
  places.log = places.folder / "agent.log";
  places.socket = places.folder / "socket";
  if (places.socket.native().size() >= sizeof(sockaddr_un::sun_path)) {
    places.socket =
        runtime_folder() / ("athanor-" + std::to_string(::getuid()) + "-" + short_hash(home.native())) / "socket";
  }
  return places;
}

Json to_json(const Error& error) {
  return {{"kind", athanor::to_string(error.kind)},
          {"intention", error.intention},
          {"cause", error.cause},
          {"remedy", error.remedy}};
}

Error error_from(const Json& json) {
  return {kind_from(json.value("kind", "")), json.value("intention", ""), json.value("cause", ""),
          json.value("remedy", "")};
}

Json to_json(const store::Run& run) {
  Json json = {{"id", run.id},
               {"name", run.name},
               {"status", store::to_string(run.status)},
               {"cause", run.cause},
               {"directory", run.directory},
               {"model", run.model},
               {"created_ns", run.created_ns},
               {"started_ns", run.started_ns},
               {"ended_ns", run.ended_ns},
               {"step", run.step},
               {"steps", run.steps},
               {"fork_step", run.fork_step},
               {"tags", run.tags},
               {"note", run.note},
               {"pinned", run.pinned}};
  if (!run.recipe_toml.empty()) json["recipe"] = run.recipe_toml;
  if (run.parent) json["parent"] = *run.parent;
  if (run.deleted_ns) json["deleted_ns"] = *run.deleted_ns;
  Json last = Json::object();
  for (const auto& [name, value] : run.last) last[name] = value;  // a value that is not finite becomes null
  json["last"] = std::move(last);
  Json damage = Json::array();
  for (const store::JournalDamage& each : run.damage) {
    damage.push_back({{"rank", each.rank},
                      {"offset", each.offset},
                      {"bytes", each.bytes},
                      {"tail", each.tail},
                      {"reason", each.reason}});
  }
  json["damage"] = std::move(damage);
  return json;
}

store::Run run_from(const Json& json) {
  store::Run run;
  run.id = json.value("id", store::RunId{0});
  run.name = json.value("name", "");
  const std::string status = json.value("status", "");
  for (int value = 0; value <= static_cast<int>(store::RunStatus::broken); ++value) {
    if (status == store::to_string(static_cast<store::RunStatus>(value)))
      run.status = static_cast<store::RunStatus>(value);
  }
  run.cause = json.value("cause", "");
  run.directory = json.value("directory", "");
  run.recipe_toml = json.value("recipe", "");
  run.model = json.value("model", "");
  run.created_ns = json.value("created_ns", std::int64_t{0});
  run.started_ns = json.value("started_ns", std::int64_t{0});
  run.ended_ns = json.value("ended_ns", std::int64_t{0});
  run.step = json.value("step", std::int64_t{0});
  run.steps = json.value("steps", std::int64_t{0});
  if (json.contains("parent")) run.parent = json.at("parent").get<store::RunId>();
  run.fork_step = json.value("fork_step", std::int64_t{0});
  run.tags = json.value("tags", std::vector<std::string>{});
  run.note = json.value("note", "");
  run.pinned = json.value("pinned", false);
  if (json.contains("deleted_ns")) run.deleted_ns = json.at("deleted_ns").get<std::int64_t>();
  for (const Json& each : json.value("damage", Json::array())) {
    run.damage.push_back({each.value("rank", 0), each.value("offset", std::int64_t{0}),
                          each.value("bytes", std::int64_t{0}), each.value("tail", false), each.value("reason", "")});
  }
  if (json.contains("last")) {
    for (const auto& [name, value] : json.at("last").items()) {
      run.last[name] = value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
    }
  }
  return run;
}

Json to_json(const Change& change) {
  return {{"change", kChanges.at(static_cast<std::size_t>(change.what))}, {"run", change.run}};
}

Change change_from(const Json& json) {
  Change change;
  change.run = json.value("run", store::RunId{0});
  const std::string what = json.value("change", "runs");
  for (std::size_t i = 0; i < kChanges.size(); ++i) {
    if (kChanges[i] == what) change.what = static_cast<Change::What>(i);
  }
  return change;
}

std::string line_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace athanor::agent
