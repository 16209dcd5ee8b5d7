#include "core/base/paths.h"
#include "core/data/dataset.h"
#include "core/observe/process.h"
#include "core/runner/commands.h"
#include "core/runner/gpus.h"
#include "core/runner/output.h"
#include "core/runner/provenance.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <unistd.h>

namespace athanor::runner {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;

json gpu_list() {
  json out = json::array();
  for (const Gpu& gpu : gpus()) out.push_back({{"name", gpu.name}, {"memory_bytes", gpu.memory_bytes}});
  return out;
}

json data_sets(bool& sound) {
  json out = json::array();
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(datasets_dir(), code)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_directory() || !is_safe_name(name)) continue;
    const auto opened = data::Dataset::open(entry.path());
    if (opened) {
      out.push_back({{"name", name},
                     {"pictures", opened->pictures().size()},
                     {"concepts", opened->concepts().size()},
                     {"digest", opened->card().digest},
                     {"damaged_pictures", opened->corrupt().size()}});
    } else {
      sound = false;
      out.push_back({{"name", name}, {"error", opened.error().message()}});
    }
  }
  return out;
}

// A living agent holds its lock.
bool agent_runs() {
  const int descriptor = ::open((agent_dir() / "lock").c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool held = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(descriptor);
  return held;
}

// SQLite keeps the user version in bytes 60 to 63 of the file, big-endian; -1 without a store.
std::int64_t store_version() {
  constexpr std::size_t kHeader = 100, kVersionAt = 60;
  std::ifstream file(history_path(), std::ios::binary);
  std::array<char, kHeader> header{};
  if (!file.read(header.data(), header.size())) return -1;
  std::int64_t version = 0;
  for (std::size_t i = 0; i < 4; ++i) version = version << 8 | static_cast<unsigned char>(header[kVersionAt + i]);
  return version;
}

bool writable(const fs::path& home) {
  fs::path existing = home;
  std::error_code code;
  while (!fs::exists(existing, code) && existing.has_parent_path() && existing != existing.parent_path())
    existing = existing.parent_path();
  return ::access(existing.c_str(), W_OK) == 0;
}

json examine() {
  const observe::Machine machine = observe::machine();
  const fs::path home = athanor_home();
  std::error_code code;
  fs::path on_disk = home;
  while (!fs::exists(on_disk, code) && on_disk != on_disk.parent_path()) on_disk = on_disk.parent_path();
  const auto space = fs::space(on_disk, code);
  bool sound = writable(home);
  json out = {{"program", {{"version", version()}, {"commit", build_commit()}}},
              {"machine",
               {{"host", machine.host},
                {"system", machine.system},
                {"processor", machine.processor},
                {"cores", machine.cores},
                {"avx2", machine.avx2},
                {"memory_bytes", machine.memory_bytes}}},
              {"gpus", gpu_list()},
              {"home",
               {{"folder", home.string()},
                {"writable", writable(home)},
                {"free_bytes", code ? 0 : static_cast<std::int64_t>(space.available)}}},
              {"agent", {{"running", agent_runs()}}},
              {"store", {{"version", store_version()}}}};
  out["data_sets"] = data_sets(sound);
  out["sound"] = sound;
  return out;
}

std::string text_of(const json& facts) {
  const auto text = [](const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); };
  const auto gib = [](const json& bytes) { return fmt::format("{:.1f} GiB", bytes.get<double>() / kGibibyte); };
  std::string out =
      fmt::format("program    {} {}\n", text(facts["program"]["version"]), text(facts["program"]["commit"]));
  const json& machine = facts["machine"];
  out += fmt::format("machine    {}, {} cores{}, {}, {}\n", text(machine["processor"]), text(machine["cores"]),
                     machine["avx2"].get<bool>() ? " with AVX2" : " without AVX2: slow", gib(machine["memory_bytes"]),
                     text(machine["system"]));
  if (facts["gpus"].empty()) out += "gpu        none: " + why_no_gpu() + "\n";
  for (const json& gpu : facts["gpus"]) {
    out += fmt::format("gpu        {}, {}\n", text(gpu["name"]), gib(gpu["memory_bytes"]));
  }
  out += fmt::format("home       {}{}, {} free\n", text(facts["home"]["folder"]),
                     facts["home"]["writable"].get<bool>() ? "" : " (not writable: set ATHANOR_HOME)",
                     gib(facts["home"]["free_bytes"]));
  if (facts["data_sets"].empty()) out += "data       none: run athanor-run prepare emoji\n";
  for (const json& set : facts["data_sets"]) {
    out += set.contains("error")
               ? fmt::format("data       {}\n", text(set["error"]))
               : fmt::format("data       {}: {} pictures of {} concepts, {}\n", text(set["name"]),
                             text(set["pictures"]), text(set["concepts"]), text(set["digest"]).substr(0, 12));
  }
  out += fmt::format("agent      {}\n", facts["agent"]["running"].get<bool>() ? "is running" : "is not running");
  const auto stored = facts["store"]["version"].get<std::int64_t>();
  out += stored < 0 ? "history    none yet" : fmt::format("history    version {}", stored);
  return out;
}

}  // namespace

int run_doctor(const DoctorOptions& options, Console&) {
  const json facts = examine();
  print_line(options.json ? facts.dump(-1, ' ', false, json::error_handler_t::replace) : text_of(facts));
  return facts["sound"].get<bool>() ? 0 : exit_status(ErrorKind::corrupt);
}

}  // namespace athanor::runner
