// From the probe queries of a history to those of a retrieval board. Pure; GUI thread.
#pragma once

#include "core/journal/event.h"
#include "widgets/gallery/board_order.h"

#include <QString>

#include <vector>

namespace athanor::app {

// Pictures have the keys of their run's folder; `before` is put in front of each.
[[nodiscard]] std::vector<widgets::BoardQuery> board_queries(const std::vector<journal::RetrievalSample>& samples,
                                                             const QString& before = {});

}  // namespace athanor::app
