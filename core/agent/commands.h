// The commands of athanor-agent. Each returns the exit status and writes its result to stdout; what a person follows
// goes to stderr.
#pragma once

#include "core/agent/client.h"
#include "core/agent/run_query.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::agent {

// A rule as it is written; nothing: what its kind has by default.
struct AlertWords {
  std::string name, kind, when;
  std::optional<std::string> metric;
  std::optional<double> bound;
  std::optional<int> window, raise_after, clear_after;
  bool more_is_better = false;
  std::string action = "notify";
};

struct CommandLine {
  bool foreground = false;
  std::string recipe;
  std::vector<std::string> overrides;  // "path=value"
  std::int64_t fork_step = -1;
  std::string fork_from;
  store::QueueWish wish;           // without `after`
  std::vector<std::string> after;  // runs as they are named
  std::string run;
  std::string faults;
  std::vector<std::string> runs;
  bool deleted = false;
  RunQuery query;
  bool all = false;
  bool yes = false;  // do not ask

  std::string before, behind;  // of move: the run beside which they come to stand
  bool front = false, end = false;
  bool has_priority = false;
  store::SweepId sweep = 0;
  bool queue = false;              // the whole of it
  std::string cores, gpus, slots;  // a number or "all"; empty: as it is

  std::vector<std::string> paths;  // of what is imported
  std::string format, to, report;  // where runs are written, and as what

  std::vector<std::string> over;
  std::int64_t random = 0;
  std::uint64_t seed = 1;
  std::string halving, metric;
  AlertWords alert;
};

// One JSON object on standard output, whatever comes of it.
[[nodiscard]] bool& wants_json();

// What is done stands in the message when it cannot be printed.
void print(const nlohmann::json& json, std::string_view done = {});
[[nodiscard]] int refuse(const Error& error);
// 0, with an empty object where JSON is wanted.
[[nodiscard]] int acknowledge(const Result<void>& done);

// By number, by name when only one has it, or by folder, also from here.
[[nodiscard]] Result<store::RunId> find_run(const Result<std::vector<store::Run>>& runs, const std::string& text);
[[nodiscard]] Result<std::vector<store::RunId>> find_runs(Client& client, const std::vector<std::string>& texts);
// The first line of it, cut between characters.
[[nodiscard]] std::string shortened(std::string text);
// "1 run", "3 runs"
[[nodiscard]] std::string counted(std::size_t count, const char* what);

int serve_detached();
int serve_here();
int run_rebuild();
int run_quit();

int run_enqueue(const CommandLine& line);
int run_sweep(const CommandLine& line);
int run_edit(Client& client, const CommandLine& line);

int run_list(Client& client, const CommandLine& line);
int run_show(Client& client, const CommandLine& line);
int run_wait(Client& client, const CommandLine& line);
int run_stop(Client& client, const CommandLine& line);
int run_resume(Client& client, const CommandLine& line);
int run_inject(Client& client, const CommandLine& line);
int run_restore(Client& client, const CommandLine& line);
int run_empty(Client& client, const CommandLine& line);

int run_import(Client& client, const CommandLine& line);
int run_export(Client& client, const CommandLine& line);

int run_queue(Client& client);
int run_move(Client& client, const CommandLine& line);
int run_hold(Client& client, const CommandLine& line, bool held);
int run_limits(Client& client, const CommandLine& line);
int run_alert_add(Client& client, const CommandLine& line);
int run_alert_remove(Client& client, const CommandLine& line);
int run_alert_list(Client& client);
int run_sweeps(Client& client, const CommandLine& line);

}  // namespace athanor::agent
