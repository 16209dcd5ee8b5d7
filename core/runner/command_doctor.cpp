#include "core/assembly/gpus.h"
#include "core/base/command_line.h"
#include "core/base/files.h"
#include "core/base/paths.h"
#include "core/comm/gpu_links.h"
#include "core/data/dataset.h"
#include "core/observe/process.h"
#include "core/runner/commands.h"
#include "core/runner/provenance.h"
#include "core/store/reader.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
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

// What was found so far.
struct Verdict {
  bool corrupt = false;
  bool unavailable = false;
  void count(ErrorKind kind) { (kind == ErrorKind::corrupt ? corrupt : unavailable) = true; }
};

json data_sets(Verdict& verdict) {
  json out = json::array();
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(datasets_dir(), code)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_directory() || !is_safe_name(name)) continue;
    const auto opened = data::Dataset::open(entry.path());
    if (opened) {
      if (!opened->corrupt().empty()) verdict.count(ErrorKind::corrupt);
      out.push_back({{"name", name},
                     {"pictures", opened->pictures().size()},
                     {"concepts", opened->concepts().size()},
                     {"digest", opened->card().digest},
                     {"damaged_pictures", opened->corrupt().size()},
                     {"damaged", opened->corrupt()}});
    } else {
      verdict.count(ErrorKind::corrupt);
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

// Runs that have begun and of which nothing is left but what the history tells.
json lost_folders(const std::vector<store::Run>& runs) {
  json out = json::array();
  for (const store::Run& run : runs) {
    std::error_code code;
    if (run.status == store::RunStatus::queued || fs::exists(run.directory, code)) continue;
    out.push_back({{"run", run.id}, {"name", run.name}, {"folder", run.directory}});
  }
  return out;
}

// Whether all of the history can be read. "none" is no fault: the agent makes it.
json examine_store(Verdict& verdict) {
  std::error_code code;
  if (!fs::exists(history_path(), code)) return {{"state", "none"}};
  const auto history = store::Reader::open(history_path());
  const auto whole = history ? (*history)->check() : tl::unexpected(history.error());
  const auto runs = whole ? (*history)->runs(true) : tl::unexpected(whole.error());
  if (runs) return {{"state", "sound"}, {"runs", runs->size()}, {"lost", lost_folders(*runs)}};
  verdict.count(runs.error().kind);
  return {{"state", to_string(runs.error().kind)}, {"error", runs.error().message()}};
}

// Found by writing: permissions say nothing to root, nor of a disk that is full or read-only. Empty when it worked.
// Where there is no home yet, the folder it would be made in is tried.
std::string why_not_writable(const fs::path& home) {
  fs::path existing = home;
  std::error_code code;
  while (!fs::exists(existing, code) && existing != existing.parent_path()) existing = existing.parent_path();
  if (!fs::is_directory(existing, code)) return existing.string() + " is no folder";
  const fs::path probe = existing / fmt::format(".athanor-doctor-{}", ::getpid());
  const auto written = write_file_flushed(probe, "can this be written?\n");
  fs::remove(probe, code);
  return written ? std::string() : written.error().cause;
}

json examine() {
  const observe::Machine machine = observe::machine();
  const fs::path home = athanor_home();
  std::error_code code;
  fs::path on_disk = home;
  while (!fs::exists(on_disk, code) && on_disk != on_disk.parent_path()) on_disk = on_disk.parent_path();
  const auto space = fs::space(on_disk, code);
  const std::string refusal = why_not_writable(home);
  Verdict verdict;
  json out = {{"program", {{"version", version()}, {"commit", build_commit()}}},
              {"machine",
               {{"host", machine.host},
                {"system", machine.system},
                {"processor", machine.processor},
                {"cores", machine.cores},
                {"avx2", machine.avx2},
                {"memory_bytes", machine.memory_bytes}}},
              {"gpus", gpu_list()},
              {"nccl", {{"available", comm::why_no_nccl().empty()}, {"why_not", comm::why_no_nccl()}}},
              {"home",
               {{"folder", home.string()},
                {"writable", refusal.empty()},
                {"refusal", refusal},
                {"free_bytes", code ? 0 : static_cast<std::int64_t>(space.available)}}},
              {"agent", {{"running", agent_runs()}}}};
  out["store"] = examine_store(verdict);
  out["data_sets"] = data_sets(verdict);
  out["corrupt"] = verdict.corrupt;
  out["sound"] = !verdict.corrupt && !verdict.unavailable && refusal.empty();
  return out;
}

std::string text_of(const json& facts) {
  const auto text = [](const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); };
  const auto gib = [](const json& bytes) {
    const double amount = bytes.get<double>() / kGibibyte;
    return amount >= 1 ? fmt::format("{:.1f} GiB", amount) : fmt::format("{:.1f} MiB", 1024 * amount);
  };
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
  if (facts["gpus"].size() > 1 && !facts["nccl"]["available"].get<bool>())
    out += "gpus       exchange through the host: " + text(facts["nccl"]["why_not"]) + "\n";
  out += fmt::format("home       {}{}, {} free\n", text(facts["home"]["folder"]),
                     facts["home"]["writable"].get<bool>()
                         ? ""
                         : " cannot be written (" + text(facts["home"]["refusal"]) + "): set ATHANOR_HOME",
                     gib(facts["home"]["free_bytes"]));
  if (facts["data_sets"].empty()) out += "data       none: run athanor-run prepare emoji\n";
  for (const json& set : facts["data_sets"]) {
    if (set.contains("error")) {
      out += fmt::format("data       {}\n", text(set["error"]));
      continue;
    }
    out += fmt::format("data       {}: {} pictures of {} concepts, {}\n", text(set["name"]), text(set["pictures"]),
                       text(set["concepts"]), text(set["digest"]).substr(0, 12));
    for (const json& picture : set["damaged"])
      out += fmt::format("           the picture {} is damaged and left out\n", text(picture));
  }
  out += fmt::format("agent      {}\n", facts["agent"]["running"].get<bool>() ? "is running" : "is not running");
  const json& stored = facts["store"];
  if (stored.contains("error")) out += "history    " + text(stored["error"]);
  if (stored.contains("runs")) out += fmt::format("history    {} runs", text(stored["runs"]));
  for (const json& run : stored.value("lost", json::array()))
    out += fmt::format("\n           the folder of run {} is gone: {}", text(run["run"]), text(run["folder"]));
  if (stored["state"] == "none") out += "history    none yet";
  return out;
}

}  // namespace

int run_doctor(const DoctorOptions& options, Console&) {
  const json facts = examine();
  print_line(options.json ? facts.dump(-1, ' ', false, json::error_handler_t::replace) : text_of(facts));
  if (facts["corrupt"].get<bool>()) return exit_status(ErrorKind::corrupt);
  return facts["sound"].get<bool>() ? 0 : exit_status(ErrorKind::unavailable);
}

}  // namespace athanor::runner
