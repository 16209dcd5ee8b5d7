// Alert rules over what a run's journal says, as it is taken in: what they tell becomes occurrences of the run in the
// same step, and so does what they have seen. One run, one thread.
#pragma once

#include "core/alerts/watch.h"
#include "core/base/result.h"
#include "core/journal/reader.h"
#include "core/store/writer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace athanor::agent {

inline constexpr std::string_view kAlertRules = "alert/";  // before the names of rules in journal::Alert::rule

// What an alert asks of the agent.
struct AlertDue {
  alerts::Action action = alerts::Action::notify;
  std::int64_t step = 0;  // the first of the points beyond the bound
  std::string text;
};
[[nodiscard]] std::string to_text(const AlertDue& due);
// Nothing: it is none.
[[nodiscard]] std::optional<AlertDue> due_from(std::string_view text);

// The rules for a run, also those that were removed; what cannot be read is left out.
[[nodiscard]] std::vector<alerts::ActiveRule> active_rules(const std::vector<store::AlertRule>& rows);

class Alerting {
 public:
  explicit Alerting(store::RunId run) : run_(run) {}

  // Asks the rules of a batch of the journal of rank 0 before it is taken in: adds to its events, and to the stretch
  // what is to be kept. Without `may_act` nothing is asked of the agent. Whether anything was.
  Result<bool> look(store::Writer& writer, journal::Batch& batch, store::Stretch& stretch, bool may_act);
  // What no journal says: a stall. Whether anything was told.
  Result<bool> look_at_clock(store::Writer& writer, std::int64_t now_ns);
  // The history does not hold what was looked at last.
  void forget() { watch_.reset(); }

 private:
  Result<bool> load(store::Writer& writer);
  Result<void> keep(store::Writer& writer, const std::vector<alerts::Told>& told, store::Stretch& stretch,
                    bool may_act);

  store::RunId run_;
  std::optional<alerts::Watch> watch_;
  std::uint64_t version_ = 0;  // of the rules
  std::string kept_;           // of the state, in the history
};

}  // namespace athanor::agent
