// What this machine was measured to do, kept in <ATHANOR_HOME>/calibration.json so that predictions need no measuring.
// Values only; a file that is missing or damaged counts as empty, for it can always be measured again.
#pragma once

#include "core/recipe/recipe.h"

#include <map>
#include <optional>
#include <string>

namespace athanor::runner {

// One model at one batch shape.
struct ShapeTimes {
  double step_s = 0;  // data, forward, backward and update
  double evaluate_s_per_picture = 0;
  double start_s = 0;  // from the start of the process to the first step, without evaluating and measuring
  double checkpoint_s = 0;
  double program_bytes = 0;      // resident memory beyond what allocator and data account for
  std::int64_t measured_at = 0;  // seconds since the Unix epoch
};

// What an operation costs beyond this shape: for shapes that were never measured.
struct OpRates {
  std::map<std::string, double> seconds_per_flop;    // by kernel name
  std::map<std::string, double> seconds_per_launch;  // of kernels that count no arithmetic
  double overhead = 1;                               // whole step over the sum of its operations
  double program_bytes = 0;
  double start_s = 0;
};

// Everything known about one processor, device and thread count.
struct MachineCalibration {
  std::map<std::string, ShapeTimes> shapes;  // by shape_key()
  std::optional<OpRates> rates;
};

// Device, processor and threads.
[[nodiscard]] std::string machine_key(const recipe::Recipe& recipe);
// Every field that changes how long a step takes.
[[nodiscard]] std::string shape_key(const recipe::Recipe& recipe);

[[nodiscard]] MachineCalibration load_calibration(const std::string& machine);
// Adds to what is stored. A home that cannot be written is ignored: the next prediction measures again.
void store_calibration(const std::string& machine, const MachineCalibration& calibration);

}  // namespace athanor::runner
