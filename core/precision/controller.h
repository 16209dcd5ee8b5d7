// Chooses the format of every product from what was measured: least time within an error budget, changed slowly.
//
// Two budgets bind. Of errors: that of a product is the root of the summed noise-to-signal ratios of its two sides, or
// backward what was measured of the weight's update; a layer counts by its share of the work. Of the loss: what each
// format was measured to change of it. An option weighs what it takes of the scarcer one. The choice is an exact
// multiple-choice knapsack; a pass goes down in precision after two votes in a row, up after one, and at most a tenth
// of the layers change at a time. A pure function of its inputs and votes: no device, no clock, no random number. After
// the periodic selection of SNIP (Pan et al. 2025).
#pragma once

#include "core/ops/quantized.h"
#include "core/precision/impact.h"
#include "core/precision/policy.h"

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace athanor::precision {

// What quantizing a tensor would lose or lost.
struct ClassStatistics {
  double amax = 0, rms = 0;
  double underflow = 0;   // share of the numbers other than 0 that became 0
  double saturation = 0;  // share of the finite numbers that were cut off
  double noise = 0;       // energy of the error over that of the numbers
  double nonfinite = 0;   // numbers
  [[nodiscard]] double snr_db() const;
};
// From the array that quantize writes (kernels/base/scaling.h).
[[nodiscard]] ClassStatistics class_statistics(const double* stats);

// Codings that are measured.
enum class Coding : std::uint8_t { tensor, block };
inline constexpr int kCodingCount = 2;

struct LayerMeasurement {
  std::size_t layer = 0;  // Site::index
  double work = 0;        // multiply-adds of its forward product, per row
  double rows = 1;
  // By format, the loss relative to that of the step; nothing where it was not measured.
  std::optional<FormatImpacts> impacts = {};
  std::array<std::array<ClassStatistics, ops::kTensorClassCount>, kCodingCount> statistics{};
};

struct Change {
  std::size_t layer = 0;
  Pass pass = Pass::forward;
  PassFormat from = PassFormat::stream, to = PassFormat::stream;
  std::string reason;
  std::vector<std::pair<std::string, double>> statistics;
};

// Formats that are chosen from.
inline constexpr std::array<PassFormat, 4> kChoices = {PassFormat::stream, PassFormat::f16, PassFormat::f8_tensor,
                                                       PassFormat::f8_block};

// The relative error of one pass in a format.
[[nodiscard]] double pass_error(const LayerMeasurement& measured, Pass pass, PassFormat format) noexcept;

class Controller {
 public:
  using Formats = std::vector<PassFormats>;                // by layer
  using Votes = std::vector<std::array<int, kPassCount>>;  // by layer: in a row for going down

  Controller(const DynamicSettings& settings, std::size_t layers);

  // One vote of every measured pass, and the changes that are due. `now` is not changed.
  [[nodiscard]] std::vector<Change> decide(const std::vector<LayerMeasurement>& measured, const Formats& now);
  // Takes all votes back.
  void forget();

  [[nodiscard]] const Votes& votes() const noexcept { return votes_; }
  void set_votes(Votes votes) { votes_ = std::move(votes); }

 private:
  DynamicSettings settings_;
  Votes votes_;
};

// Whether a loss is out of all proportion to those before it: beyond `spike` deviations of their moving mean.
class SpikeDetector {
 public:
  struct State {
    double mean = 0, variance = 0;
    std::int64_t count = 0;
    [[nodiscard]] bool operator==(const State&) const = default;
  };
  explicit SpikeDetector(double spike) : spike_(spike) {}

  [[nodiscard]] double deviations(double loss) const noexcept;
  [[nodiscard]] bool is_spike(double loss) const noexcept { return deviations(loss) > spike_; }
  void count(double loss) noexcept;
  [[nodiscard]] const State& state() const noexcept { return state_; }
  void set_state(const State& state) noexcept { state_ = state; }

 private:
  double spike_;
  State state_;
};

}  // namespace athanor::precision
