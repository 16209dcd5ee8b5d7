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
};

struct TimelineRow {
  QString group;  // rows that follow each other with the same one stand together below it
  QString name;
  bool pale = false;  // drawn lower and fainter: what was expected, not what happened
  int twin = -1;      // the row in which a bar of the same kind, number and part is its counterpart; negative: none
  std::vector<TimelineBar> bars;  // by begin
  Role tone = Role::muted;        // of the group's words, as of its first row
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
};

}  // namespace athanor::widgets
