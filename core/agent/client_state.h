// What the client's own files share. Internal to core/agent.
#pragma once

#include "core/agent/client.h"
#include "core/agent/connection.h"
#include "core/agent/protocol.h"

#include <chrono>
#include <string>

namespace athanor::agent {

// For an answer; the agent answers within milliseconds unless the disk is very busy.
inline constexpr std::chrono::seconds kAnswerDeadline{20};

struct Client::State {
  Places places;
  Line line;
  std::int64_t last_id = 0;

  Result<nlohmann::json> ask(nlohmann::json request, std::chrono::milliseconds deadline = kAnswerDeadline) {
    const std::int64_t id = ++last_id;
    request["id"] = id;
    if (auto sent = line.send(line_of(request)); !sent) return tl::unexpected(sent.error());
    const auto until = Line::Clock::now() + deadline;
    while (true) {
      auto reply = line.receive(until, -1);
      if (!reply) return reply;
      if (!reply->is_object() || reply->value("id", std::int64_t{-1}) != id) continue;  // of a wait that was given up
      if (reply->contains("error")) return tl::unexpected(error_from(reply->at("error")));
      return reply;
    }
  }

  Result<void> tell(nlohmann::json request) {
    const auto reply = ask(std::move(request));
    if (!reply) return tl::unexpected(reply.error());
    return {};
  }

  Result<std::string> text_of(nlohmann::json request) {
    const auto reply = ask(std::move(request));
    if (!reply) return tl::unexpected(reply.error());
    return reply->value("text", "");
  }
};

}  // namespace athanor::agent
