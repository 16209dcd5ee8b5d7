#include "app/pages/live/recovery_words.h"

#include "app/feedback/notice.h"
#include "widgets/common/numbers.h"

#include <QCoreApplication>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

struct RecoveryWords {
  Q_DECLARE_TR_FUNCTIONS(RecoveryWords)
};

constexpr double kSecond = 1e-3;  // of a millisecond

// Milliseconds, as recovery_parts() has them; negative: not known.
std::array<double, 5> spent_on(const journal::Recovery& recovery) {
  return {recovery.detect_ms, recovery.decide_ms, recovery.respawn_ms, recovery.load_ms, recovery.replay_ms};
}

// Seconds. Where no step was broken off, as in an evaluation, none is taken again, and the last part is not there.
std::optional<double> whole_of(const std::array<double, 5>& spent) {
  if (*std::min_element(spent.begin(), spent.end() - 1) < 0) return std::nullopt;
  return std::accumulate(spent.begin(), spent.end() - 1, std::max(0.0, spent.back())) * kSecond;
}

}  // namespace

std::vector<RecoveryPart> recovery_parts() {
  return {
      {RecoveryWords::tr("Noticed"),
       RecoveryWords::tr("From the last sign of life of the rank until somebody noticed that it was lost"),
       RecoveryWords::tr("noticed after %1")},
      {RecoveryWords::tr("Decided"), RecoveryWords::tr("Until it was decided what to do"),
       RecoveryWords::tr("decided in %1")},
      {RecoveryWords::tr("All there"), RecoveryWords::tr("Until all ranks were there, with the one in its place"),
       RecoveryWords::tr("all ranks there after %1")},
      {RecoveryWords::tr("One state"), RecoveryWords::tr("Until all ranks had one state of the training"),
       RecoveryWords::tr("one state in %1")},
      {RecoveryWords::tr("Step again"), RecoveryWords::tr("Until the step that was broken off was done"),
       RecoveryWords::tr("step taken again in %1")},
  };
}

std::vector<RecoveryRow> recovery_rows(const std::vector<store::Occurrence>& occurrences) {
  std::vector<RecoveryRow> out;
  for (auto occurrence = occurrences.rbegin(); occurrence != occurrences.rend(); ++occurrence) {
    const auto* recovery = std::get_if<journal::Recovery>(&occurrence->payload);
    if (!recovery || recovery->rank < 0) continue;
    const auto spent = spent_on(*recovery);
    const double longest = *std::ranges::max_element(spent) * kSecond;
    RecoveryRow row{
        widgets::count_text(recovery->step), QString::number(recovery->rank), q(recovery->from), {}, u"–"_s};
    for (const double part : spent) row.spent << (part < 0 ? u"–"_s : widgets::time_text(part * kSecond, longest));
    if (const auto whole = whole_of(spent)) row.whole = widgets::time_text(*whole, longest);
    out.push_back(std::move(row));
  }
  return out;
}

QString spent_text(const journal::Recovery& recovery) {
  const auto spent = spent_on(recovery);
  const std::vector<RecoveryPart> parts = recovery_parts();
  QStringList words;
  for (std::size_t i = 0; i < spent.size(); ++i)
    if (spent[i] >= 0) words << parts[i].taking.arg(widgets::time_text(spent[i] * kSecond));
  return words.join(u" · "_s);
}

QString went_on_text(const journal::Recovery& recovery) {
  const auto whole = whole_of(spent_on(recovery));
  return whole ? RecoveryWords::tr("went on after %1").arg(widgets::time_text(*whole)) : RecoveryWords::tr("went on");
}

}  // namespace athanor::app
