// Alert rules.
#include "core/agent/client_state.h"

#include <nlohmann/json.hpp>

namespace athanor::agent {

using Json = nlohmann::json;

Result<void> Client::add_alert(std::optional<store::RunId> run, const alerts::Rule& rule) {
  return state_->tell({{"do", "add_alert"}, {"run", run.value_or(0)}, {"rule", alerts::to_text(rule)}});
}

Result<void> Client::remove_alert(std::optional<store::RunId> run, const std::string& name) {
  return state_->tell({{"do", "remove_alert"}, {"run", run.value_or(0)}, {"name", name}});
}

Result<std::vector<Client::AlertRule>> Client::alerts() {
  const auto reply = state_->ask({{"do", "alerts"}});
  if (!reply) return tl::unexpected(reply.error());
  std::vector<AlertRule> rules;
  for (const Json& each : reply->value("rules", Json::array())) {
    auto rule = alerts::rule_from(each.value("rule", ""));
    if (!rule) return tl::unexpected(rule.error());
    const store::RunId run = each.value("run", store::RunId{0});
    rules.push_back(
        {run == 0 ? std::nullopt : std::optional(run), std::move(*rule), each.value("added_ns", std::int64_t{0})});
  }
  return rules;
}

}  // namespace athanor::agent
