// Runs as CSV and JSON, exactly. Throw Failure.
#pragma once

#include "core/report/facts.h"
#include "core/report/out_file.h"

#include <span>

namespace athanor::report {

// A row for each sample: run, name, metric, step, time_ns, value.
void write_samples_csv(store::Reader& history, std::span<const RunFacts> runs, OutFile& out);
// A row for each run: its facts, then what recipes set, then last values of metrics.
void write_runs_csv(std::span<const RunFacts> runs, OutFile& out);
// {"runs": [{…, "settings": {…}, "metrics": {"loss": [[step, time_ns, value], …]}}]}; what is not finite as a text.
void write_runs_json(store::Reader& history, std::span<const RunFacts> runs, OutFile& out);

}  // namespace athanor::report
