// From things that know whom they went on from to rows of a tree. Pure; any thread.
#pragma once

#include <QString>

#include <cstdint>
#include <vector>

namespace athanor::widgets {

struct LineageBar {
  std::int64_t id = 0;
  std::int64_t parent = 0;  // 0, or one that is not there: none
  QString name{};
  QString detail{};        // muted, behind the name
  double begin = 0;        // step at which it left its parent
  double end = 0;          // step it has come to
  double goal = 0;         // step it was to come to; at most `end`: it is there
  int colour = -1;         // of the theme's series; negative: one among others
  bool is_marked = false;  // the one others are measured against
};

struct LineageRow {
  std::size_t bar = 0;         // index
  int depth = 0;               // 0: a root
  std::ptrdiff_t parent = -1;  // row; −1: none
};
// Children below their parent, those that left it first above, each with its own below it. A circle, which no true
// history has, is cut open.
[[nodiscard]] std::vector<LineageRow> lineage_rows(const std::vector<LineageBar>& bars);

}  // namespace athanor::widgets
