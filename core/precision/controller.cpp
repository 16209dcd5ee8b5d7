#include "core/precision/controller.h"

#include "core/precision/knapsack.h"
#include "kernels/base/scaling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace athanor::precision {
namespace {

using ops::TensorClass;

constexpr std::int64_t kCells = 1000;
constexpr int kVotesDown = 2;
constexpr double kShareOfLayers = 0.1;
// The range within which f16 holds activations and weights without loss: far from its largest number, and with a
// typical size well above its least normal one.
constexpr double kLargestForHalf = 4096, kLeastForHalf = 1.0 / 4096;

// Noise of rounding to a mantissa of this many bits, evenly spread over half a unit.
constexpr double rounding_noise(int mantissa_bits) {
  double half_unit = 0.5;
  for (int bit = 0; bit < mantissa_bits; ++bit) half_unit *= 0.5;
  return half_unit * half_unit / 3;
}
constexpr double kBrainNoise = rounding_noise(7), kHalfNoise = rounding_noise(10);

bool fits_half(const ClassStatistics& s) { return s.amax < kLargestForHalf && s.rms > kLeastForHalf; }

// Whether a pass may take a format at all.
bool allowed(const LayerMeasurement& measured, Pass pass, PassFormat format) {
  if (format == PassFormat::stream) return true;
  const auto& statistics = measured.statistics[static_cast<std::size_t>(Coding::tensor)];
  if (format == PassFormat::f16)  // gradients in f16 would need the loss scaled
    return pass == Pass::forward && fits_half(statistics[0]) && fits_half(statistics[1]);
  for (const auto& coding : measured.statistics)
    for (const ClassStatistics& s : coding)
      if (s.nonfinite > 0) return false;
  return true;
}

double pass_work(const LayerMeasurement& measured, Pass pass) {
  return (pass == Pass::forward ? 1 : 2) * measured.work * measured.rows;
}

// Of the whole step's, 0 where it was not measured.
double loss_change(const LayerMeasurement& measured, Pass pass, PassFormat format) {
  return pass == Pass::forward && measured.impacts ? (*measured.impacts)[static_cast<std::size_t>(format)].loss : 0;
}

struct Item {
  const LayerMeasurement* measured;
  Pass pass;
  std::vector<PassFormat> formats;
};

std::vector<std::pair<std::string, double>> told(const LayerMeasurement& measured, Pass pass, PassFormat format) {
  const Coding coding = format == PassFormat::f8_block ? Coding::block : Coding::tensor;
  const auto& statistics = measured.statistics[static_cast<std::size_t>(coding)];
  std::vector<std::pair<std::string, double>> out;
  for (int i = 0; i < ops::kTensorClassCount; ++i) {
    const auto tensor_class = static_cast<TensorClass>(i);
    if (pass == Pass::forward && tensor_class == TensorClass::gradient) continue;
    const ClassStatistics& s = statistics[static_cast<std::size_t>(i)];
    const std::string name = ops::to_string(tensor_class);
    out.insert(out.end(), {{name + ".amax", s.amax},
                           {name + ".rms", s.rms},
                           {name + ".underflow", s.underflow},
                           {name + ".saturation", s.saturation},
                           {name + ".snr_db", s.snr_db()}});
  }
  if (measured.impacts) {
    const FormatImpact& impact = (*measured.impacts)[static_cast<std::size_t>(format)];
    out.emplace_back(pass == Pass::forward ? "loss.change" : "weight.update_error",
                     pass == Pass::forward ? impact.loss : impact.update);
  }
  return out;
}

}  // namespace

double ClassStatistics::snr_db() const { return noise > 0 ? -10 * std::log10(noise) : 200; }

ClassStatistics class_statistics(const double* stats) {
  using S = kernels::QuantizeStats;
  ClassStatistics out;
  const double finite = stats[S::elements] - stats[S::nonfinite];
  out.amax = stats[S::amax];
  out.nonfinite = stats[S::nonfinite];
  if (finite > 0) {
    out.rms = std::sqrt(stats[S::squares] / finite);
    out.saturation = stats[S::saturated] / finite;
  }
  if (stats[S::nonzero] > 0) out.underflow = stats[S::underflowed] / stats[S::nonzero];
  if (stats[S::squares] > 0) out.noise = stats[S::error_squares] / stats[S::squares];
  return out;
}

double pass_error(const LayerMeasurement& measured, Pass pass, PassFormat format) noexcept {
  if (pass == Pass::backward && measured.impacts) return (*measured.impacts)[static_cast<std::size_t>(format)].update;
  if (format == PassFormat::stream) return std::sqrt(2 * kBrainNoise);
  if (format == PassFormat::f16) return std::sqrt(kBrainNoise + kHalfNoise);  // activations come from the stream
  const Coding coding = format == PassFormat::f8_block ? Coding::block : Coding::tensor;
  const auto& s = measured.statistics[static_cast<std::size_t>(coding)];
  const double both = s[0].noise + s[1].noise;
  return pass == Pass::forward ? std::sqrt(both) : std::sqrt(s[2].noise + both / 2);
}

Controller::Controller(const DynamicSettings& settings, std::size_t layers) : settings_(settings), votes_(layers) {}

void Controller::forget() { std::ranges::fill(votes_, Votes::value_type{}); }

std::vector<Change> Controller::decide(const std::vector<LayerMeasurement>& measured, const Formats& now) {
  const auto time = [&](const LayerMeasurement& layer, Pass pass, PassFormat format) {
    return settings_.times.of(pass, format, layer.work * layer.rows);
  };
  double total = 0;
  for (const LayerMeasurement& layer : measured) total += 3 * layer.work * layer.rows;
  std::vector<Item> items;
  std::vector<std::vector<Option>> options;
  for (const LayerMeasurement& layer : measured)
    for (const Pass pass : {Pass::forward, Pass::backward}) {
      Item item{&layer, pass, {}};
      std::vector<Option> of_item;
      const double share = total > 0 ? pass_work(layer, pass) / total : 0;
      for (const PassFormat format : kChoices) {
        if (!allowed(layer, pass, format)) continue;
        item.formats.push_back(format);
        const auto of_errors = cells_of(share * pass_error(layer, pass, format), settings_.error_budget, kCells);
        const auto of_loss = cells_of(loss_change(layer, pass, format), settings_.loss_budget, kCells);
        of_item.push_back({share * time(layer, pass, format), std::max(of_errors, of_loss)});
      }
      items.push_back(std::move(item));
      options.push_back(std::move(of_item));
    }
  const auto chosen = choose_options(options, kCells);
  std::vector<Change> up, down;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    const auto pass = static_cast<std::size_t>(item.pass);
    const std::size_t layer = item.measured->layer;
    const PassFormat from = now[layer][pass], to = chosen ? item.formats[(*chosen)[i]] : PassFormat::stream;
    int& votes = votes_[layer][pass];
    if (to == from) {
      votes = 0;
      continue;
    }
    const double before = pass_error(*item.measured, item.pass, from),
                 after = pass_error(*item.measured, item.pass, to);
    const bool goes_up = after < before || !allowed(*item.measured, item.pass, from);
    votes = goes_up ? 0 : votes + 1;
    if (!goes_up && votes < kVotesDown) continue;
    Change change{layer, item.pass, from, to, {}, told(*item.measured, item.pass, to)};
    change.reason = fmt::format(
        "error {:.2e} becomes {:.2e}, change of the loss {:.2e} becomes {:.2e}, time {:.2f} "
        "becomes {:.2f}, budget {:g} and {:g} of the loss",
        before, after, loss_change(*item.measured, item.pass, from), loss_change(*item.measured, item.pass, to),
        time(*item.measured, item.pass, from), time(*item.measured, item.pass, to), settings_.error_budget,
        settings_.loss_budget);
    (goes_up ? up : down).push_back(std::move(change));
  }
  const auto saving = [&](const Change& change) {
    const auto found = std::ranges::find(measured, change.layer, &LayerMeasurement::layer);
    return pass_work(*found, change.pass) *
           (time(*found, change.pass, change.from) - time(*found, change.pass, change.to));
  };
  std::ranges::stable_sort(down, [&](const Change& a, const Change& b) { return saving(a) > saving(b); });
  std::vector<Change> due = std::move(up);
  due.insert(due.end(), std::make_move_iterator(down.begin()), std::make_move_iterator(down.end()));
  // The limit is of layers: both passes of one may change together.
  const auto limit =
      std::max<std::size_t>(1, static_cast<std::size_t>(kShareOfLayers * static_cast<double>(now.size())));
  std::vector<std::size_t> layers;
  std::erase_if(due, [&](const Change& change) {
    if (std::ranges::find(layers, change.layer) != layers.end()) return false;
    if (layers.size() == limit) return true;
    layers.push_back(change.layer);
    return false;
  });
  for (const Change& change : due) votes_[change.layer][static_cast<std::size_t>(change.pass)] = 0;
  return due;
}

namespace {

constexpr double kMemory = 0.98;
constexpr std::int64_t kLossesBeforeJudging = 20;
constexpr double kLeastDeviation = 0.01;  // of the mean: a loss that hardly moves is no reason for alarm

}  // namespace

double SpikeDetector::deviations(double loss) const noexcept {
  if (state_.count < kLossesBeforeJudging) return 0;
  const double deviation = std::max(std::sqrt(state_.variance), kLeastDeviation * std::abs(state_.mean));
  return deviation > 0 ? (loss - state_.mean) / deviation : 0;
}

void SpikeDetector::count(double loss) noexcept {
  const double weight = std::max(1 - kMemory, 1.0 / static_cast<double>(state_.count + 1));
  const double away = loss - state_.mean;
  state_.mean += weight * away;
  state_.variance = (1 - weight) * (state_.variance + weight * away * away);
  ++state_.count;
}

}  // namespace athanor::precision
