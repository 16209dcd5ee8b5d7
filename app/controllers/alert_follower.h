// Tells of alerts of runs as they are raised and cleared while the window is there. GUI thread only; what it is given
// is not owned.
#pragma once

#include "app/bridge/agent_link.h"
#include "app/bridge/history_reader.h"

#include <map>
#include <set>
#include <vector>

namespace athanor::app {

class AlertFollower final : public QObject {
  Q_OBJECT
 public:
  AlertFollower(HistoryReader* reader, AgentLink* link, QObject* parent);
  // Another history has taken the place of the one that was read: its entries have other numbers.
  void begin_anew() { read_to_.clear(); }

 Q_SIGNALS:
  void told(qint64 run, const QString& text, bool is_raised);

 private:
  void look(store::RunId run);
  void take(store::RunId run, const std::vector<store::Occurrence>& occurrences);

  HistoryReader* reader_;
  std::int64_t since_ns_;
  std::map<store::RunId, std::int64_t> read_to_;  // entries
  std::map<store::RunId, std::int64_t> told_to_;  // times
  std::set<store::RunId> reading_, again_;
};

}  // namespace athanor::app
