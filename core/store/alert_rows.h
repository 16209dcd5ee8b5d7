// Rows of alerts as values. Used inside transactions; throws SQLite::Exception.
#pragma once

#include "core/store/alerts.h"

#include <vector>

namespace athanor::store {

class Connection;
struct Stretch;

// Those of all runs and of this one, also those that were removed, by number.
[[nodiscard]] std::vector<AlertRule> read_alert_rules(Connection& connection, RunId run);
// Those that hold now, of all runs and of each.
[[nodiscard]] std::vector<AlertRule> read_alert_rules(Connection& connection);
[[nodiscard]] AlertState read_alert_state(Connection& connection, RunId run);
// What the stretch says of alerts.
void write_alert_state(Connection& connection, const Stretch& stretch);

}  // namespace athanor::store
