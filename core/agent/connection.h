// One connection to an agent: lines of JSON in and out. One thread.
#pragma once

#include "core/agent/descriptor.h"
#include "core/agent/process.h"
#include "core/base/result.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace athanor::agent {

// Why there is no connection.
struct Refused {
  bool is_absent = false;         // nobody listens
  bool is_other_version = false;  // somebody does, whose words are not ours
  std::int64_t pid = 0;           // as it said; 0: it did not
};

class Line {
 public:
  using Clock = std::chrono::steady_clock;

  // Errors: unavailable, and why in `refused`.
  static Result<Line> open(const std::filesystem::path& socket, Refused& refused);
  static Result<Line> open(const std::filesystem::path& socket);

  [[nodiscard]] bool agent_lives() const { return agent_ && is_alive(*agent_); }
  Result<void> send(const std::string& text);
  // The next object. ErrorKind::cancelled when `wake_fd` becomes readable, communication when the deadline passes.
  Result<nlohmann::json> receive(Clock::time_point deadline, int wake_fd);

 private:
  Descriptor fd_;
  std::string in_;
  std::optional<store::Process> agent_;
};

}  // namespace athanor::agent
