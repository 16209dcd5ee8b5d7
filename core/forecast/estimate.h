// Time from arithmetic: what counted operations take, by rates that were measured on this machine.
#pragma once

#include "core/assembly/calibration.h"
#include "core/forecast/dry_run.h"

#include <map>

namespace athanor::runner {

struct Estimate {
  double seconds = 0;      // of the operations alone
  double flops = 0;        // in all
  double near_flops = 0;   // of those: at sizes that were met, or nearly
  double known_flops = 0;  // of those: of kernels that were met at all
};
[[nodiscard]] Estimate estimate(const OpCounts& counts, const OpRates& rates);
// A whole step over its operations, for one of so much arithmetic; 1 where that is not known.
[[nodiscard]] double overhead(const OpRates& rates, double flops);

}  // namespace athanor::runner
