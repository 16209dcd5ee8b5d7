// How a run's state is said and shown: words, mark and tone by status, times as people say them. Pure; GUI thread.
#pragma once

#include "core/store/types.h"
#include "widgets/common/glyph.h"
#include "widgets/common/theme.h"

#include <QString>

#include <string>

namespace athanor::app {

class CurveStore;

struct StatusLook {
  QString word;
  widgets::Role tone;
  widgets::Glyph glyph;
};

[[nodiscard]] StatusLook look_of(store::RunStatus status);
// Metrics whose last values are known of every run; see last_value.
[[nodiscard]] const std::vector<std::string>& listed_metrics();
// The last value of one of them; NaN when there is none.
[[nodiscard]] double last_value(const store::Run& run, const char* metric);
// Steps it did itself: what it took over from the run it was forked from is not its own.
[[nodiscard]] std::int64_t own_steps(const store::Run& run);
// Seconds from the start to the end, or to now while it is live; negative when it never started.
[[nodiscard]] double duration_of(const store::Run& run, std::int64_t now_ns);
[[nodiscard]] QString pace_text(double steps_per_second);  // "12.34", a dash when not known
// Seconds left at this pace; negative when it cannot be said.
[[nodiscard]] double seconds_left(const store::Run& run, double pace);
// Steps per second, the one figure for every place that tells a pace: as most of the newest steps went, and of a run
// that tells no times, over its whole time. NaN: not known, or not read yet.
[[nodiscard]] double pace_of(const store::Run& run, const CurveStore& curves, std::int64_t now_ns);
// What of the run's journal is lost, in a sentence; empty: nothing but perhaps the event that was being written when
// its process died.
[[nodiscard]] QString damage_words(const store::Run& run);
// "4.8 MiB between replicas": what ranks send along an axis of their mesh.
[[nodiscard]] QString traffic_words(const std::string& axis, double bytes);
// "12 MB are free again"
[[nodiscard]] QString freed_words(std::int64_t bytes);

enum class TimeStyle { age, date };
[[nodiscard]] TimeStyle time_style(const QString& text);  // anything unknown: age
void set_time_style(TimeStyle style);                     // of when_text, for the whole program; GUI thread

// "just now", "12 min ago", "today 14:05", "Mon 14:05", "3 Nov 2026".
[[nodiscard]] QString when_text(std::int64_t time_ns, std::int64_t now_ns);
[[nodiscard]] std::int64_t wall_now_ns();

}  // namespace athanor::app
