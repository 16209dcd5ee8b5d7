// Sweeps as text.
#include "core/recipe/sweep.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>

namespace athanor::recipe {
namespace {

constexpr double kDecade = 10;  // from here on a range is logarithmic unless it is said otherwise
constexpr int kMostPoints = 10'000;
constexpr int kLargestEta = 100;

tl::unexpected<Error> refuse(std::string cause, std::string remedy = "see athanor-agent sweep --help") {
  return fail(ErrorKind::invalid_input, "understand the sweep", std::move(cause), std::move(remedy));
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(at);
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

Result<SweepAxis> refuse_axis(const SweepAxis& axis, const std::string& reason) {
  return refuse(axis.path + ": " + reason);
}

Result<SweepAxis> range_of(SweepAxis axis, const std::vector<std::string_view>& parts) {
  const auto dots = parts.front().find("..");
  const auto low = number_of<double>(parts.front().substr(0, dots));
  const auto high = number_of<double>(parts.front().substr(dots + 2));
  if (!low || !high || !std::isfinite(*low) || !std::isfinite(*high) || *low >= *high)
    return refuse_axis(axis, fmt::format("'{}' is no range from a lower to a higher number", parts.front()));
  axis.low = *low;
  axis.high = *high;
  axis.spacing = *low > 0 && *high / *low >= kDecade ? Spacing::logarithmic : Spacing::linear;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto count = number_of<int>(parts[i]);
    if (parts[i] == "log") {
      axis.spacing = Spacing::logarithmic;
    } else if (parts[i] == "linear") {
      axis.spacing = Spacing::linear;
    } else if (count && *count >= 2 && *count <= kMostPoints) {
      axis.count = *count;
    } else {
      return refuse_axis(axis, fmt::format("'{}' is neither log nor linear nor a count from 2 on", parts[i]));
    }
  }
  if (axis.spacing == Spacing::logarithmic && axis.low <= 0)
    return refuse_axis(axis, "a range that is spaced by factors begins above 0");
  return axis;
}

}  // namespace

Result<SweepAxis> parse_axis(std::string_view text) {
  const auto equals = text.find('=');
  SweepAxis axis;
  axis.path = trimmed(text.substr(0, equals));
  if (equals == std::string_view::npos) return refuse_axis(axis, "must be written as path=values");
  const Field* field = find_field(axis.path);
  if (field == nullptr) return refuse_axis(axis, unknown_key(axis.path));
  const bool is_number = field->type == FieldType::integer || field->type == FieldType::real;
  if (!is_number && field->type != FieldType::choice && field->type != FieldType::boolean)
    return refuse_axis(axis, "only numbers and choices can vary");
  const auto parts = split(text.substr(equals + 1), ',');
  if (parts.front().find("..") != std::string_view::npos) {
    if (!is_number) return refuse_axis(axis, "it has no range: list its values");
    return range_of(std::move(axis), parts);
  }
  for (const std::string_view part : parts) {
    if (const auto value = parse_value(*field, part); !value) return refuse_axis(axis, value.error().cause);
    axis.values.emplace_back(part);
  }
  return axis;
}

Result<Objective> parse_objective(std::string_view text) {
  const auto parts = split(text, ',');
  const bool has_both = parts.size() == 2 && !parts[0].empty() && (parts[1] == "max" || parts[1] == "min");
  if (!has_both)
    return refuse(fmt::format("'{}' is no figure and the end of it that is best", text), "write it as eval/t2i_r1,max");
  return Objective{std::string(parts[0]), parts[1] == "max"};
}

Result<void> parse_halving(std::string_view text, SweepPlan& plan) {
  Halving halving;
  std::string metric = plan.objective.metric;
  bool is_largest_best = plan.objective.is_largest_best;
  for (const std::string_view part : split(text, ',')) {
    const auto equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    const auto number = number_of<std::int64_t>(value);
    if (name == "eta" && number && *number >= 2 && *number <= kLargestEta) {
      halving.eta = static_cast<int>(*number);
    } else if (name == "min_steps" && number && *number >= 1) {
      halving.min_steps = *number;
    } else if (name == "metric" && !value.empty()) {
      metric = value;
    } else if (part == "max" || part == "min") {
      is_largest_best = part == "max";
    } else {
      return refuse(fmt::format("halving: '{}' is not understood", part),
                    "write it as eta=3,min_steps=100,metric=eval/t2i_r1,max");
    }
  }
  if (halving.min_steps == 0)
    return refuse("halving: after how many steps trials are first told apart is not said", "write min_steps=100");
  plan.halving = halving;
  plan.objective = {metric, is_largest_best};
  return {};
}

std::string to_text(const SweepPlan& plan) {
  std::string text;
  for (const SweepAxis& axis : plan.axes) {
    text += "over " + axis.path + "=";
    if (!axis.values.empty()) {
      text += fmt::format("{}", fmt::join(axis.values, ","));
    } else {
      text += fmt::format("{}..{},{}", axis.low, axis.high, axis.spacing == Spacing::linear ? "linear" : "log");
      if (axis.count > 0) text += fmt::format(",{}", axis.count);
    }
    text += "\n";
  }
  if (plan.random > 0) text += fmt::format("random {}\nseed {}\n", plan.random, plan.seed);
  if (plan.halving) text += fmt::format("halving eta={},min_steps={}\n", plan.halving->eta, plan.halving->min_steps);
  return text + fmt::format("metric {},{}\n", plan.objective.metric, plan.objective.is_largest_best ? "max" : "min");
}

Result<SweepPlan> parse_sweep(std::string_view text) {
  SweepPlan plan;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty()) continue;
    const auto space = line.find(' ');
    const std::string_view what = line.substr(0, space);
    const std::string_view rest = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
    if (what == "over") {
      auto axis = parse_axis(rest);
      if (!axis) return tl::unexpected(axis.error());
      plan.axes.push_back(std::move(*axis));
    } else if (what == "halving") {
      if (auto read = parse_halving(rest, plan); !read) return tl::unexpected(read.error());
    } else if (what == "metric") {
      auto objective = parse_objective(rest);
      if (!objective) return tl::unexpected(objective.error());
      plan.objective = std::move(*objective);
    } else if (const auto number = number_of<int>(rest); what == "random" && number && *number > 0) {
      plan.random = *number;
    } else if (const auto seed = number_of<std::uint64_t>(rest); what == "seed" && seed) {
      plan.seed = *seed;
    } else {
      return refuse(fmt::format("'{}' is not understood", line.substr(0, 80)));
    }
  }
  return plan;
}

}  // namespace athanor::recipe
