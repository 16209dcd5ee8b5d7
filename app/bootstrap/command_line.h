// What can be asked of the window at its start.
#pragma once

#include <QList>
#include <QSize>
#include <QString>

#include <optional>

class QCoreApplication;

namespace athanor::app {

struct CommandLine {
  QString screenshot;     // file to render into; empty: a window
  QString page;           // "runs", "experiment", "live", "compare", "preferences"; empty: the natural one
  QString theme;          // "light", "dark", "contrast"; empty: as set
  QString language;       // "en", "de", "zh"; empty: as set
  QString recipe;         // file to start from
  qint64 run = 0;         // run to open; 0: none
  QList<qint64> compare;  // runs to lay side by side, the baseline first; empty: as they were
  std::optional<QSize> size;
  QString scroll;            // "timeline", "board", "bottom": part of the live page to show
  QString view;              // of the compare page: "curves", "differences", …; empty: as it was
  bool recipe_text = false;  // show the recipe text
  QString action;            // id of an action to run before rendering
  bool startup_time = false;
  bool trace_latency = false;
  bool developer = false;  // with what only those need who develop Athanor
  QString fault;           // not empty: the command line is wrong, and why
};

[[nodiscard]] CommandLine read_command_line(const QCoreApplication& application);
// Looked at before the application exists: whether what is asked for is a picture or an answer in the terminal.
[[nodiscard]] bool needs_no_display(int count, char** words);
// False where a window could not be shown; Qt itself would end the process.
[[nodiscard]] bool has_display(int count, char** words);

}  // namespace athanor::app
