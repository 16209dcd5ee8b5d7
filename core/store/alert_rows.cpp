#include "core/store/alert_rows.h"

#include "core/store/database.h"
#include "core/store/writer.h"

namespace athanor::store {
namespace {

#define ATH_SELECT_ALERTS "SELECT id, run, rule, added_ns, removed_ns FROM alert_rule "

std::vector<AlertRule> rules_of(SQLite::Statement& query) {
  std::vector<AlertRule> rules;
  while (query.executeStep()) {
    AlertRule& rule = rules.emplace_back();
    rule.id = query.getColumn(0).getInt64();
    if (!query.getColumn(1).isNull()) rule.run = query.getColumn(1).getInt64();
    rule.rule = text_of(query, 2);
    rule.added_ns = query.getColumn(3).getInt64();
    if (!query.getColumn(4).isNull()) rule.removed_ns = query.getColumn(4).getInt64();
  }
  return rules;
}

}  // namespace

std::vector<AlertRule> read_alert_rules(Connection& connection, RunId run) {
  auto& query = connection.statement(ATH_SELECT_ALERTS "WHERE run IS NULL OR run = ? ORDER BY id");
  query.bind(1, run);
  return rules_of(query);
}

std::vector<AlertRule> read_alert_rules(Connection& connection) {
  return rules_of(connection.statement(ATH_SELECT_ALERTS "WHERE removed_ns IS NULL ORDER BY id"));
}

AlertState read_alert_state(Connection& connection, RunId run) {
  auto& query = connection.statement("SELECT state, due FROM alert_state WHERE run = ?");
  query.bind(1, run);
  if (!query.executeStep()) return {};
  return {text_of(query, 0), text_of(query, 1)};
}

void write_alert_state(Connection& connection, const Stretch& stretch) {
  if (stretch.alert_state) {
    auto& update = connection.statement(
        "INSERT INTO alert_state (run, state) VALUES (?1, ?2) ON CONFLICT (run) DO UPDATE SET state = ?2");
    SQLite::bind(update, stretch.run, *stretch.alert_state);
    update.exec();
  }
  if (stretch.alert_due) {
    auto& update = connection.statement(
        "INSERT INTO alert_state (run, due) VALUES (?1, ?2) ON CONFLICT (run) DO UPDATE SET due = ?2");
    SQLite::bind(update, stretch.run, *stretch.alert_due);
    update.exec();
  }
}

}  // namespace athanor::store
