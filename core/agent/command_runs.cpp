// What the history knows of runs, and what is done with single ones.
#include "core/agent/commands.h"
#include "core/agent/protocol.h"
#include "core/agent/protocol_queue.h"
#include "core/base/command_line.h"
#include "core/base/files.h"
#include "core/base/paths.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <map>
#include <unistd.h>

namespace athanor::agent {
namespace {

constexpr const char* kColumns = "{:>5}  {:<9} {:>17} {:<28} {}";

// `waits` says why one that is queued has not begun.
std::string row_of(const store::Run& run, const std::string& waits = {}) {
  std::string words = shortened(run.cause.empty() ? waits : run.cause);
  // The unfinished event of a process that died is no damage: its cause says as much.
  if (const auto places = std::ranges::count(run.damage, false, &store::JournalDamage::tail); places > 0) {
    if (!words.empty()) words += "; ";
    words += fmt::format("its journal is damaged in {} place{}", places, places == 1 ? "" : "s");
  }
  if (run.deleted_ns) words = words.empty() ? "deleted" : "deleted; " + words;
  std::string row = fmt::format(fmt::runtime(kColumns), run.id, store::to_string(run.status),
                                fmt::format("{}/{}", run.step, run.steps), run.name, words);
  row.erase(row.find_last_not_of(' ') + 1);
  return row;
}

// The run as it is now.
int print_row(const store::Run& run, std::string_view done = {}) {
  if (wants_json()) {
    print(to_json(run), done);
  } else {
    print_line(row_of(run), done);
  }
  return 0;
}

std::string amount(std::int64_t bytes) {
  constexpr double kMebibyte = 1024.0 * 1024.0;
  const double mebibytes = static_cast<double>(bytes) / kMebibyte;
  return mebibytes < 1024 ? fmt::format("{:.1f} MiB", mebibytes) : fmt::format("{:.1f} GiB", mebibytes / 1024);
}

std::vector<store::RunId> ids_of(const std::vector<store::Run>& runs) {
  std::vector<store::RunId> ids;
  for (const store::Run& run : runs) ids.push_back(run.id);
  return ids;
}

// All that are named, or the first that is none.
Result<std::vector<store::Run>> named_runs(Client& client, const std::vector<std::string>& texts) {
  const auto ids = find_runs(client, texts);
  if (!ids) return tl::unexpected(ids.error());
  std::vector<store::Run> found;
  for (const store::RunId id : *ids) {
    auto run = client.run(id);
    if (!run) return tl::unexpected(run.error());
    found.push_back(std::move(*run));
  }
  return found;
}

// Once, and where somebody can answer.
Result<bool> asked(const std::vector<store::Run>& runs, std::int64_t bytes) {
  if (::isatty(STDIN_FILENO) == 0) {
    return fail(ErrorKind::invalid_input, fmt::format("delete {} for ever", counted(runs.size(), "run")),
                "nobody is at the terminal to be asked", "say --yes to do it unasked");
  }
  std::cerr << fmt::format("Delete {} for ever, with everything in their folders ({})? [y/N] ",
                           counted(runs.size(), "run"), amount(bytes));
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

// As the agent tells them, or as the history holds them where that is asked for some or for an order.
Result<std::vector<store::Run>> listed(Client& client, const RunQuery& query) {
  if (query.where.empty() && query.sort.empty()) return client.list();
  const auto history = store::Reader::open(history_path());
  if (!history) return tl::unexpected(history.error());
  auto runs = find_runs(**history, query);
  if (!runs) return runs;
  for (store::Run& run : *runs) run.recipe_toml.clear();  // show has it
  return runs;
}

// The wish is heard: the run as it is now.
int say_now(Client& client, store::RunId run, std::string_view what) {
  if (!wants_json()) return 0;
  const auto now = client.run(run);
  if (!now) return refuse(now.error());
  return print_row(*now, fmt::format("run {} is {} all the same", run, what));
}

}  // namespace

int run_list(Client& client, const CommandLine& line) {
  auto runs = listed(client, line.query);
  if (!runs) return refuse(runs.error());
  if (line.deleted) std::erase_if(*runs, [](const store::Run& run) { return !run.deleted_ns; });
  const auto queue = client.queue();
  if (!queue) return refuse(queue.error());
  std::map<store::RunId, const QueueEntry*> entries;
  for (const auto* part : {&queue->queued, &queue->going_on})
    for (const QueueEntry& entry : *part) entries.emplace(entry.job.run, &entry);
  if (wants_json()) {
    nlohmann::json out = {{"runs", nlohmann::json::array()}};
    for (const store::Run& run : *runs) {
      auto& json = out["runs"].emplace_back(to_json(run));
      if (const auto found = entries.find(run.id); found != entries.end()) json["queue"] = to_json(*found->second);
    }
    print(out);
    return 0;
  }
  std::string text = fmt::format(fmt::runtime(kColumns), "run", "status", "steps", "name", "cause");
  for (const store::Run& run : *runs) {
    const auto found = entries.find(run.id);
    text += "\n" + row_of(run, found != entries.end() ? found->second->text : std::string());
  }
  print_line(text);
  return 0;
}

int run_show(Client& client, const CommandLine& asked) {
  const auto id = find_run(client.list(), asked.run);
  if (!id) return refuse(id.error());
  const auto found = client.run(*id);
  if (!found) return refuse(found.error());
  const store::Run& run = *found;
  const auto entry = client.job(*id);
  if (!entry) return refuse(entry.error());
  if (wants_json()) {
    nlohmann::json json = to_json(run);
    json["queue"] = to_json(*entry);
    print(json);
    return 0;
  }
  std::string text = fmt::format("{:<10} {}", "run", run.id);
  const auto line = [&text](const char* what, const std::string& words) {
    if (!words.empty()) text += fmt::format("\n{:<10} {}", what, words);
  };
  line("name", run.name);
  line("status", store::to_string(run.status));
  line("cause", run.cause);
  if (entry->position > 0) line("queue", fmt::format("place {}: {}", entry->position, entry->text));
  if (const auto& retry = entry->job.retry; retry.done > 0)
    line("attempt", fmt::format("{} of {}, after: {}", retry.done + 1, retry.limit + 1, retry.fault));
  if (const auto& trial = entry->job.trial)
    line("sweep", fmt::format("{}, trial {}: {}", trial->sweep, trial->number, trial->values));
  line("step", fmt::format("{} of {}", run.step, run.steps));
  line("model", run.model);
  line("folder", run.directory);
  if (run.parent) line("fork of", fmt::format("run {} at step {}", *run.parent, run.fork_step));
  line("tags", fmt::format("{}", fmt::join(run.tags, ", ")));
  line("note", run.note);
  if (run.deleted_ns)
    line("deleted", fmt::format("athanor-agent restore {0} brings it back, empty {0} frees its room", run.id));
  for (const store::JournalDamage& damage : run.damage) {
    line(damage.tail ? "torn tail" : "damage", fmt::format("{} bytes from byte {} of journal-{}.athj on: {}",
                                                           damage.bytes, damage.offset, damage.rank, damage.reason));
  }
  for (const auto& [name, value] : run.last) line("last", fmt::format("{} {:.6g}", name, value));
  print_line(text);
  return 0;
}

// The exit status is the run's.
int run_wait(Client& client, const CommandLine& line) {
  const auto run = find_run(client.list(), line.run);
  if (!run) return refuse(run.error());
  const auto ended = client.wait(*run, std::chrono::hours(24 * 365));
  if (!ended) return refuse(ended.error());
  print_row(*ended);
  constexpr int kInterrupted = 130;
  if (ended->status == store::RunStatus::finished) return 0;
  return ended->status == store::RunStatus::stopped ? kInterrupted : 1;
}

int run_stop(Client& client, const CommandLine& line) {
  if (line.sweep != 0) return acknowledge(client.end_sweep(line.sweep));
  const auto run = find_run(client.list(), line.run);
  if (!run) return refuse(run.error());
  if (auto done = client.stop(*run); !done) return refuse(done.error());
  return say_now(client, *run, "asked to stop");
}

int run_resume(Client& client, const CommandLine& line) {
  const auto run = find_run(client.list(), line.run);
  if (!run) return refuse(run.error());
  if (auto done = client.resume(*run); !done) return refuse(done.error());
  return say_now(client, *run, "queued");
}

int run_inject(Client& client, const CommandLine& line) {
  const auto run = find_run(client.list(), line.run);
  if (!run) return refuse(run.error());
  const auto asked = client.inject(*run, line.faults);
  return asked ? 0 : refuse(asked.error());
}

int run_restore(Client& client, const CommandLine& line) {
  const auto runs = find_runs(client, line.runs);
  if (!runs) return refuse(runs.error());
  if (auto restored = client.restore(*runs); !restored) return refuse(restored.error());
  if (wants_json()) print({{"runs", *runs}}, counted(runs->size(), "run") + " restored all the same");
  return 0;
}

int run_empty(Client& client, const CommandLine& line) {
  auto runs = line.all ? client.list() : named_runs(client, line.runs);
  if (!runs) return refuse(runs.error());
  if (line.all)
    std::erase_if(*runs, [](const store::Run& run) { return !run.deleted_ns || store::is_live(run.status); });
  std::int64_t bytes = 0;
  for (const store::Run& run : *runs) bytes += folder_bytes(run.directory);
  if (!line.yes && !runs->empty()) {
    const auto answer = asked(*runs, bytes);
    if (!answer) return refuse(answer.error());
    if (!*answer) return 0;
  }
  const auto freed = client.empty(ids_of(*runs));
  if (!freed) return refuse(freed.error());
  const std::string done =
      fmt::format("{} deleted for ever, {} are free", counted(runs->size(), "run"), amount(*freed));
  if (wants_json()) {
    print({{"runs", ids_of(*runs)}, {"bytes", *freed}}, done + " all the same");
  } else {
    print_line(done);
  }
  return 0;
}

}  // namespace athanor::agent
