// What agent and client say to each other: one JSON object per line, over a socket that only its user can reach.
//
//   agent → client at once   {"athanor_agent":2,"pid":…}
//   client → agent           {"id":1,"do":"enqueue","recipe":"…","fork_of":0,"fork_step":0}
//                            do: enqueue | stop | resume | wait | run | list | rename | set_tags | set_note |
//                                set_pinned | erase | restore | empty | undo | redo | follow | inject | quit, with
//                                "run", "runs", "name", "tags", "note", "pinned", "faults"
//                            enqueue and add_sweep also with "priority", "held", "after", "continue_on_error",
//                                "retries", "retry_numeric"; the latter with "plan", as recipe::to_text has it
//                            of the queue: queue | job ("run") | move (with "runs", "to", "beside") | set_priority
//                            ("runs",
//                                "priority") | hold | release ("runs") | hold_queue ("held") | edit ("run", "recipe",
//                                "set") | limit ("cores", "gpus", "slots": null for all) | sweeps | sweep | hold_sweep
//                                ("sweep", "held") | end_sweep
//                            of other trackers' runs: take_in ("folder"), answered with "run" and
//                                "what": added | changed | unchanged
//                            of alerts: alerts | add_alert ("run": 0 for all, "rule": alerts::to_text) | remove_alert
//                                ("run", "name")
//   agent → client           {"id":1,"run":3}, or
//   {"id":1,"error":{"kind":"io","intention":"…","cause":"…","remedy":"…"}} after follow {"change":"metrics","run":3} …
#pragma once

#include "core/agent/client.h"
#include "core/base/result.h"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <filesystem>
#include <string>

namespace athanor::agent {

inline constexpr int kProtocol = 2;
inline constexpr std::size_t kMaxLine = 16U << 20;

// Where the agent of this home keeps its files, and where it listens: <home>/agent/socket, or, where that path is too
// long for a socket, a folder of this user named after the home below $XDG_RUNTIME_DIR or the folder for temporary
// files.
struct Places {
  std::filesystem::path home, runs, history, folder, lock, log, socket;
};
[[nodiscard]] Places places_of(const std::filesystem::path& home);

[[nodiscard]] nlohmann::json to_json(const Error& error);
[[nodiscard]] Error error_from(const nlohmann::json& json);
[[nodiscard]] nlohmann::json to_json(const store::Run& run);
[[nodiscard]] store::Run run_from(const nlohmann::json& json);
[[nodiscard]] nlohmann::json to_json(const Change& change);
[[nodiscard]] Change change_from(const nlohmann::json& json);

// One line; bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string line_of(const nlohmann::json& json);

}  // namespace athanor::agent
