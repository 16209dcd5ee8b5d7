// Rows of the queue and of sweeps as values. Used inside transactions; throws SQLite::Exception and Failure.
#pragma once

#include "core/store/queue.h"

#include <cstdint>
#include <string>
#include <vector>

namespace athanor::store {

class Connection;

// All that are queued (in the order of the queue), then all that are live or whose end is not answered yet.
[[nodiscard]] std::vector<Job> read_jobs(Connection& connection);
// Throws Failure(invalid_input) when there is no such run.
[[nodiscard]] Job read_job(Connection& connection, RunId run);
[[nodiscard]] QueueSettings read_queue_settings(Connection& connection);
void write_queue_settings(Connection& connection, const QueueSettings& settings);
enum class WhichSweeps : std::uint8_t { all, with_waiting_trials };
[[nodiscard]] std::vector<Sweep> read_sweeps(Connection& connection, WhichSweeps which = WhichSweeps::all);
// By number, with the last value of the metric.
[[nodiscard]] std::vector<TrialState> read_trials(Connection& connection, SweepId sweep, const std::string& metric);

// As columns hold lists: devices with a comma between them, changes with a line break.
[[nodiscard]] std::string joined(const std::vector<std::string>& parts, char with);

}  // namespace athanor::store
