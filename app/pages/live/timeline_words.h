// How a step of a run is put into a timeline: rows, kinds, marks, and the figures beside it. Pure; GUI thread.
#pragma once

#include "core/store/types.h"
#include "core/timeline/step_picture.h"
#include "widgets/timeline/timeline_values.h"

#include <QString>
#include <QStringList>

#include <map>
#include <string>
#include <vector>

namespace athanor::app {

// A run of one rank has a row for each sort of work; one of several has two rows a rank: predicted above measured. Of a
// step that is only predicted each rank has one.
[[nodiscard]] widgets::TimelineData timeline_data(const timeline::StepPicture& picture,
                                                  const std::vector<store::Occurrence>& occurrences);

// How kinds of work look, each at its number.
[[nodiscard]] std::vector<widgets::TimelineKind> timeline_kinds();
// Of ranks that are slower than their peers now.
[[nodiscard]] std::map<int, journal::StragglerSeen> slow_ranks(const std::vector<store::Occurrence>& occurrences);
// What went wrong or went on within `seconds` from `begin_ns` on.
[[nodiscard]] std::vector<widgets::TimelineMark> timeline_marks(const std::vector<store::Occurrence>& occurrences,
                                                                std::int64_t begin_ns, double seconds);

// Of each rank that is slower than its peers now: who, since when, and what to do.
[[nodiscard]] QStringList slow_rank_lines(const std::vector<store::Occurrence>& occurrences);

struct Figure {
  QString caption, value, detail;
};
// What matters of the step, with the newest values of the run's metrics; without what is not known.
[[nodiscard]] std::vector<Figure> timeline_figures(const timeline::StepPicture& picture,
                                                   const std::map<std::string, double>& last);

}  // namespace athanor::app
