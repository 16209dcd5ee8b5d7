// How the facts of a run are put on the live page: which metrics share a plot, how events read, what stands in tables.
// Pure; GUI thread.
#pragma once

#include "app/stores/curves.h"
#include "core/store/types.h"
#include "widgets/feedback/message_bar.h"
#include "widgets/log/log_ring.h"
#include "widgets/plot/curve.h"
#include "widgets/plot/strip.h"

#include <map>
#include <string>
#include <vector>

namespace athanor::app {

struct PlotMetric {
  std::string name;
  QString label;
};

struct PlotSpec {
  std::string id;
  QString title;
  QString unit;
  QString empty;
  std::vector<PlotMetric> metrics;
  bool large = false;
  bool percent = false;
  bool robust = false;    // single spikes may leave the picture
  bool optional = false;  // there only once something was measured
};

[[nodiscard]] std::vector<PlotSpec> live_plots();  // in the language in force
// `samples_per_step` of the data; 0: not known.
[[nodiscard]] widgets::Curve curve_of(const PlotMetric& metric, int colour, const std::vector<DrawnColumn>& columns,
                                      double samples_per_step = 0);

struct DeviceCurves {
  std::string name;
  QString label;
  QString detail;
  std::vector<widgets::StripSample> samples;
};
// The newest value of each metric.
[[nodiscard]] std::map<std::string, double> last_values(const std::map<std::string, std::vector<DrawnColumn>>& curves);
[[nodiscard]] std::vector<DeviceCurves> device_curves(const std::map<std::string, std::vector<DrawnColumn>>& curves);

// Who is slower than the others by how much, and what to do.
[[nodiscard]] QString straggler_words(const journal::StragglerSeen& seen);
// "Step 240 of 400", "1 min 10 s left", "2.30 steps/s", what matters most first; `pace` as of pace_of().
[[nodiscard]] QStringList progress_words(const store::Run& run, std::int64_t now_ns, double pace);

struct EventWords {
  QString time, step, text;
  QString detail{};  // the whole of it, where `text` sums up
};
// Newest first, at most some hundred; without what has a place of its own.
[[nodiscard]] std::vector<EventWords> event_words(const std::vector<store::Occurrence>& occurrences);

struct CheckWords {
  QString quantity, planned, measured, off;
};
[[nodiscard]] std::vector<CheckWords> check_words(const std::vector<store::Occurrence>& occurrences,
                                                  store::RunStatus status);

// Where the run went on from, and how it came there: forked, resumed, or back to an earlier step while it went on.
[[nodiscard]] std::vector<widgets::PlotMarker> markers_of(const store::Run& run,
                                                          const std::vector<store::Occurrence>& occurrences);
[[nodiscard]] widgets::Message trouble_of(const store::Run& run, const std::vector<store::Occurrence>& occurrences);
[[nodiscard]] std::vector<widgets::LogRow> log_rows(const std::vector<store::LogEntry>& entries);

}  // namespace athanor::app
