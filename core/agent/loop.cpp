#include "core/agent/loop.h"

#include "kernels/base/error.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/epoll.h>

namespace athanor::agent {

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_)
    throw Failure(ErrorKind::io, "wait for events", std::strerror(errno), "raise the limit of open files (ulimit -n)");
}

void Loop::watch(int fd, std::uint32_t events, Callback callback) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0 &&
      (errno != EEXIST || ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0)) {
    throw Failure(ErrorKind::io, "wait for events", std::strerror(errno));
  }
  callbacks_[fd] = std::make_shared<Callback>(std::move(callback));
}

void Loop::change(int fd, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Loop::remove(int fd) {
  if (callbacks_.erase(fd) > 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Loop::run_once(std::chrono::milliseconds longest) {
  std::array<epoll_event, 64> ready{};
  const int count =
      ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), static_cast<int>(longest.count()));
  for (int i = 0; i < count; ++i) {
    const auto& event = ready[static_cast<std::size_t>(i)];
    const auto found = callbacks_.find(event.data.fd);  // an earlier callback may have removed it
    if (found == callbacks_.end()) continue;
    const std::shared_ptr<Callback> callback = found->second;  // it may remove itself
    (*callback)(event.events);
  }
}

}  // namespace athanor::agent
