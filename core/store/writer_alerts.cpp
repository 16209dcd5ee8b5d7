// Alert rules.
#include "core/store/alert_rows.h"
#include "core/store/writer_state.h"

namespace athanor::store {

Result<std::int64_t> Writer::add_alert(std::optional<RunId> run, const std::string& rule, std::int64_t when_ns) {
  return state_->durably("add an alert rule", [&] {
    if (run) (void)read_job(state_->connection, *run);
    auto& insert = state_->connection.statement("INSERT INTO alert_rule (run, rule, added_ns) VALUES (?, ?, ?)");
    if (run) insert.bind(1, *run);
    insert.bind(2, rule);
    insert.bind(3, when_ns);
    insert.exec();
    ++state_->alert_version;
    return state_->connection.database().getLastInsertRowid();
  });
}

Result<void> Writer::remove_alert(std::int64_t id, std::int64_t when_ns) {
  return state_->durably("remove an alert rule", [&] {
    state_->execute("UPDATE alert_rule SET removed_ns = ? WHERE id = ? AND removed_ns IS NULL", when_ns, id);
    ++state_->alert_version;
  });
}

Result<std::vector<AlertRule>> Writer::alert_rules(RunId run) {
  return state_->look("read the alert rules", [&] { return read_alert_rules(state_->connection, run); });
}

std::uint64_t Writer::alert_version() const { return state_->alert_version; }

Result<AlertState> Writer::alert_state(RunId run) {
  return state_->look("read what alerts have seen", [&] { return read_alert_state(state_->connection, run); });
}

Result<void> Writer::forget_alert_due(RunId run) {
  return state_->durably("note what an alert asked for",
                         [&] { state_->execute("UPDATE alert_state SET due = '' WHERE run = ?", run); });
}

Result<void> Writer::go_on_after_alert(RunId run, Launch launch, const std::string& held_for) {
  return state_->durably("put a run back into the queue", [&] {
    state_->to_front(run, launch);
    state_->execute(
        "UPDATE job SET unanswered = 0, cores = 0, devices = '', not_before_ns = 0, hold = ?, hold_reason = ? "
        "WHERE run = ?",
        static_cast<int>(held_for.empty() ? Hold::none : Hold::fault), held_for, run);
    state_->execute("UPDATE alert_state SET due = '' WHERE run = ?", run);
  });
}

}  // namespace athanor::store
