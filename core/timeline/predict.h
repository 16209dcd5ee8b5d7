// A step as it would be if every op took what such ops were measured to take. Pure functions.
#pragma once

#include "core/parallel/cost_model.h"
#include "core/parallel/schedule.h"
#include "core/timeline/step_picture.h"

#include <optional>
#include <vector>

namespace athanor::timeline {

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

// Fills in what is predicted. `steps` are rows of the same ranks, from which costs come.
void predict(StepPicture& picture, const std::vector<std::vector<Row>>& steps);

}  // namespace athanor::timeline
