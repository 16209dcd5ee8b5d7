// Events as JSON, one object on one line: {"time_ns":…,"event":"metric_samples","step":…,…}. Pure; throws nothing.
#pragma once

#include "core/journal/event.h"

#include <string>
#include <string_view>

namespace athanor::journal {

// Numbers that are not finite become the texts "nan", "inf" and "-inf".
[[nodiscard]] std::string to_json(const Event& event);

// "state_changed", "metric_samples", …
[[nodiscard]] std::string_view event_name(const Payload& payload) noexcept;
[[nodiscard]] std::string_view to_string(RunState state) noexcept;
[[nodiscard]] std::string_view to_string(SpanKind kind) noexcept;
[[nodiscard]] std::string_view to_string(Severity severity) noexcept;

}  // namespace athanor::journal
