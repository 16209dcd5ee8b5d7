#include "core/recipe/sweep.h"

#include "core/base/crc32c.h"
#include "kernels/base/philox.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace athanor::recipe {
namespace {

constexpr std::size_t kMostTrials = 10'000;
constexpr std::size_t kLongestName = 90;  // of the base, with room for a number

tl::unexpected<Error> refuse(std::string cause, std::string remedy = "see athanor-agent sweep --help") {
  return fail(ErrorKind::invalid_input, "make this sweep", std::move(cause), std::move(remedy));
}

const Field& field_of(const SweepAxis& axis) { return *find_field(axis.path); }

// Rounded to what a person reads at a glance.
std::string text_of(const Field& field, double value) {
  if (field.type == FieldType::integer) return fmt::format("{}", std::llround(value));
  return fmt::format("{:.4g}", value);
}

// In [0, 1), of one axis and trial alone: another axis changes none of its draws.
double uniform(const SweepPlan& plan, const SweepAxis& axis, std::size_t trial) {
  const std::uint32_t stream = crc32c(axis.path);
  const PhiloxBlock block = philox_at(plan.seed, 0, stream, trial);
  const std::uint64_t bits = (std::uint64_t{block.word[0]} << 32 | block.word[1]) >> 11;
  return static_cast<double>(bits) * 0x1p-53;
}

double between(const SweepAxis& axis, double share) {
  if (axis.spacing == Spacing::linear) return axis.low + share * (axis.high - axis.low);
  return axis.low * std::pow(axis.high / axis.low, share);
}

// Those of a grid. Integers that fall together are one.
std::vector<std::string> points_of(const SweepAxis& axis) {
  if (axis.count == 0) return axis.values;
  std::vector<std::string> points;
  for (int i = 0; i < axis.count; ++i) {
    const bool is_end = i == 0 || i == axis.count - 1;
    const double value = i == 0   ? axis.low
                         : is_end ? axis.high
                                  : between(axis, static_cast<double>(i) / (axis.count - 1));
    std::string text =
        is_end && field_of(axis).type == FieldType::real ? fmt::format("{}", value) : text_of(field_of(axis), value);
    if (points.empty() || points.back() != text) points.push_back(std::move(text));
  }
  return points;
}

std::string drawn(const SweepPlan& plan, const SweepAxis& axis, std::size_t trial) {
  const double share = uniform(plan, axis, trial);
  const auto points = points_of(axis);
  if (!points.empty()) return points[static_cast<std::size_t>(share * static_cast<double>(points.size()))];
  // Each whole number as likely as the next, also at the ends.
  if (field_of(axis).type == FieldType::integer && axis.spacing == Spacing::linear)
    return fmt::format("{}", std::llround(axis.low + std::floor(share * (axis.high - axis.low + 1))));
  return text_of(field_of(axis), std::clamp(between(axis, share), axis.low, axis.high));
}

// The values of each trial, by axis.
Result<std::vector<std::vector<std::string>>> combinations(const SweepPlan& plan) {
  std::vector<std::vector<std::string>> all;
  if (plan.random > 0) {
    for (std::size_t trial = 0; trial < static_cast<std::size_t>(plan.random); ++trial) {
      auto& values = all.emplace_back();
      for (const SweepAxis& axis : plan.axes) values.push_back(drawn(plan, axis, trial));
    }
    return all;
  }
  all.emplace_back();
  for (const SweepAxis& axis : plan.axes) {
    const auto points = points_of(axis);
    if (points.empty())
      return refuse(
          fmt::format("{}: a grid needs to know how many values of the range it takes", axis.path),
          fmt::format("write a count, as {}={:g}..{:g},5, or draw at random", axis.path, axis.low, axis.high));
    std::vector<std::vector<std::string>> longer;
    if (all.size() * points.size() > kMostTrials) return refuse(fmt::format("it has more than {} trials", kMostTrials));
    for (const auto& before : all) {
      for (const std::string& point : points) {
        longer.push_back(before);
        longer.back().push_back(point);
      }
    }
    all = std::move(longer);
  }
  return all;
}

Result<void> judge(const SweepPlan& plan) {
  if (plan.axes.empty()) return refuse("no field varies", "name one, as --over train.learning_rate=1e-4..1e-2,5");
  if (plan.random < 0 || static_cast<std::size_t>(plan.random) > kMostTrials)
    return refuse(fmt::format("it draws at most {} trials", kMostTrials));
  for (auto axis = plan.axes.begin(); axis != plan.axes.end(); ++axis) {
    if (find_field(axis->path) == nullptr) return refuse(axis->path + ": " + unknown_key(axis->path));
    if (axis->count < 0 || axis->count == 1) return refuse(axis->path + ": a range has at least two values");
    const auto same = [&](const SweepAxis& other) { return other.path == axis->path; };
    if (std::any_of(plan.axes.begin(), axis, same)) return refuse(axis->path + ": it varies twice", "name it once");
    if (plan.halving && axis->path == "train.steps")
      return refuse("train.steps: trials are told apart by what they know after as many steps", "leave it as it is");
  }
  return {};
}

// Whether a trial can be told from others on the first rung.
Result<void> judge_halving(const Recipe& recipe, const SweepPlan& plan) {
  if (!plan.halving) return {};
  const std::int64_t steps = recipe.integer("train.steps");
  if (plan.halving->min_steps >= steps)
    return refuse(fmt::format("min_steps={}: trials have {} steps in all", plan.halving->min_steps, steps),
                  "choose fewer, or more train.steps");
  const std::int64_t every = recipe.integer("eval.every_steps");
  const bool is_evaluated = every > 0 && every <= plan.halving->min_steps;
  if (plan.objective.metric.starts_with("eval/") && !is_evaluated)
    return refuse(fmt::format("{} is told by evaluations, of which there is none within the first {} steps",
                              plan.objective.metric, plan.halving->min_steps),
                  fmt::format("set eval.every_steps to {} or less", plan.halving->min_steps));
  return {};
}

// Of the base, between characters, so that a number fits behind it.
std::string shortened(const std::string& name) {
  if (name.size() <= kLongestName) return name;
  std::size_t end = kLongestName;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0U) == 0x80) --end;
  return name.substr(0, end);
}

}  // namespace

Result<std::vector<SweepTrial>> trials_of(const Recipe& base, const SweepPlan& plan) {
  if (auto judged = judge(plan); !judged) return tl::unexpected(judged.error());
  const auto all = combinations(plan);
  if (!all) return tl::unexpected(all.error());
  const auto width = fmt::formatted_size("{}", all->size());
  std::vector<SweepTrial> trials;
  for (const auto& values : *all) {
    SweepTrial trial{"", base};
    std::vector<Fault> faults;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::string assignment = plan.axes[i].path + "=" + values[i];
      trial.values += (i == 0 ? "" : " ") + assignment;
      if (auto fault = apply_override(trial.recipe, assignment)) faults.push_back(std::move(*fault));
    }
    if (faults.empty()) faults = validate(trial.recipe);
    if (!faults.empty())
      return refuse(to_string(faults, fmt::format("trial {} ({})", trials.size() + 1, trial.values)),
                    "choose other values, or change the recipe");
    if (auto judged = judge_halving(trial.recipe, plan); !judged) return tl::unexpected(judged.error());
    trial.recipe.set("run.name", fmt::format("{}-{:0{}}", shortened(base.text("run.name")), trials.size() + 1, width));
    trials.push_back(std::move(trial));
  }
  return trials;
}

std::vector<std::int64_t> rungs_of(const SweepPlan& plan, std::int64_t steps) {
  std::vector<std::int64_t> rungs;
  if (plan.halving) {
    for (std::int64_t step = plan.halving->min_steps; step > 0 && step < steps; step *= plan.halving->eta)
      rungs.push_back(step);
  }
  rungs.push_back(steps);
  return rungs;
}

std::size_t trials_on(const SweepPlan& plan, std::size_t trials, std::size_t rung) {
  if (!plan.halving) return trials;
  for (; rung > 0; --rung) trials = std::max<std::size_t>(1, trials / static_cast<std::size_t>(plan.halving->eta));
  return trials;
}

bool is_better(const Objective& objective, double a, double b) {
  if (!std::isfinite(a)) return false;
  if (!std::isfinite(b)) return true;
  return objective.is_largest_best ? a > b : a < b;
}

}  // namespace athanor::recipe
