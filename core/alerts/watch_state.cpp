// The state of a watch as text: one JSON object.
#include "core/alerts/watch_each.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

namespace athanor::alerts {
namespace {

using Json = nlohmann::json;

Json to_json(double value) {
  if (std::isfinite(value)) return value;
  if (std::isnan(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

double number_from(const Json& json) {
  if (json.is_number()) return json.get<double>();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto text = json.get<std::string>();
  if (text == "inf") return kInfinity;
  return text == "-inf" ? -kInfinity : std::numeric_limits<double>::quiet_NaN();
}

Json to_json(const Window& window) {
  Json points = Json::array();
  for (const Point& point : window.points()) points.push_back({point.step, to_json(point.value)});
  return points;
}

void fill(Window& window, const Json& points) {
  for (const Json& point : points) window.add({point.at(0).get<std::int64_t>(), number_from(point.at(1))});
}

}  // namespace

std::string Watch::state() const {
  Json rules = Json::object();
  for (const auto& each : rules_) {
    Json json = {{"beyond", each->beyond},         {"within", each->within},       {"raised", each->raised},
                 {"began_step", each->began_step}, {"last_step", each->last_step}, {"heard_ns", each->heard_ns}};
    if (!each->window.points().empty()) json["points"] = to_json(each->window);
    if (each->condition)
      for (const auto& [name, window] : each->condition->windows()) json["windows"][name] = to_json(window);
    rules[std::to_string(each->active.id)] = std::move(json);
  }
  return Json{{"rules", std::move(rules)}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void Watch::restore(std::string_view state) {
  const auto json = Json::parse(state, nullptr, false);
  if (!json.is_object()) return;
  try {
    for (const auto& each : rules_) {
      const auto found = json.at("rules").find(std::to_string(each->active.id));
      if (found == json.at("rules").end()) continue;
      each->beyond = found->at("beyond").get<int>();
      each->within = found->at("within").get<int>();
      each->raised = found->at("raised").get<bool>();
      each->began_step = found->at("began_step").get<std::int64_t>();
      each->last_step = found->at("last_step").get<std::int64_t>();
      each->heard_ns = found->at("heard_ns").get<std::int64_t>();
      if (const auto points = found->find("points"); points != found->end()) fill(each->window, *points);
      const auto windows = found->find("windows");
      if (!each->condition || windows == found->end()) continue;
      for (auto& [name, window] : each->condition->windows())
        if (const auto points = windows->find(name); points != windows->end()) fill(window, *points);
    }
  } catch (const Json::exception&) {
    for (auto& each : rules_) each = std::make_unique<Each>(std::move(each->active));
  }
}

}  // namespace athanor::alerts
