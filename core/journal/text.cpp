#include "core/journal/text.h"

#include "core/journal/fields.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>

namespace athanor::journal {
namespace {

using Json = nlohmann::ordered_json;

template <std::size_t N>
std::string_view name_at(const std::array<std::string_view, N>& names, std::size_t index) {
  return index < N ? names[index] : std::string_view("unknown");
}

struct JsonArchive {
  Json& out;

  template <class T>
  void operator()(const char* name, const T& value) {
    out[name] = convert(value);
  }
  static Json convert(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    return value;
  }
  static Json convert(bool value) { return value; }
  static Json convert(std::int32_t value) { return value; }
  static Json convert(std::int64_t value) { return value; }
  static Json convert(const std::string& value) { return value; }
  template <class T>
  requires std::is_enum_v<T>
  static Json convert(T value) { return std::string(to_string(value)); }
  static Json convert(const std::vector<std::pair<std::string, double>>& values) {
    Json object = Json::object();
    for (const auto& [name, value] : values) object[name] = convert(value);
    return object;
  }
  static Json convert(const std::vector<RetrievalHit>& hits) {
    Json list = Json::array();
    for (const RetrievalHit& hit : hits) {
      Json object;
      JsonArchive nested{object};
      visit_fields(nested, hit);
      list.push_back(std::move(object));
    }
    return list;
  }
};

}  // namespace

std::string to_json(const Event& event) {
  Json object;
  object["time_ns"] = event.time_ns;
  object["event"] = std::string(event_name(event.payload));
  JsonArchive archive{object};
  std::visit([&](const auto& value) { visit_fields(archive, value); }, event.payload);
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string_view event_name(const Payload& payload) noexcept {
  static constexpr std::array<std::string_view, std::variant_size_v<Payload>> kNames = {"state_changed",
                                                                                        "metric_samples",
                                                                                        "span",
                                                                                        "device_sample",
                                                                                        "retrieval_sample",
                                                                                        "evaluation",
                                                                                        "checkpoint_written",
                                                                                        "precision_decision",
                                                                                        "prediction_made",
                                                                                        "prediction_checked",
                                                                                        "alert",
                                                                                        "fault_seen",
                                                                                        "recovery",
                                                                                        "log_line",
                                                                                        "precision_change",
                                                                                        "straggler_seen",
                                                                                        "work_shifted"};
  return name_at(kNames, payload.index());
}

std::string_view to_string(RunState state) noexcept {
  static constexpr std::array<std::string_view, 6> kNames = {"preparing", "running", "stopping",
                                                             "finished",  "stopped", "failed"};
  return name_at(kNames, static_cast<std::size_t>(state));
}

std::string_view to_string(SpanKind kind) noexcept {
  static constexpr std::array<std::string_view, 13> kNames = {
      "data",   "forward",   "backward", "input_gradient", "weight_gradient", "send", "receive",
      "reduce", "optimizer", "evaluate", "checkpoint",     "offload",         "idle"};
  return name_at(kNames, static_cast<std::size_t>(kind));
}

std::string_view to_string(Severity severity) noexcept {
  static constexpr std::array<std::string_view, 3> kNames = {"info", "warning", "error"};
  return name_at(kNames, static_cast<std::size_t>(severity));
}

}  // namespace athanor::journal
