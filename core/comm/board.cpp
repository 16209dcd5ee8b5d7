#include "core/comm/board.h"

#include "core/comm/cell.h"
#include "core/comm/life.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <iterator>
#include <map>
#include <unistd.h>

namespace athanor::comm {
namespace {

using namespace std::chrono_literals;

constexpr auto kBeat = 20ms;
constexpr std::size_t kLongestName = 63;         // of a communicator, as far as others see it
constexpr std::int64_t kSilent = 1'000'000'000;  // ns without a beat: stopped, or starved beyond use

std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

template <std::size_t kSize>
void put(std::array<char, kSize>& to, std::string_view text) {
  const std::size_t n = std::min(text.size(), kSize - 1);
  std::memcpy(to.data(), text.data(), n);
  to[n] = 0;
}
template <std::size_t kSize>
std::string text_of(const std::array<char, kSize>& from) {
  return {from.data(), ::strnlen(from.data(), kSize)};
}

std::string seconds(std::int64_t ns) { return fmt::format("{:.1f} s", static_cast<double>(ns) / 1e9); }

std::string words_of(const CallStatus& call) {
  return fmt::format("{} of {} bytes, call {} in {}", to_string(call.op), call.bytes, call.sequence, call.communicator);
}

struct Work {
  std::int64_t since_ns;
  std::array<char, 32> section;
};

struct InCall {
  std::int64_t bytes, since_ns;  // since_ns 0: none
  std::uint32_t sequence;
  std::int32_t peer;
  Op op;
  std::array<char, kLongestName + 1> communicator;
};

}  // namespace

struct alignas(64) Board::Slot {
  std::atomic<std::int64_t> beat_ns, returned_ns;
  std::atomic<std::int64_t> pid;  // 0: has not come
  std::atomic<std::uint64_t> process_namespace;
  std::atomic<std::uint32_t> left;
  Cell<Work> work;
  std::array<Cell<InCall>, kCalls> calls;
  std::int64_t fault_ns;
  std::array<char, 496> fault;  // both written before the head names this rank, then never again
};

struct alignas(64) Board::Head {
  std::atomic<std::int32_t> first;  // rank + 1 of who noted the first fault
};

std::size_t Board::bytes_for(int size) { return sizeof(Head) + static_cast<std::size_t>(size) * sizeof(Slot); }

Board::Head& Board::head() const noexcept { return *reinterpret_cast<Head*>(region_->data()); }

Board::Slot& Board::slot(int rank) const noexcept {
  return reinterpret_cast<Slot*>(region_->data() + sizeof(Head))[rank];
}

Board::Board(std::shared_ptr<Region> region, int size, int rank)
    : region_(std::move(region)), size_(size), rank_(rank), heard_(static_cast<std::size_t>(size)) {
  Slot& mine = slot(rank_);
  mine.beat_ns = mine.returned_ns = now_ns();
  mine.work.store({now_ns(), {}});
  mine.process_namespace = process_namespace();
  mine.pid = ::getpid();
  heart_ = std::jthread([this](const std::stop_token& stop) { beat(stop); });
}

Board::Board(std::shared_ptr<Region> region, int size)
    : region_(std::move(region)), size_(size), rank_(-1), heard_(static_cast<std::size_t>(size)) {}

Board::~Board() {
  if (rank_ >= 0) slot(rank_).left.store(1);
}

void Board::beat(const std::stop_token& stop) {
  std::vector<std::unique_ptr<Life>> lives(static_cast<std::size_t>(size_));
  std::mutex mutex;
  std::condition_variable_any pause;
  std::unique_lock lock(mutex);
  const Slot& mine = slot(rank_);
  while (!stop.stop_requested()) {
    slot(rank_).beat_ns.store(now_ns(), std::memory_order_relaxed);
    for (int rank = 0; rank < size_; ++rank) {
      const Slot& other = slot(rank);
      const std::int64_t pid = other.pid;
      auto& life = lives[static_cast<std::size_t>(rank)];
      if (pid == 0 || pid == mine.pid || other.left != 0 || other.process_namespace != mine.process_namespace) {
        life.reset();
        continue;
      }
      if (!life) life = std::make_unique<Life>(static_cast<pid_t>(pid));
      if (life->has_ended() && other.left == 0) note_fault(fmt::format("rank {} has died in {}", rank, where(rank)));
    }
    if (has_fault()) wake_waiters();  // also those of a fault that another process noted
    pause.wait_for(lock, stop, kBeat, [] { return false; });
  }
}

void Board::enter_section(std::string_view name) noexcept {
  const std::lock_guard lock(writing_);
  Work work{now_ns(), {}};
  put(work.section, name);
  slot(rank_).work.store(work);
}

int Board::enter_call(const CallStatus& call) noexcept {
  const std::lock_guard lock(writing_);
  const auto place = std::ranges::find(is_taken_, false);
  if (place == is_taken_.end()) return -1;
  *place = true;
  InCall words{call.bytes, now_ns(), call.sequence, call.peer, call.op, {}};
  put(words.communicator, call.communicator);
  const auto ticket = place - is_taken_.begin();
  slot(rank_).calls[static_cast<std::size_t>(ticket)].store(words);
  return static_cast<int>(ticket);
}

void Board::leave_call(int ticket) noexcept {
  const std::lock_guard lock(writing_);
  slot(rank_).returned_ns.store(now_ns());
  if (ticket < 0) return;
  slot(rank_).calls[static_cast<std::size_t>(ticket)].store({});
  is_taken_[static_cast<std::size_t>(ticket)] = false;
}

Status Board::status(int rank) const {
  {
    const std::lock_guard lock(hearing_);
    const auto& heard = heard_[static_cast<std::size_t>(rank)];
    if (heard) return *heard;
  }
  const Slot& from = slot(rank);
  const Work work = from.work.load();
  Status status{from.pid.load() != 0,
                from.left.load() != 0,
                from.beat_ns.load(),
                text_of(work.section),
                work.since_ns,
                from.returned_ns.load(),
                {}};
  for (const auto& each : from.calls) {
    const InCall call = each.load();
    if (call.since_ns == 0) continue;
    status.calls.push_back({call.op, text_of(call.communicator), call.sequence, call.bytes, call.peer, call.since_ns});
  }
  return status;
}

bool Board::has_left(int rank) const {
  const std::lock_guard lock(hearing_);
  const auto& heard = heard_[static_cast<std::size_t>(rank)];
  return heard ? heard->has_left : slot(rank).left.load() != 0;
}

void Board::hear(int rank, Status status) {
  const std::lock_guard lock(hearing_);
  heard_[static_cast<std::size_t>(rank)] = std::move(status);
}

void Board::hear_beat(int rank) {
  const std::lock_guard lock(hearing_);
  if (auto& heard = heard_[static_cast<std::size_t>(rank)]) heard->beat_ns = now_ns();
}

void Board::note_fault(std::string_view cause) noexcept {
  {
    const std::lock_guard lock(writing_);
    if (!has_fault()) {
      put(slot(rank_).fault, cause);
      slot(rank_).fault_ns = now_ns();
      std::int32_t nobody = 0;
      head().first.compare_exchange_strong(nobody, rank_ + 1);
    }
  }
  wake_waiters();
}

bool Board::has_fault() const noexcept { return head().first.load(std::memory_order_acquire) != 0; }

std::optional<std::string> Board::fault() const {
  const std::int32_t first = head().first.load(std::memory_order_acquire);
  if (first == 0) return std::nullopt;
  return text_of(slot(first - 1).fault);
}

std::int64_t Board::fault_ns() const noexcept {
  const std::int32_t first = head().first.load(std::memory_order_acquire);
  return first == 0 ? 0 : slot(first - 1).fault_ns;
}

void Board::wake_waiters() noexcept {
  const std::lock_guard lock(waking_);
  for (const auto& wake : wakers_) wake();
}

Board::Waker::Waker(Board& board, std::function<void()> wake) : board_(board) {
  const std::lock_guard lock(board_.waking_);
  place_ = board_.wakers_.insert(board_.wakers_.end(), std::move(wake));
}

Board::Waker::~Waker() {
  const std::lock_guard lock(board_.waking_);
  board_.wakers_.erase(place_);
}

std::string Board::where(int rank) const {
  const std::string section = status(rank).section;
  return section.empty() ? "its work" : section;
}

std::optional<std::string> Board::odd_one(const std::vector<int>& members, const CallStatus& mine) const {
  std::map<std::string, std::vector<int>> in_call;
  for (const int rank : members) {
    const Status status = this->status(rank);
    const auto call = std::ranges::find_if(status.calls, [&](const CallStatus& theirs) {
      return theirs.communicator == mine.communicator.substr(0, kLongestName) && theirs.sequence == mine.sequence;
    });
    if (call == status.calls.end()) return std::nullopt;
    in_call[words_of(*call)].push_back(rank);
  }
  if (in_call.size() != 2 || members.size() < 3) return std::nullopt;
  auto odd = in_call.begin(), others = std::next(odd);
  if (odd->second.size() != 1) std::swap(odd, others);
  if (odd->second.size() != 1) return std::nullopt;
  return fmt::format("rank {} is in {}, and all others in {}", odd->second.front(), odd->first, others->first);
}

// First who cannot answer, then who has not come, then who waits elsewhere: of those others may be only the victims.
std::optional<std::string> Board::explain(const std::vector<int>& members, const CallStatus& mine) const {
  const std::int64_t now = now_ns();
  std::optional<std::string> absent, elsewhere;
  for (const int rank : members) {
    if (rank == rank_) continue;
    const Status other = status(rank);
    if (!other.has_come) continue;
    if (other.has_left) return fmt::format("rank {} has left", rank);
    if (now - other.beat_ns > kSilent) {
      const bool is_far = slot(rank).pid == 0;
      return fmt::format("rank {} has been stopped{} for {} in {}", rank, is_far ? " or cut off" : "",
                         seconds(now - other.beat_ns), where(rank));
    }
    const bool concerns_others = mine.sequence == 0 && mine.peer != rank;
    const bool is_here = std::ranges::any_of(other.calls, [&](const CallStatus& theirs) {
      if (theirs.communicator != mine.communicator.substr(0, kLongestName)) return false;
      return mine.sequence == 0 ? theirs.sequence == 0 && theirs.peer == rank_ : theirs.sequence >= mine.sequence;
    });
    if (concerns_others || is_here) continue;
    if (other.calls.empty() && !absent) {
      absent = fmt::format("rank {} has not come to {}: it has been in {} for {}", rank, words_of(mine), where(rank),
                           seconds(now - std::max(other.section_ns, other.returned_ns)));
    } else if (!other.calls.empty() && !elsewhere) {
      const CallStatus& longest = *std::ranges::min_element(other.calls, {}, &CallStatus::since_ns);
      elsewhere = fmt::format("rank {} has not come to {}: it waits in {}", rank, words_of(mine), words_of(longest));
    }
  }
  return absent ? absent : elsewhere;
}

}  // namespace athanor::comm
