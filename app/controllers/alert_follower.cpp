#include "app/controllers/alert_follower.h"

#include "app/models/run_words.h"

#include <algorithm>

namespace athanor::app {

AlertFollower::AlertFollower(HistoryReader* reader, AgentLink* link, QObject* parent)
    : QObject(parent), reader_(reader), since_ns_(wall_now_ns()) {
  connect(link, &AgentLink::changed, this, [this](const std::vector<agent::Change>& changes) {
    for (const agent::Change& change : changes)
      if (change.what == agent::Change::What::occurrences && change.run != 0) look(change.run);
  });
}

void AlertFollower::look(store::RunId run) {
  if (!reading_.insert(run).second) {
    again_.insert(run);
    return;
  }
  using Occurrences = std::vector<store::Occurrence>;
  reader_->ask<Occurrences>(
      this, QStringLiteral("alerts/%1").arg(run),
      [run, after = read_to_[run]](store::Reader& reader) { return reader.occurrences(run, after); },
      [this, run](Result<Occurrences> found) {
        reading_.erase(run);
        if (found) take(run, *found);
        if (again_.erase(run) > 0) look(run);
      });
}

void AlertFollower::take(store::RunId run, const std::vector<store::Occurrence>& occurrences) {
  const std::int64_t after_ns = std::max(since_ns_, told_to_[run]);
  for (const store::Occurrence& each : occurrences) {
    read_to_[run] = std::max(read_to_[run], each.id);
    const auto* alert = std::get_if<journal::Alert>(&each.payload);
    if (alert == nullptr || !alert->rule.starts_with("alert/") || each.time_ns <= after_ns) continue;
    told_to_[run] = std::max(told_to_[run], each.time_ns);
    Q_EMIT told(run, QString::fromStdString(alert->text), alert->severity != journal::Severity::info);
  }
}

}  // namespace athanor::app
