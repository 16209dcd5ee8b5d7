#include "core/comm/control_plane.h"

#include "core/comm/meeting.h"
#include "core/comm/status_frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>

namespace athanor::comm {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kTurn = 20ms;       // until a fault that was noted here is told
constexpr auto kBeat = 50ms;       // between words of this rank
constexpr auto kFarewell = 500ms;  // for peers that do not read

std::string key_of(int rank) { return fmt::format("control-{}", rank); }

}  // namespace

ControlPlane::ControlPlane(const Network& network, const std::vector<std::string>& hosts, std::shared_ptr<Board> board,
                           Deadline deadline, std::chrono::milliseconds patience)
    : board_(std::move(board)), patience_(patience) {
  try {
    meet(network, hosts, deadline);
  } catch (const Failure& failure) {
    board_->note_fault(failure.error().cause);
    say_farewell();
    throw;
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

ControlPlane::~ControlPlane() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  say_farewell();
}

// The higher rank knocks at the lower one's door.
void ControlPlane::meet(const Network& network, const std::vector<std::string>& hosts, Deadline deadline) {
  const int me = board_->rank();
  const auto place = [](int rank) { return static_cast<std::size_t>(rank); };
  for (int rank = 0; rank < board_->size(); ++rank)
    if (hosts[place(rank)] != hosts[place(me)]) peers_[rank];
  const FolderKeys keys(network.folder);
  Door door(network, board_->size());
  keys.set(key_of(me), door.words());
  const auto open = [&](int rank, Socket socket) {
    if (socket.is_open()) peers_.at(rank).link = std::make_unique<Link>(std::move(socket), patience_);
  };
  await_ranks(*board_, "meet the ranks of other hosts", deadline, [&] {
    std::vector<int> missing;
    for (auto guest = door.accept(); guest.first.is_open(); guest = door.accept())
      if (guest.second > me && peers_.contains(guest.second)) open(guest.second, std::move(guest.first));
    for (auto& [rank, peer] : peers_) {
      if (rank < me && !peer.link && keys.has(key_of(rank))) open(rank, Door::knock(keys.get(key_of(rank)), me));
      if (!peer.link) missing.push_back(rank);
    }
    listen();
    return missing;
  });
}

void ControlPlane::watch(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    speak();
    if (wait(kTurn)) listen();
  }
}

// What has changed since it was said, or at least that this rank lives.
void ControlPlane::speak() {
  if (!has_told_fault_) {
    if (const auto fault = board_->fault()) {
      has_told_fault_ = true;
      say(FrameKind::fault, *fault);
    }
  }
  if (Clock::now() - said_at_ >= kBeat) {
    said_at_ = Clock::now();
    Status mine = board_->status(board_->rank());
    mine.beat_ns = 0;
    const bool is_news = mine != said_;
    said_ = std::move(mine);
    say(is_news ? FrameKind::status : FrameKind::beat, is_news ? bytes_of(said_) : std::string());
  }
  for (auto& [rank, peer] : peers_)
    if (peer.link) peer.link->flush();
}

void ControlPlane::say(FrameKind kind, std::string_view payload) {
  const bool is_passing = kind == FrameKind::status || kind == FrameKind::beat;
  for (auto& [rank, peer] : peers_) {
    if (!peer.link) continue;
    if (is_passing && peer.link->has_unsent()) {
      said_ = {};  // it hears the newest when it reads again
    } else {
      peer.link->queue(kind, payload);
    }
  }
}

// Whether somebody has said something.
bool ControlPlane::wait(std::chrono::milliseconds time) {
  std::vector<pollfd> polls;
  for (const auto& [rank, peer] : peers_) {
    if (!peer.link || !peer.link->is_open()) continue;
    polls.push_back(
        {peer.link->descriptor(), static_cast<short>(peer.link->has_unsent() ? POLLIN | POLLOUT : POLLIN), 0});
  }
  return ::poll(polls.data(), polls.size(), static_cast<int>(time.count())) > 0;
}

void ControlPlane::listen() {
  for (auto& [rank, peer] : peers_) {
    if (!peer.link || !peer.link->is_open()) continue;
    peer.link->read([&, rank = rank](FrameKind kind, std::string_view payload) { hear(rank, kind, payload); });
    if (!peer.link->is_open() && !peer.has_left) note_end(rank, peer.link->reason());
  }
}

void ControlPlane::hear(int rank, FrameKind kind, std::string_view payload) {
  switch (kind) {
    case FrameKind::status: board_->hear(rank, status_of(payload)); break;
    case FrameKind::beat: board_->hear_beat(rank); break;
    case FrameKind::fault: board_->note_fault(payload); break;
    case FrameKind::farewell: {
      peers_.at(rank).has_left = true;
      Status last = board_->status(rank);
      last.has_left = true;
      board_->hear(rank, std::move(last));
      break;
    }
  }
}

void ControlPlane::note_end(int rank, int reason) {
  const bool is_dead = reason == 0 || reason == ECONNRESET || reason == EPIPE;
  board_->note_fault(is_dead ? fmt::format("rank {} has died in {}", rank, board_->where(rank))
                             : fmt::format("rank {} cannot be reached any more in {}: {}", rank, board_->where(rank),
                                           std::strerror(reason)));
}

// A connection that is closed with unread bytes loses what was sent last, so each waits for the other's end.
void ControlPlane::say_farewell() {
  if (!has_told_fault_) {
    if (const auto fault = board_->fault()) say(FrameKind::fault, *fault);
  }
  say(FrameKind::farewell, {});
  const auto deadline = Clock::now() + kFarewell;
  const auto are_open = [&] {
    return std::ranges::any_of(peers_,
                               [](const auto& each) { return each.second.link && each.second.link->is_open(); });
  };
  while (are_open() && Clock::now() < deadline) {
    for (auto& [rank, peer] : peers_) {
      if (!peer.link) continue;
      peer.link->flush();
      if (!peer.link->has_unsent()) peer.link->end_sending();
      peer.link->read([](FrameKind, std::string_view) {});
    }
    if (are_open()) wait(kTurn);
  }
}

}  // namespace athanor::comm
