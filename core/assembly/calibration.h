// What this machine was measured to do, kept in <ATHANOR_HOME>/calibration.json so that predictions need no measuring.
// Values only; a file that is missing or damaged counts as empty, for it can always be measured again.
#pragma once

#include "core/precision/time_profile.h"
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

// What operations cost, for shapes that were never measured. A kernel is the slower per operation the less it has to do
// at once, so its rate is kept for every size it was met at and used for sizes near that one.
struct OpRates {
  std::map<std::string, std::map<int, double>> seconds_per_flop;  // by kernel name and size_class() of a launch
  std::map<std::string, double> seconds_per_launch;               // of kernels that count no arithmetic
  std::map<int, double> overhead;  // whole step over the sum of its operations, by size_class() of the step
  double program_bytes = 0;
  double start_s = 0;
};

// Everything known about one processor, device and thread count.
struct MachineCalibration {
  std::map<std::string, ShapeTimes> shapes;  // by shape_key()
  std::optional<OpRates> rates;
  std::optional<precision::TimeProfile> format_times;  // of a GPU
};

// Adds `fresh`, which is believed where both know something.
void learn(OpRates& rates, const OpRates& fresh);

// What is known after another measurement: times that were quicker are believed, for nothing makes a machine quicker
// than it is; slower ones, which another program may have caused, move what was known by a part of the way.
[[nodiscard]] ShapeTimes learnt(const ShapeTimes& known, const ShapeTimes& fresh);

// Device, processor and threads.
[[nodiscard]] std::string machine_key(const recipe::Recipe& recipe);
// Every field that changes how long a step takes.
[[nodiscard]] std::string shape_key(const recipe::Recipe& recipe);

[[nodiscard]] MachineCalibration load_calibration(const std::string& machine);
// Adds to what is stored. A home that cannot be written is ignored: the next prediction measures again.
void store_calibration(const std::string& machine, const MachineCalibration& calibration);

}  // namespace athanor::runner
