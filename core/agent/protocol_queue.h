// The queue and sweeps as agent and client say them to each other; see protocol.h.
#pragma once

#include "core/agent/client.h"

#include <nlohmann/json_fwd.hpp>

#include <string_view>

namespace athanor::agent {

[[nodiscard]] std::string_view to_string(Why why);

[[nodiscard]] nlohmann::json to_json(const Enqueue& request);
[[nodiscard]] Enqueue enqueue_from(const nlohmann::json& json);
[[nodiscard]] nlohmann::json to_json(const store::QueueSettings& settings);
[[nodiscard]] store::QueueSettings settings_from(const nlohmann::json& json);
[[nodiscard]] nlohmann::json to_json(const QueueEntry& entry);
[[nodiscard]] QueueEntry entry_from(const nlohmann::json& json);
[[nodiscard]] nlohmann::json to_json(const QueueView& view);
[[nodiscard]] QueueView view_from(const nlohmann::json& json);
[[nodiscard]] nlohmann::json to_json(const SweepView& view);
[[nodiscard]] SweepView sweep_from(const nlohmann::json& json);
[[nodiscard]] std::string_view to_string(store::Spot spot);
// Throws Failure(invalid_input).
[[nodiscard]] store::Spot spot_from(std::string_view name);

}  // namespace athanor::agent
