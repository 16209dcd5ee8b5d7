// Answers clients on the socket: requests to the supervisor and the history, and notices to those who follow. One
// thread.
#pragma once

#include "core/agent/loop.h"
#include "core/agent/protocol.h"
#include "core/agent/supervisor.h"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace athanor::agent {

class Server {
 public:
  Server(Loop& loop, store::Writer& writer, store::Reader& reader) : loop_(loop), writer_(writer), reader_(reader) {}
  ~Server();

  // Listens at places.socket, for this user only. Throws Failure as write_refusal() does.
  void listen(const Places& places);
  void serve(Supervisor& supervisor) { supervisor_ = &supervisor; }
  // Followers hear of it at the next flush.
  void notify(const Change& change);
  // Sends what is due and answers those whose run has ended.
  void flush();
  [[nodiscard]] bool asked_to_quit() const { return quit_; }
  [[nodiscard]] std::size_t connections() const { return connections_.size(); }

 private:
  struct Waiting {
    std::int64_t id = 0;
    store::RunId run = 0;
  };
  struct Connection {
    Descriptor fd;
    std::string in, out;
    bool follows = false;
    std::set<std::pair<int, store::RunId>> changes;
    std::vector<Waiting> waits;
  };

  void accept();
  void pause_accepting(int reason);
  void on_event(int fd, std::uint32_t events);
  void on_readable(int fd, Connection& connection);
  void on_line(Connection& connection, const std::string& line);
  // Nothing: the answer comes later.
  std::optional<nlohmann::json> answer(Connection& connection, const nlohmann::json& request);
  // Nothing: it is no such request.
  std::optional<nlohmann::json> answer_queue(const std::string& what, const nlohmann::json& request);
  std::optional<nlohmann::json> answer_alerts(const std::string& what, const nlohmann::json& request);
  std::optional<nlohmann::json> answer_sweeps(const std::string& what, const nlohmann::json& request);
  nlohmann::json job(store::RunId run);
  nlohmann::json take_in(const std::string& folder);
  nlohmann::json edit(const std::string& what, const nlohmann::json& request);
  std::optional<nlohmann::json> ended(store::RunId run);
  bool send(int fd, Connection& connection);
  void drop(int fd);

  Loop& loop_;
  store::Writer& writer_;
  store::Reader& reader_;
  Supervisor* supervisor_ = nullptr;
  std::filesystem::path socket_path_;
  Descriptor listener_;
  std::optional<std::chrono::steady_clock::time_point> accept_again_;  // while there are no descriptors left
  std::map<int, Connection> connections_;
  std::set<store::RunId> changed_runs_;
  bool quit_ = false;
};

}  // namespace athanor::agent
