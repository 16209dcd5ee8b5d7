#include "core/agent/launch.h"

#include "core/agent/needs.h"
#include "core/base/files.h"
#include "core/import/imported.h"
#include "core/journal/reader.h"
#include "core/recipe/recipe.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sys/statvfs.h>
#include <tuple>

namespace athanor::agent {
namespace fs = std::filesystem;
namespace {

constexpr const char* kTicket = "ticket.json";
constexpr const char* kProvenance = "provenance.json";
constexpr const char* kRecipe = "recipe.toml";
constexpr std::int64_t kLastWords = 4096;
const std::string kVanished = "its process ended without a word";

std::string ticket_of(const store::Run& run) {
  nlohmann::json json = {
      {"id", run.id}, {"name", run.name}, {"created_ns", run.created_ns}, {"fork_step", run.fork_step}};
  if (run.parent) json["parent"] = *run.parent;
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::vector<std::string> command_of(const store::Job& job, const std::optional<store::Job>& parent,
                                    const fs::path& program) {
  std::vector<std::string> command = {program.string(), "train"};
  const bool resumes = job.launch == store::Launch::resume;
  if (!resumes) command.push_back((job.directory / kRecipe).string());
  command.insert(command.end(), {"--run-dir", job.directory.string()});
  if (resumes) {
    command.emplace_back("--resume");
    for (const std::string& change : job.changes) command.insert(command.end(), {"--set", change});
  }
  if (job.launch == store::Launch::fork && parent) {
    command.insert(command.end(), {"--fork", std::to_string(job.fork_step), "--from", parent->directory.string()});
  }
  if (job.until > 0) command.insert(command.end(), {"--until", std::to_string(job.until)});
  return command;
}

std::string last_line(const fs::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return {};
  const auto size = static_cast<std::int64_t>(in.tellg());
  in.seekg(std::max<std::int64_t>(0, size - kLastWords));
  std::string text{std::istreambuf_iterator<char>(in), {}};
  // Without the full stop of a sentence: it becomes a cause, or a part of one.
  text.erase(std::min(text.size(), text.find_last_not_of(" \r\n.") + 1));
  return text.substr(text.find_last_of("\n\r") + 1);
}

std::string room_left(const fs::path& directory) {
  struct statvfs info {};
  constexpr std::uint64_t kLittle = 1 << 20;
  if (::statvfs(directory.c_str(), &info) != 0 || info.f_bavail * info.f_frsize > kLittle) return {};
  return "; the disk is full";
}

}  // namespace

Result<Waiting> prepare(const store::Run& run, const store::Job& job, const std::optional<store::Job>& parent,
                        const fs::path& program, const Surroundings& surroundings) {
  if (auto made = make_folders(job.directory / "logs"); !made) return tl::unexpected(made.error());
  if (job.launch != store::Launch::resume) {
    if (auto written = write_file_atomically(job.directory / kTicket, ticket_of(run)); !written)
      return tl::unexpected(written.error());
    if (auto written = write_file_atomically(job.directory / kRecipe, run.recipe_toml); !written) {
      return tl::unexpected(written.error());
    }
  }
  return Waiting::spawn(command_of(job, parent, program), job.directory / "logs" / "rank-0.log", surroundings);
}

std::optional<Described> describe(const fs::path& directory) {
  const auto text = read_file(directory / kRecipe);
  if (!text) return std::nullopt;
  if (const auto imported = imports::read_imported(directory))
    return Described{*text, imported->name, imported->last_step};
  const recipe::Parsed parsed = recipe::parse(*text);
  const std::string name =
      parsed.recipe.is_default("run.name") ? directory.filename().string() : parsed.recipe.text("run.name");
  return Described{*text, name, parsed.recipe.integer("train.steps")};
}

std::optional<store::NewRun> recognise(const fs::path& directory) {
  if (directory.filename().string().starts_with('.')) return std::nullopt;
  const auto first = journal::read(directory / journal::file_name(0), 0, 1);
  if (!first || first->next_offset == 0) return std::nullopt;
  store::NewRun run;
  run.name = directory.filename().string();
  run.directory = directory;
  run.status = store::RunStatus::starting;
  run.created_ns = first->anchor_wall_ns;
  if (const auto described = describe(directory)) {
    run.recipe_toml = described->recipe_toml;
    run.name = described->name;
    run.steps = described->steps;
    run.needs = needs_of(described->recipe_toml);
  }
  if (const auto imported = imports::read_imported(directory)) {
    run.created_ns = imported->created_ns;
    run.tags = imported->tags;
    run.note = imported->note;
    return run;
  }
  const auto text = read_file(directory / kTicket);
  const auto ticket = nlohmann::json::parse(text.value_or(""), nullptr, false);
  if (!ticket.is_object()) return run;
  try {
    run.wanted_id = ticket.value("id", store::RunId{0});
    run.name = ticket.value("name", run.name);
    run.created_ns = ticket.value("created_ns", run.created_ns);
    run.fork_step = ticket.value("fork_step", std::int64_t{0});
    if (ticket.contains("parent")) run.parent = ticket.at("parent").get<store::RunId>();
  } catch (const nlohmann::json::exception&) {
    run.parent.reset();  // a ticket that somebody wrote over says nothing
  }
  return run;
}

void sort_for_entry(std::vector<store::NewRun>& runs) {
  std::ranges::sort(
      runs, {}, [](const store::NewRun& run) { return std::tuple(run.wanted_id == 0, run.created_ns, run.directory); });
}

Result<void> note_parent(store::Writer& writer, store::RunId run, const fs::path& directory) {
  const auto text = read_file(directory / kProvenance);
  const auto provenance = nlohmann::json::parse(text.value_or(""), nullptr, false);
  if (!provenance.is_object() || !provenance.contains("from")) return {};
  std::string folder;
  std::int64_t step = 0;
  try {
    const auto& from = provenance.at("from");
    folder = from.value("run", "");
    step = from.value("step", std::int64_t{0});
  } catch (const nlohmann::json::exception&) {
    return {};  // the run itself refuses to go on with a damaged one
  }
  if (folder.empty()) return {};
  const auto parent = writer.run_in((directory / folder).lexically_normal());
  if (!parent) return tl::unexpected(parent.error());
  if (!*parent || **parent == run) return {};
  return writer.set_parent(run, **parent, step);
}

Verdict verdict(const fs::path& directory, const Ending& ending) {
  using store::RunStatus;
  constexpr int kInterrupted = 130;
  const std::string words = last_line(directory / "logs" / "rank-0.log");
  const std::string said = words.empty() ? std::string() : "; its log ends with: " + words;
  // Only the parent learns of a killing: it says no more than whoever finds the run later, or one death had two causes.
  if (!ending.known || ending.signal == SIGKILL)
    return {RunStatus::broken, kVanished + ": killed, or out of memory" + said + room_left(directory)};
  if (ending.signal != 0) {
    return {RunStatus::broken,
            fmt::format("its process was ended by signal {} ({})", ending.signal, ::strsignal(ending.signal)) + said +
                room_left(directory)};
  }
  if (ending.status == kInterrupted) return {RunStatus::stopped, "it was asked to stop"};
  if (ending.status == 0) return {RunStatus::broken, kVanished + said};
  if (!words.empty()) return {RunStatus::failed, words + room_left(directory)};
  return {RunStatus::failed,
          fmt::format("its process ended with status {} without a word", ending.status) + room_left(directory)};
}

}  // namespace athanor::agent
