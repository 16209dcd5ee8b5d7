// A step as it would be if every op took what such ops were measured to take. Pure functions.
#pragma once

#include "core/timeline/step_picture.h"

#include <vector>

namespace athanor::timeline {

// Fills in what is predicted. `steps` are rows of the same ranks, from which costs come.
void predict(StepPicture& picture, const std::vector<std::vector<Row>>& steps);

}  // namespace athanor::timeline
