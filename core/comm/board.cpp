#include "core/comm/board.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <mutex>
#include <type_traits>
#include <unistd.h>

namespace athanor::comm {
namespace {

using namespace std::chrono_literals;

constexpr auto kBeat = 20ms;
constexpr std::int64_t kSilent = 400'000'000;  // ns without a beat: stopped, or starved beyond use

std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

template <std::size_t kSize>
void put(std::array<char, kSize>& to, std::string_view text) {
  const std::size_t n = std::min(text.size(), kSize - 1);
  std::memcpy(to.data(), text.data(), n);
  to[n] = 0;
}

// Of a process that its parent has not asked for yet, too.
bool has_ended(std::int64_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(in, text)) return true;
  const std::size_t state = text.rfind(')') + 2;
  return state >= text.size() || text[state] == 'Z' || text[state] == 'X';
}

std::string seconds(std::int64_t ns) { return fmt::format("{:.1f} s", static_cast<double>(ns) / 1e9); }

std::string call_of(const Status& status) {
  return fmt::format("{} of {} bytes, call {} in {}", to_string(status.op), status.bytes, status.sequence,
                     status.communicator);
}

}  // namespace

// What a slot holds; words are copied as they are, so a reader asks again while the writer writes.
struct Words {
  std::int64_t pid, section_ns, bytes, call_ns;
  std::uint32_t sequence;
  std::int32_t peer;
  Op op;
  bool inside;
  std::array<char, 32> section;
  std::array<char, 64> communicator;
};
static_assert(std::is_trivially_copyable_v<Words>);

struct alignas(64) Board::Slot {
  static constexpr std::size_t kWords = (sizeof(Words) + 7) / 8;
  std::atomic<std::uint64_t> version;  // odd while it is written (a sequence lock)
  std::atomic<std::int64_t> beat_ns;
  std::array<std::atomic<std::uint64_t>, kWords> words;
};

struct alignas(64) Board::Head {
  std::atomic<std::uint32_t> taken;
  std::atomic<std::uint32_t> told;
  std::array<char, 504> fault;
};

std::size_t Board::bytes_for(int size) { return sizeof(Head) + static_cast<std::size_t>(size) * sizeof(Slot); }

Board::Head& Board::head() const noexcept { return *reinterpret_cast<Head*>(region_->data()); }

Board::Slot& Board::slot(int rank) const noexcept {
  return reinterpret_cast<Slot*>(region_->data() + sizeof(Head))[rank];
}

template <class Write>
void Board::write(Write&& what) noexcept {
  Slot& mine = slot(rank_);
  std::array<std::uint64_t, Slot::kWords> raw{};
  for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = mine.words[i].load(std::memory_order_relaxed);
  Words words{};
  std::memcpy(&words, raw.data(), sizeof words);
  what(words);
  std::memcpy(raw.data(), &words, sizeof words);
  const std::uint64_t version = mine.version.load(std::memory_order_relaxed);
  mine.version.store(version + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  for (std::size_t i = 0; i < raw.size(); ++i) mine.words[i].store(raw[i], std::memory_order_relaxed);
  mine.version.store(version + 2, std::memory_order_release);
}

Board::Board(std::shared_ptr<Region> region, int size, int rank)
    : region_(std::move(region)), size_(size), rank_(rank) {
  slot(rank_).beat_ns.store(now_ns());
  write([](Words& words) {
    words.pid = ::getpid();
    words.peer = -1;
    words.section_ns = now_ns();
  });
  heart_ = std::jthread([this](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any pause;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      slot(rank_).beat_ns.store(now_ns(), std::memory_order_relaxed);
      pause.wait_for(lock, stop, kBeat, [] { return false; });
    }
  });
}

Board::~Board() = default;

void Board::enter_section(std::string_view name) noexcept {
  write([&](Words& words) {
    put(words.section, name);
    words.section_ns = now_ns();
  });
}

void Board::enter_call(Op op, std::string_view communicator, std::uint32_t sequence, std::int64_t bytes,
                       int peer) noexcept {
  write([&](Words& words) {
    words.op = op;
    words.inside = true;
    put(words.communicator, communicator);
    words.sequence = sequence;
    words.bytes = bytes;
    words.peer = peer;
    words.call_ns = now_ns();
  });
}

void Board::leave_call() noexcept {
  write([](Words& words) { words.inside = false; });
}

Status Board::status(int rank) const {
  const Slot& from = slot(rank);
  std::array<std::uint64_t, Slot::kWords> raw{};
  constexpr int kTries = 1000;  // a writer that died in the middle leaves the version odd
  for (int i = 0; i < kTries; ++i) {
    const std::uint64_t before = from.version.load(std::memory_order_acquire);
    for (std::size_t k = 0; k < raw.size(); ++k) raw[k] = from.words[k].load(std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before % 2 == 0 && from.version.load(std::memory_order_relaxed) == before) break;
    std::this_thread::yield();
  }
  Words words{};
  std::memcpy(&words, raw.data(), sizeof words);
  words.section.back() = words.communicator.back() = 0;
  return {words.pid,
          from.beat_ns.load(std::memory_order_relaxed),
          words.section.data(),
          words.section_ns,
          words.op,
          words.inside,
          words.communicator.data(),
          words.sequence,
          words.bytes,
          words.peer,
          words.call_ns};
}

void Board::note_fault(std::string_view cause) noexcept {
  std::uint32_t nobody = 0;
  if (!head().taken.compare_exchange_strong(nobody, 1)) return;
  put(head().fault, cause);
  head().told.store(1, std::memory_order_release);
}

std::optional<std::string> Board::fault() const {
  if (head().told.load(std::memory_order_acquire) == 0) return std::nullopt;
  return head().fault.data();
}

// First who cannot answer, then who has not come, then who waits elsewhere: of those others may be only the victims.
std::optional<Board::Culprit> Board::explain(const std::vector<int>& members, const Status& mine) const {
  const std::int64_t now = now_ns();
  std::optional<Culprit> absent;
  std::optional<Culprit> elsewhere;
  for (const int rank : members) {
    if (rank == rank_) continue;
    const Status other = status(rank);
    const std::string where = other.section.empty() ? "its work" : other.section;
    if (other.pid == 0) continue;  // on another host
    if (other.pid != ::getpid() && has_ended(other.pid))
      return Culprit{rank, fmt::format("rank {} has died in {}", rank, where)};
    if (now - other.beat_ns > kSilent) {
      return Culprit{rank,
                     fmt::format("rank {} has been stopped for {} in {}", rank, seconds(now - other.beat_ns), where)};
    }
    const bool is_here = other.inside && other.communicator == mine.communicator && other.sequence >= mine.sequence;
    if (is_here || (mine.peer >= 0 && mine.peer != rank && mine.sequence == 0)) continue;
    if (!other.inside && !absent) {
      absent = Culprit{rank, fmt::format("rank {} has not come to {}: it has been in {} for {}", rank, call_of(mine),
                                         where, seconds(now - std::max(other.section_ns, other.call_ns)))};
    } else if (other.inside && !elsewhere) {
      elsewhere =
          Culprit{rank, fmt::format("rank {} has not come to {}: it waits in {}", rank, call_of(mine), call_of(other))};
    }
  }
  return absent ? absent : elsewhere;
}

}  // namespace athanor::comm
