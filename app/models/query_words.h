// What is wrong with a query (core/query), in the words of the window. Pure.
#pragma once

#include "core/query/complete.h"
#include "core/query/fault.h"

#include <QString>

namespace athanor::app {

// Of the first fault; empty: there is none.
[[nodiscard]] QString fault_words(const QString& typed, const query::Faults& faults);

// A few words about what could be written.
[[nodiscard]] QString candidate_words(const query::Candidate& candidate);

}  // namespace athanor::app
