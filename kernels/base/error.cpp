#include "kernels/base/error.h"

#include <algorithm>

namespace athanor {

namespace {

// With a capital letter, unless it begins with the name of a program or a field.
std::string sentence(std::string text) {
  const std::string word = text.substr(0, text.find(' '));
  const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_small))
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

// With a full stop, unless a quoted text brought its own.
std::string closed(std::string text) {
  if (!text.ends_with('.')) text += '.';
  return text;
}

}  // namespace

std::string Error::message() const {
  std::string text = closed("Could not " + intention + ": " + cause);
  if (!remedy.empty()) text += " " + closed(sentence(remedy));
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
