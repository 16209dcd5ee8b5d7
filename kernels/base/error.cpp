#include "kernels/base/error.h"

namespace athanor {

std::string Error::message() const {
  std::string text = "Could not " + intention + ": " + cause + ".";
  if (!remedy.empty()) text += " " + remedy + ".";
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
