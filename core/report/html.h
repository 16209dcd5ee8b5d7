// The page: runs, results, what they were set up with, curves, where they come from. Throws Failure.
#pragma once

#include "core/report/facts.h"
#include "core/report/out_file.h"

#include <span>

namespace athanor::report {

void write_html(store::Reader& history, std::span<const RunFacts> runs, OutFile& out);

}  // namespace athanor::report
