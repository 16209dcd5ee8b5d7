// What the rows of a measured step tell of how it was executed: its pipelines and rounds, their schedule, what each op
// costs and how messages travelled. Pure functions.
#pragma once

#include "core/parallel/cost_model.h"
#include "core/parallel/schedule.h"
#include "core/timeline/step_picture.h"

#include <optional>
#include <vector>

namespace athanor::timeline {

// The ranks of each pipeline, by their first: replicas of a model have one each, with the same stages. Nothing where
// stages lie on different numbers of ranks.
[[nodiscard]] std::vector<std::vector<int>> pipelines_of(const std::vector<Row>& measured);
// A step may go through its stages more than once, as one does whose loss ties all rows of a batch together: the rows
// cut where a rank does an op again.
[[nodiscard]] std::vector<std::vector<Row>> rounds_of(const std::vector<Row>& measured);
// The rows of these ranks, counted from 0 in their order.
[[nodiscard]] std::vector<Row> rows_of(const std::vector<Row>& all, const std::vector<int>& ranks);

// The ops of all ranks of a pipeline in the order in which they did them, which is that of their schedule; nothing
// where stages are not told, or one op of a step is missing or there twice.
[[nodiscard]] std::optional<parallel::Schedule> schedule_of(const std::vector<Row>& measured);

// Mean seconds of each op of a stage, over all rows given. The hop is the median of how long results travelled that
// another rank stood still for.
[[nodiscard]] parallel::CostModel costs_of(const parallel::Schedule& schedule,
                                           const std::vector<std::vector<Row>>& steps);

// Messages of one step between ranks; none without the schedule's costs.
[[nodiscard]] Communication messages_of(const parallel::Schedule& schedule, const std::vector<Row>& measured,
                                        double hop);

// From the first op that computes to the end of the last, and what ranks compute in between; seconds.
struct Stretch {
  double first = 0, last = 0;
  double busy = 0;
  [[nodiscard]] double length() const noexcept { return last - first; }
};
[[nodiscard]] Stretch stretch_of(const std::vector<Row>& rows);

}  // namespace athanor::timeline
