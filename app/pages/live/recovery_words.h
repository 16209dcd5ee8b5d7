// How a run came back from the loss of a rank, and where the time went. Pure; GUI thread.
#pragma once

#include "core/store/types.h"

#include <QString>
#include <QStringList>

#include <vector>

namespace athanor::app {

// What a recovery consists of, in its order: a word for a column, what it means, and the same with the time it took.
struct RecoveryPart {
  QString name, meaning, taking;
};
[[nodiscard]] std::vector<RecoveryPart> recovery_parts();  // in the language in force

struct RecoveryRow {
  QString step, rank, from;
  QStringList spent;  // one for each part, in one unit; "–" where it is not known
  QString whole;      // of all parts, where no more than the step taken again is missing
};
// Those of ranks that were lost, the newest first.
[[nodiscard]] std::vector<RecoveryRow> recovery_rows(const std::vector<store::Occurrence>& occurrences);

// "noticed after 21.5 ms · decided in 400 µs", without what is not known; empty where nothing is.
[[nodiscard]] QString spent_text(const journal::Recovery& recovery);
// "went on after 412 ms", as far as it is known.
[[nodiscard]] QString went_on_text(const journal::Recovery& recovery);

}  // namespace athanor::app
