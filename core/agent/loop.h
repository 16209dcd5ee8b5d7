// Waits for file descriptors and calls back, on one thread.
#pragma once

#include "core/agent/descriptor.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

namespace athanor::agent {

class Loop {
 public:
  using Callback = std::function<void(std::uint32_t events)>;  // EPOLLIN, EPOLLOUT, …

  Loop();
  // Replaces an earlier callback. The descriptor stays its owner's, who removes it before closing it.
  void watch(int fd, std::uint32_t events, Callback callback);
  void change(int fd, std::uint32_t events);
  void remove(int fd);
  // Waits for at most `longest` and calls back for everything that is ready.
  void run_once(std::chrono::milliseconds longest);

 private:
  Descriptor epoll_;
  std::map<int, std::shared_ptr<Callback>> callbacks_;
};

}  // namespace athanor::agent
