// Beside the messages between hosts: a connection between every two ranks on different hosts that carries why the group
// is at its end and what each rank says of itself, so that a board tells of other hosts what it tells of its own. Its
// end without a farewell means that the rank has died.
#pragma once

#include "core/comm/board.h"
#include "core/comm/folder_keys.h"
#include "core/comm/link.h"
#include "core/comm/transport.h"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace athanor::comm {

class ControlPlane {
 public:
  // `hosts` has a word for each rank. A host that cannot be reached for `patience` is lost. Throws as await_ranks() and
  // Door do.
  ControlPlane(const Network& network, const std::vector<std::string>& hosts, std::shared_ptr<Board> board,
               Deadline deadline, std::chrono::milliseconds patience);
  // Says farewell, and a fault if there is one, to all.
  ~ControlPlane();
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;

 private:
  struct Peer {
    std::unique_ptr<Link> link;  // null until it has come
    bool has_left = false;
  };

  void meet(const Network& network, const std::vector<std::string>& hosts, Deadline deadline);
  void watch(const std::stop_token& stop);
  void speak();
  void listen();
  void hear(int rank, FrameKind kind, std::string_view payload);
  void note_end(int rank, int reason);
  void say_farewell();
  void say(FrameKind kind, std::string_view payload);
  bool wait(std::chrono::milliseconds time);

  std::shared_ptr<Board> board_;
  std::chrono::milliseconds patience_;
  std::map<int, Peer> peers_;  // by rank
  Status said_;
  std::chrono::steady_clock::time_point said_at_;
  bool has_told_fault_ = false;
  std::jthread thread_;
};

}  // namespace athanor::comm
