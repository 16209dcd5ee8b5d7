// One run of the program: a window that lives until it is closed, or one page rendered into a file. GUI thread only.
#pragma once

#include "app/bootstrap/command_line.h"
#include "app/bootstrap/workbench.h"

#include <QObject>

#include <chrono>

namespace athanor::app {

struct ProcessStart {
  std::chrono::system_clock::time_point at;
};
// When the kernel started this process; the present where it does not say.
[[nodiscard]] ProcessStart process_start();

class Session final : public QObject {
  Q_OBJECT
 public:
  // Throws Failure when there is no home to keep state in, or when the recipe asked for cannot be read.
  Session(const CommandLine& wishes, ProcessStart start);
  [[nodiscard]] int run();

 private:
  void watch(MainWindow& window);
  void choose_first_page();
  void refuse(const QString& why, int status);
  void render_when_ready();
  void save_picture();
  void report_start();

  CommandLine wishes_;
  ProcessStart start_;
  Workbench workbench_;
  bool rendered_ = false;
};

}  // namespace athanor::app
