// How well a few typed letters fit a text. Pure; any thread.
#pragma once

#include <QString>

#include <optional>

namespace athanor::widgets {

// Every letter of `typed` must occur in order, whatever its case; spaces are skipped. Higher is better: beginnings of
// words and runs of letters count more, and short texts win ties. Nothing when it does not fit.
[[nodiscard]] std::optional<int> fuzzy_score(const QString& typed, const QString& text);

}  // namespace athanor::widgets
