// What a person at a terminal sees: log lines and a progress bar, both on stderr. Standard output belongs to results.
// Safe on any thread.
#pragma once

#include "core/journal/event.h"

#include <cstdio>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace athanor::runner {

class Console {
 public:
  Console();
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  void say(journal::Severity severity, const std::string& text);
  void info(const std::string& text) { say(journal::Severity::info, text); }
  void warn(const std::string& text) { say(journal::Severity::warning, text); }
  void error(const std::string& text) { say(journal::Severity::error, text); }

  // Lines are appended to this file as well; one that cannot be opened is ignored.
  void also_to(const std::filesystem::path& file);
  // Told of every line, for the journal. Null takes it away.
  void set_listener(std::function<void(const journal::LogLine&)> listener);

  // Draws the bar when stderr is a terminal; otherwise does nothing. fraction in [0, 1].
  void progress(double fraction, std::string_view text);
  void end_progress();

 private:
  void clear_bar();
  void write_line(const std::string& line);

  std::mutex mutex_;
  bool terminal_ = false;
  bool bar_shown_ = false;
  std::FILE* file_ = nullptr;
  std::function<void(const journal::LogLine&)> listener_;
};

}  // namespace athanor::runner
