#include "core/alerts/rule.h"

#include <nlohmann/json.hpp>

namespace athanor::alerts {

using Json = nlohmann::json;

std::string to_text(const Rule& rule) {
  const Json json = {{"name", rule.name},
                     {"kind", row_of(rule.kind).name},
                     {"metric", rule.metric},
                     {"condition", rule.condition},
                     {"metrics", rule.metrics},
                     {"bound", rule.bound},
                     {"window", rule.window},
                     {"raise_after", rule.raise_after},
                     {"clear_after", rule.clear_after},
                     {"more_is_better", rule.more_is_better},
                     {"action", to_string(rule.action)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Rule> rule_from(std::string_view text) {
  try {
    const auto json = Json::parse(text);
    const auto kind = kind_named(json.at("kind").get<std::string>());
    if (!kind) return tl::unexpected(kind.error());
    const auto action = action_named(json.value("action", to_string(Action::notify)));
    if (!action) return tl::unexpected(action.error());
    Rule rule = defaults_of(*kind);
    rule.name = json.at("name").get<std::string>();
    rule.metric = json.value("metric", rule.metric);
    rule.condition = json.value("condition", "");
    rule.metrics = json.value("metrics", rule.metrics);
    rule.bound = json.value("bound", rule.bound);
    rule.window = json.value("window", rule.window);
    rule.raise_after = json.value("raise_after", rule.raise_after);
    rule.clear_after = json.value("clear_after", rule.clear_after);
    rule.more_is_better = json.value("more_is_better", false);
    rule.action = *action;
    return rule;
  } catch (const Json::exception& exception) {
    return fail(ErrorKind::corrupt, "read an alert rule", exception.what());
  }
}

}  // namespace athanor::alerts
