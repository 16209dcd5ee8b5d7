#include "core/runner/console.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <sys/ioctl.h>
#include <unistd.h>

namespace athanor::runner {
namespace {

constexpr int kBarCells = 28;
constexpr std::size_t kFallbackColumns = 80;

std::size_t columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return kFallbackColumns;
}

std::string clock() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  return fmt::format("{:%H:%M:%S}", parts);
}

const char* mark(journal::Severity severity) {
  switch (severity) {
    case journal::Severity::info: return "";
    case journal::Severity::warning: return "warning: ";
    case journal::Severity::error: return "error: ";
  }
  return "";
}

std::string bar(double fraction) {
  const int filled = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * kBarCells + 0.5);
  std::string out;
  for (int cell = 0; cell < kBarCells; ++cell) out += cell < filled ? "━" : "─";
  return out;
}

}  // namespace

Console::Console() : terminal_(::isatty(STDERR_FILENO) == 1) {}

Console::~Console() {
  end_progress();
  if (file_ != nullptr) std::fclose(file_);
}

void Console::say(journal::Severity severity, const std::string& text) {
  std::function<void(const journal::LogLine&)> listener;
  {
    const std::scoped_lock lock(mutex_);
    clear_bar();
    write_line(fmt::format("{} {}{}\n", clock(), mark(severity), text));
    listener = listener_;
  }
  if (listener) listener({severity, text});
}

void Console::write_line(const std::string& line) {
  std::fputs(line.c_str(), stderr);
  if (file_ == nullptr) return;
  std::fputs(line.c_str(), file_);
  std::fflush(file_);
}

void Console::also_to(const std::filesystem::path& file) {
  const std::scoped_lock lock(mutex_);
  if (file_ != nullptr) std::fclose(file_);
  file_ = std::fopen(file.c_str(), "ae");
}

void Console::set_listener(std::function<void(const journal::LogLine&)> listener) {
  const std::scoped_lock lock(mutex_);
  listener_ = std::move(listener);
}

void Console::progress(double fraction, std::string_view text) {
  if (!terminal_) return;
  const std::scoped_lock lock(mutex_);
  const std::size_t room = columns();
  const std::string left = fmt::format(" {:3.0f} % ", std::clamp(fraction, 0.0, 1.0) * 100);
  const std::size_t used = kBarCells + left.size() + 1;
  const std::string_view tail = text.substr(0, room > used ? room - used : 0);
  std::fputs(fmt::format("\r\x1b[K{}{}{}", bar(fraction), left, tail).c_str(), stderr);
  std::fflush(stderr);
  bar_shown_ = true;
}

void Console::end_progress() {
  const std::scoped_lock lock(mutex_);
  clear_bar();
}

void Console::clear_bar() {
  if (!bar_shown_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  bar_shown_ = false;
}

}  // namespace athanor::runner
