#include "core/alerts/rule.h"

#include "core/alerts/condition.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace athanor::alerts {
namespace {

constexpr const char* kIntention = "take an alert rule";

constexpr std::array<KindRow, 6> kKinds = {{
    {Kind::nan, "nan", "train/loss", nullptr, 0, 0, 0, 0, 1, 10},
    {Kind::spike, "spike", "train/loss", "times the usual spread above the median of the window", 6, 0, 50, 8, 2, 10},
    {Kind::plateau, "plateau", "train/loss", "share by which the newer half of the window must be better", 0.001, 0,
     200, 8, 20, 20},
    {Kind::drop, "drop", "train/samples_per_s", "share of the median of the window", 0.7, 0, 50, 8, 5, 10},
    {Kind::stall, "stall", "", "seconds without a point", 300, 0.001, 0, 0, 1, 1},
    {Kind::condition, "condition", nullptr, nullptr, 0, 0, 50, 1, 1, 1},
}};
constexpr std::array<const char*, 4> kActions = {"notify", "pause", "roll-back", "stop"};

bool is_name(std::string_view name) {
  constexpr std::size_t kLongest = 60;
  const auto good = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > ' ' && byte != 0x7f && c != '"' && c != '\'';
  };
  return !name.empty() && name.size() <= kLongest && std::ranges::all_of(name, good);
}

void check_numbers(const Rule& rule, std::vector<std::string>& faults) {
  const KindRow& row = row_of(rule.kind);
  if (row.bound_help != nullptr && !(std::isfinite(rule.bound) && rule.bound >= row.least_bound))
    faults.push_back(fmt::format("the bound must be a number of at least {}, not {}", row.least_bound, rule.bound));
  if (row.window > 0 && (rule.window < row.least_window || rule.window > kMostWindow))
    faults.push_back(
        fmt::format("the window must have {} to {} points, not {}", row.least_window, kMostWindow, rule.window));
  for (const auto& [what, points] : {std::pair("raised", rule.raise_after), std::pair("cleared", rule.clear_after)})
    if (points < 1 || points > kMostPoints)
      faults.push_back(fmt::format("it must be {} after 1 to {} points, not {}", what, kMostPoints, points));
}

}  // namespace

std::span<const KindRow> kinds() noexcept { return kKinds; }

const KindRow& row_of(Kind kind) noexcept { return kKinds.at(static_cast<std::size_t>(kind)); }

const char* to_string(Action action) noexcept { return kActions.at(static_cast<std::size_t>(action)); }

Result<Kind> kind_named(std::string_view name) {
  const auto found = std::ranges::find(kKinds, name, &KindRow::name);
  if (found != kKinds.end()) return found->kind;
  return fail(ErrorKind::invalid_input, kIntention, fmt::format("there is no kind \"{}\"", name),
              "take one of nan, spike, plateau, drop, stall, condition");
}

Result<Action> action_named(std::string_view name) {
  const auto found = std::ranges::find(kActions, name);
  if (found != kActions.end()) return static_cast<Action>(found - kActions.begin());
  return fail(ErrorKind::invalid_input, kIntention, fmt::format("there is no action \"{}\"", name),
              "take one of notify, pause, roll-back, stop");
}

Rule defaults_of(Kind kind) {
  const KindRow& row = row_of(kind);
  Rule rule;
  rule.kind = kind;
  rule.metric = row.metric != nullptr ? row.metric : "";
  rule.bound = row.bound;
  rule.window = row.window;
  rule.raise_after = row.raise_after;
  rule.clear_after = row.clear_after;
  return rule;
}

Result<void> check(const Rule& rule) {
  std::vector<std::string> faults;
  if (!is_name(rule.name)) faults.emplace_back("its name must be 1 to 60 characters without spaces and quotes");
  const bool needs_metric = rule.kind != Kind::condition && rule.kind != Kind::stall;
  if (needs_metric && rule.metric.empty()) faults.emplace_back("it names no metric");
  if (rule.kind == Kind::condition && !rule.metric.empty()) faults.emplace_back("a condition names its metrics itself");
  if (rule.kind != Kind::condition && !rule.condition.empty())
    faults.push_back(fmt::format("only rules of kind condition have one, not {}", row_of(rule.kind).name));
  check_numbers(rule, faults);
  if (rule.kind == Kind::condition) {
    if (rule.condition.empty())
      faults.emplace_back("it has no condition");
    else if (!Condition::bind(rule.condition, std::max(1, rule.window), rule.metrics))
      faults.push_back(fmt::format("\"{}\" is no condition over its metrics", rule.condition));
  }
  if (faults.empty()) return {};
  std::string all;
  for (const std::string& fault : faults) all += (all.empty() ? "" : "; ") + fault;
  return fail(ErrorKind::invalid_input, kIntention, all, "see athanor-agent alert add --help");
}

std::string in_words(const Rule& rule) {
  const KindRow& row = row_of(rule.kind);
  std::string text = row.name;
  if (rule.kind == Kind::condition) text = "when " + rule.condition;
  if (!rule.metric.empty()) text += " of " + rule.metric;
  if (row.bound_help != nullptr) text += fmt::format(", bound {:.6g}", rule.bound);
  if (row.window > 0) text += fmt::format(", window {}", rule.window);
  if (rule.more_is_better) text += ", more is better";
  return text + fmt::format(", raised after {}, cleared after {}: {}", rule.raise_after, rule.clear_after,
                            to_string(rule.action));
}

}  // namespace athanor::alerts
