#include "core/agent/alerting.h"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace athanor::agent {
namespace {

using Json = nlohmann::json;

journal::Event event_of(const alerts::Told& told, std::int64_t anchor_ns) {
  journal::Alert alert;
  alert.severity = !told.raised                          ? journal::Severity::info
                   : told.rule.kind == alerts::Kind::nan ? journal::Severity::error
                                                         : journal::Severity::warning;
  alert.step = told.step;
  alert.rule = std::string(kAlertRules) + told.rule.name;
  alert.text = told.text;
  return {told.time_ns - anchor_ns, std::move(alert)};
}

void take(alerts::Watch& watch, const journal::MetricRows& rows, std::int64_t anchor_ns,
          std::vector<alerts::Told>& told) {
  watch.take({*rows.names, rows.steps, rows.times_ns, rows.values, anchor_ns}, told);
}

void take(alerts::Watch& watch, const journal::Event& event, std::int64_t anchor_ns) {
  const auto* change = std::get_if<journal::StateChanged>(&event.payload);
  if (change == nullptr) return;
  if (change->state == journal::RunState::running)
    watch.goes_on(anchor_ns + event.time_ns);
  else
    watch.has_ended();
}

}  // namespace

std::string to_text(const AlertDue& due) {
  return Json{{"action", alerts::to_string(due.action)}, {"step", due.step}, {"text", due.text}}.dump(
      -1, ' ', false, Json::error_handler_t::replace);
}

std::optional<AlertDue> due_from(std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  try {
    const auto action = alerts::action_named(json.at("action").get<std::string>());
    if (!action) return std::nullopt;
    return AlertDue{*action, json.at("step").get<std::int64_t>(), json.at("text").get<std::string>()};
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::vector<alerts::ActiveRule> active_rules(const std::vector<store::AlertRule>& rows) {
  std::vector<alerts::ActiveRule> rules;
  for (const store::AlertRule& row : rows) {
    auto rule = alerts::rule_from(row.rule);
    if (rule)
      if (auto good = alerts::check(*rule); !good) rule = tl::unexpected(good.error());
    if (!rule) {
      spdlog::warn("Alert rule {}: {}", row.id, rule.error().message());
      continue;
    }
    alerts::ActiveRule& active = rules.emplace_back();
    active.id = row.id;
    active.rule = std::move(*rule);
    active.from_ns = row.added_ns;
    if (row.removed_ns) active.until_ns = *row.removed_ns;
  }
  return rules;
}

// Whether there is any rule.
Result<bool> Alerting::load(store::Writer& writer) {
  if (!watch_ || version_ != writer.alert_version()) {
    const auto rows = writer.alert_rules(run_);
    if (!rows) return tl::unexpected(rows.error());
    if (!watch_) {
      auto state = writer.alert_state(run_);
      if (!state) return tl::unexpected(state.error());
      kept_ = std::move(state->state);
    }
    watch_.emplace(active_rules(*rows), kept_);
    version_ = writer.alert_version();
  }
  return !watch_->is_empty();
}

Result<void> Alerting::keep(store::Writer& writer, const std::vector<alerts::Told>& told, store::Stretch& stretch,
                            bool may_act) {
  std::string state = watch_->state();
  if (state != kept_) {
    kept_ = std::move(state);
    stretch.alert_state = kept_;
  }
  if (!may_act) return {};
  const auto before = writer.alert_state(run_);
  if (!before) return tl::unexpected(before.error());
  std::optional<AlertDue> due = due_from(before->due);
  for (const alerts::Told& each : told) {
    if (!each.raised || each.rule.action <= (due ? due->action : alerts::Action::notify)) continue;
    due = {each.rule.action, each.began_step, each.text};
    stretch.alert_due = to_text(*due);
  }
  return {};
}

Result<bool> Alerting::look(store::Writer& writer, journal::Batch& batch, store::Stretch& stretch, bool may_act) {
  const auto any = load(writer);
  if (!any || !*any) return any;
  std::vector<alerts::Told> told;
  std::size_t next = 0;
  const auto take_rows = [&](std::size_t event) {
    for (; next < batch.rows.size() && batch.rows[next].before <= event; ++next)
      take(*watch_, batch.rows[next], batch.anchor_wall_ns, told);
  };
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    take_rows(i);
    take(*watch_, batch.events[i], batch.anchor_wall_ns);
  }
  take_rows(batch.events.size());
  for (const alerts::Told& each : told) batch.events.push_back(event_of(each, batch.anchor_wall_ns));
  if (auto kept = keep(writer, told, stretch, may_act); !kept) {
    forget();
    return tl::unexpected(kept.error());
  }
  return stretch.alert_due.has_value();
}

Result<bool> Alerting::look_at_clock(store::Writer& writer, std::int64_t now_ns) {
  const auto any = load(writer);
  if (!any || !*any) return any;
  std::vector<alerts::Told> told;
  watch_->look_at_clock(now_ns, told);
  if (told.empty()) return false;
  const auto offset = writer.offset(run_, 0);
  if (!offset) return tl::unexpected(offset.error());
  std::vector<journal::Event> events;
  for (const alerts::Told& each : told) events.push_back(event_of(each, 0));
  store::Stretch stretch{run_, 0, *offset, *offset, 0, events};
  auto kept = keep(writer, told, stretch, true);
  if (kept) kept = writer.ingest(stretch).map([](const store::Touched&) {});
  if (kept) return true;
  forget();
  return tl::unexpected(kept.error());
}

}  // namespace athanor::agent
