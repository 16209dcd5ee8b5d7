// Alert rules, from a terminal.
#include "core/agent/commands.h"
#include "core/base/command_line.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace athanor::agent {
namespace {

constexpr const char* kColumns = "{:>5}  {:<20} {}";

// Of all runs where none is named.
Result<std::optional<store::RunId>> scope_of(Client& client, const CommandLine& line) {
  if (line.run.empty()) return std::optional<store::RunId>();
  return find_run(client.list(), line.run).map([](store::RunId run) { return std::optional(run); });
}

Result<alerts::Rule> rule_of(const AlertWords& words) {
  const auto kind = alerts::kind_named(words.kind);
  if (!kind) return tl::unexpected(kind.error());
  const auto action = alerts::action_named(words.action);
  if (!action) return tl::unexpected(action.error());
  alerts::Rule rule = alerts::defaults_of(*kind);
  rule.name = words.name;
  rule.condition = words.when;
  rule.action = *action;
  rule.more_is_better = words.more_is_better;
  if (words.metric) rule.metric = *words.metric;
  if (words.bound) rule.bound = *words.bound;
  if (words.window) rule.window = *words.window;
  if (words.raise_after) rule.raise_after = *words.raise_after;
  if (words.clear_after) rule.clear_after = *words.clear_after;
  if (rule.kind == alerts::Kind::condition) return rule;  // the agent knows the metrics
  if (auto good = alerts::check(rule); !good) return tl::unexpected(good.error());
  return rule;
}

}  // namespace

int run_alert_add(Client& client, const CommandLine& line) {
  const auto rule = rule_of(line.alert);
  if (!rule) return refuse(rule.error());
  const auto scope = scope_of(client, line);
  if (!scope) return refuse(scope.error());
  return acknowledge(client.add_alert(*scope, *rule));
}

int run_alert_remove(Client& client, const CommandLine& line) {
  const auto scope = scope_of(client, line);
  if (!scope) return refuse(scope.error());
  return acknowledge(client.remove_alert(*scope, line.alert.name));
}

int run_alert_list(Client& client) {
  const auto rules = client.alerts();
  if (!rules) return refuse(rules.error());
  if (wants_json()) {
    nlohmann::json out = {{"rules", nlohmann::json::array()}};
    for (const Client::AlertRule& each : *rules) {
      auto json = nlohmann::json::parse(alerts::to_text(each.rule));
      json["run"] = each.run ? nlohmann::json(*each.run) : nlohmann::json(nullptr);
      json["added_ns"] = each.added_ns;
      out["rules"].push_back(std::move(json));
    }
    print(out);
    return 0;
  }
  std::string text = fmt::format(fmt::runtime(kColumns), "run", "name", "rule");
  for (const Client::AlertRule& each : *rules)
    text += "\n" + fmt::format(fmt::runtime(kColumns), each.run ? std::to_string(*each.run) : "all", each.rule.name,
                               alerts::in_words(each.rule));
  print_line(text);
  return 0;
}

}  // namespace athanor::agent
