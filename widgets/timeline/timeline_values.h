// What a timeline shows, as plain values. Times are seconds.
#pragma once

#include "widgets/common/theme.h"

#include <QString>

#include <cstdint>
#include <vector>

namespace athanor::widgets {

// Beside colour, so that kinds are told apart without it.
enum class BarPattern : std::uint8_t { solid, rising, falling, dotted, hollow };

struct TimelineKind {
  QString name;
  QString sign;    // one or two letters that stand in a bar before its number; may be empty
  int colour = 0;  // of the theme's series
  BarPattern pattern = BarPattern::solid;
};

struct TimelineBar {
  int kind = 0;     // of TimelineData::kinds
  int number = -1;  // negative: has none
  int part = -1;    // likewise
  double begin = 0, end = 0;
  std::int64_t step = -1;  // negative: all bars are of one
};

// In place of bars that are too many: how busy columns of time were, all of the same width.
struct TimelineColumns {
  double begin = 0, width = 0;
  std::vector<int> kinds = {};     // of TimelineData::kinds
  std::vector<float> shares = {};  // by column, then by kind: of the column's time
  // By column, of what begins in it: how many bars, the longest, and the longest pause before one.
  std::vector<float> begun = {}, longest = {}, pauses = {};
  [[nodiscard]] std::size_t count() const { return pauses.size(); }
};

// Where nothing is known of a row, or of a share of that time.
struct TimelineGap {
  double begin = 0, end = 0;
  float share = 1;
};

struct TimelineRow {
  QString group;  // rows that follow each other with the same one stand together below it
  QString name;
  bool pale = false;  // drawn lower and fainter: what was expected, not what happened
  int twin = -1;      // the row in which a bar of the same kind, number and part is its counterpart; negative: none
  std::vector<TimelineBar> bars;  // by begin
  Role tone = Role::muted;        // of the group's words, as of its first row
  TimelineColumns columns = {};   // not empty: there are no bars
  std::vector<TimelineGap> unknown = {};
};

// A stretch with a name, such as a step; those of a timeline follow each other.
struct TimelineStretch {
  double begin = 0, end = 0;
  QString name, longer;  // `longer` where it has room
};

struct TimelineMark {
  double at = 0;
  QString text;
  Role tone = Role::warning;
};

struct TimelineData {
  QString number_word, part_word;  // "micro-batch %1", "stage %1"
  std::vector<TimelineKind> kinds;
  std::vector<TimelineRow> rows;
  std::vector<TimelineMark> marks;
  double end = 0;  // of the whole; at least where the last bar ends
  std::vector<TimelineStretch> stretches = {};
  QString step_word = {};     // "step %1"
  QString unknown_word = {};  // what the gaps mean
  double from = 0, to = 0;    // of a window: what it tells of
  bool grows = false;         // of one and the same, of which more is known now: what was in sight stays there
};

}  // namespace athanor::widgets
