#include "kernels/base/error.h"

#include <algorithm>

namespace athanor {

namespace {

// With a capital letter, unless it begins with the name of a program or a field.
std::string sentence(std::string text) {
  const std::string word = text.substr(0, text.find_first_of(" ,:;"));
  const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_small))
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

// Closed by one full stop, or by the question or exclamation mark it already has.
std::string closed(std::string text) {
  while (!text.empty() && (text.back() == '.' || text.back() == ' ' || text.back() == '\n')) text.pop_back();
  const bool marked = !text.empty() && (text.back() == '?' || text.back() == '!');
  return marked ? text : text + ".";
}

}  // namespace

std::string Error::message() const {
  std::string text = "Could not " + intention + ": " + closed(cause);
  // Several causes stand on lines of their own, and so does the advice then.
  if (!remedy.empty()) text += (cause.find('\n') == std::string::npos ? " " : "\n") + sentence(closed(remedy));
  return text;
}

const char* to_string(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::invalid_input: return "invalid_input";
    case ErrorKind::unavailable: return "unavailable";
    case ErrorKind::corrupt: return "corrupt";
    case ErrorKind::out_of_memory: return "out_of_memory";
    case ErrorKind::io: return "io";
    case ErrorKind::numeric: return "numeric";
    case ErrorKind::communication: return "communication";
    case ErrorKind::cancelled: return "cancelled";
    case ErrorKind::internal: break;
  }
  return "internal";
}

int exit_status(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::invalid_input: return 2;
    case ErrorKind::unavailable: return 3;
    case ErrorKind::corrupt: return 4;
    case ErrorKind::cancelled: return 130;
    default: return 1;
  }
}

}  // namespace athanor
