#include "core/journal/writer.h"

#include "core/base/files.h"
#include "core/journal/append_window.h"
#include "core/journal/change_notice.h"
#include "core/journal/clock.h"
#include "core/journal/codec.h"
#include "core/journal/frames.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace athanor::journal {
namespace {

constexpr std::size_t kMaxNameSets = 256;
constexpr std::size_t kMetricsFixed = 8 + 8 + 4;  // step, and which names

tl::unexpected<Error> refused(const std::string& intention, int reason) {
  Error error = write_refusal(intention, reason);
  if (!error.remedy.empty()) error.remedy += ", then resume the run";
  return tl::unexpected(std::move(error));
}

struct WholeEnd {
  std::int64_t offset = 0;
  std::int64_t tail_bytes = 0;  // behind it, without the room
};

// Where the last whole frame ends. What follows may be cut only when it can be what a dying writer left: all of it was
// read, and it is no more than one frame.
Result<WholeEnd> whole_end(int fd, std::int64_t size, const std::string& intention) {
  FrameFile frames(fd, size);
  std::int64_t end = 0;
  while (const auto frame = frames.next(end)) end = frame->end;
  if (frames.refused() != 0) return refused(intention, frames.refused());
  const std::int64_t tail = frames.used_behind(end);
  if (frames.refused() != 0) return refused(intention, frames.refused());
  if (tail <= static_cast<std::int64_t>(kHeaderBytes) + kMaxPayload) return WholeEnd{end, tail};
  return fail(ErrorKind::corrupt, intention,
              "its last " + std::to_string(tail) + " bytes, from byte " + std::to_string(end) +
                  " on, are damaged, and that is more than an unfinished event",
              "restore the file from a copy, or fork the run from one of its checkpoints");
}

}  // namespace

struct Writer::State {
  // Metrics that are told together. Their names stand in a frame of the file; values refer to it.
  struct NameSet {
    std::vector<std::string> names;
    std::string frame;
    std::int64_t offset = -1;  // of that frame; negative: it is in the file nowhere
    std::uint32_t crc = 0;

    [[nodiscard]] bool names_all(const MetricSamples& samples) const {
      return std::ranges::equal(names, samples.values, {}, {}, &std::pair<std::string, double>::first);
    }
  };

  std::filesystem::path file;
  int fd = -1;
  SessionClock clock;
  std::int64_t cut_bytes = 0;
  std::mutex mutex;  // guards everything below and the file
  std::int64_t end = 0;
  bool torn = false;  // bytes of a refused write may lie behind `end`
  std::optional<AppendWindow> window;
  std::optional<ChangeNotice> notice;
  std::map<std::string, NameSet> name_sets;  // by the payload of their names frame
  NameSet* last_set = nullptr;
  std::string scratch;

  ~State() {
    notice.reset();
    if (window && window->is_open()) (void)window->close(end);
    window.reset();
    if (fd >= 0) ::close(fd);
  }

  [[nodiscard]] std::int64_t now() const { return monotonic_now_ns() - clock.monotonic_ns; }

  [[nodiscard]] std::string stamp() const {
    std::string bytes;
    put(bytes, clock.wall_ns);
    put(bytes, now());
    return bytes;
  }

  // Where a frame of so many bytes may be put; null where there is no room.
  [[nodiscard]] char* room_for(std::size_t bytes) { return torn ? nullptr : window->place(end, bytes); }

  Result<void> write(std::string_view frame) {
    char* const place = room_for(frame.size());
    if (place == nullptr) return write_through(frame);
    std::memcpy(place + 1, frame.data() + 1, frame.size() - 1);
    std::atomic_ref(*place).store(frame[0], std::memory_order_release);
    took(frame.size());
    return {};
  }

  void took(std::size_t bytes) {
    end += static_cast<std::int64_t>(bytes);
    notice->changed();
  }

  // By write(2), where there is no room.
  Result<void> write_through(std::string_view bytes) {
    if (window->is_open()) torn = !window->close(end);
    if (torn) {
      if (::ftruncate(fd, end) != 0) return refused("repair the journal " + file.string(), errno);
      torn = false;
    }
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t got = ::pwrite(fd, bytes.data() + done, bytes.size() - done, end + static_cast<std::int64_t>(done));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        const int reason = got == 0 ? ENOSPC : errno;
        torn = ::ftruncate(fd, end) != 0;
        return refused("append to the journal " + file.string(), reason);
      }
      done += static_cast<std::size_t>(got);
    }
    end += static_cast<std::int64_t>(bytes.size());
    return {};
  }

  Result<void> write_session(std::int64_t cut) {
    std::string payload = stamp();
    payload += kMagic;
    put(payload, kFormatVersion);
    put(payload, static_cast<std::uint32_t>(::getpid()));
    put(payload, cut);
    put(payload, clock.monotonic_ns);
    put_text(payload, clock.host);
    return write_through(make_frame(FrameType::session, payload));
  }

  Result<void> write_metrics(const MetricSamples& samples) {
    const std::size_t size = kStampBytes + kMetricsFixed + samples.values.size() * sizeof(double);
    if (size > kMaxPayload) return too_long(size);
    if (last_set == nullptr || !last_set->names_all(samples)) {
      if (auto found = find_set(samples); !found) return found;
    }
    NameSet& set = *last_set;
    if (set.offset < 0 || end - set.offset > kNamesEvery) {
      if (auto done = write_names(set); !done) return done;
    }
    if (char* const place = room_for(kHeaderBytes + size)) {
      fill_metrics(place, samples, set, size);
      took(kHeaderBytes + size);
      return {};
    }
    scratch.resize(kHeaderBytes + size);
    fill_metrics(scratch.data(), samples, set, size);
    return write_through(scratch);
  }

  // Makes the names of these samples the last set.
  Result<void> find_set(const MetricSamples& samples) {
    std::string names;
    put(names, static_cast<std::uint32_t>(samples.values.size()));
    for (const auto& [name, value] : samples.values) put_text(names, name);
    if (names.size() > kMaxPayload) return too_long(names.size());
    if (name_sets.size() >= kMaxNameSets && !name_sets.contains(names)) name_sets.clear();
    NameSet& set = name_sets[names];
    set.names.clear();  // others may be the same when written
    for (const auto& [name, value] : samples.values) set.names.push_back(name);
    if (set.frame.empty()) set.frame = make_frame(FrameType::names, names);
    set.crc = get<std::uint32_t>(set.frame, 8);
    last_set = &set;
    return {};
  }

  Result<void> write_names(NameSet& set) {
    const std::int64_t offset = end;
    const bool is_new = set.offset < 0;
    if (auto done = write(set.frame); !done) return done;
    set.offset = offset;
    return is_new ? write(set.frame) : Result<void>();
  }

  // The whole frame of kHeaderBytes and `size` bytes.
  void fill_metrics(char* frame, const MetricSamples& samples, const NameSet& set, std::size_t size) const {
    char* at = frame + kHeaderBytes;
    const auto add = [&at](auto value) {
      std::memcpy(at, &value, sizeof value);
      at += sizeof value;
    };
    add(clock.wall_ns);
    add(now());
    add(samples.step);
    add(set.offset);
    add(set.crc);
    for (const auto& [name, value] : samples.values) add(value);
    complete_frame(frame, FrameType::metrics, static_cast<std::uint32_t>(size));
  }

  Result<void> too_long(std::size_t size) const {
    return fail(ErrorKind::invalid_input, "append to the journal " + file.string(),
                "an event of " + std::to_string(size) + " bytes is longer than a frame may be");
  }
};

Result<std::unique_ptr<Writer>> Writer::open(const std::filesystem::path& file) {
  auto state = std::make_unique<State>();
  const std::string intention = "open the journal " + file.string() + " for writing";
  state->file = file;
  state->fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (state->fd < 0) return refused(intention, errno);
  struct flock lock {};  // of the open file, so that it goes with the process however that ends
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(state->fd, F_OFD_SETLK, &lock) != 0) {
    if (errno != EAGAIN && errno != EACCES) return refused(intention, errno);
    return fail(ErrorKind::io, intention, "another process is writing it", "wait for that run to end, or stop it");
  }
  struct stat info {};
  if (::fstat(state->fd, &info) != 0) return refused(intention, errno);
  const auto end = whole_end(state->fd, info.st_size, intention);
  if (!end) return tl::unexpected(end.error());
  state->end = end->offset;
  state->cut_bytes = end->tail_bytes;
  if (info.st_size > state->end && ::ftruncate(state->fd, state->end) != 0) return refused(intention, errno);
  state->window.emplace(state->fd);
  state->notice.emplace(state->fd);
  state->clock = read_clock();
  if (auto written = state->write_session(state->cut_bytes); !written) return tl::unexpected(written.error());
  return std::unique_ptr<Writer>(new Writer(std::move(state)));
}

Writer::Writer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Writer::~Writer() = default;

Result<void> Writer::append(const Payload& payload) {
  const std::lock_guard lock(state_->mutex);
  if (const auto* samples = std::get_if<MetricSamples>(&payload)) return state_->write_metrics(*samples);
  const std::string bytes = state_->stamp() + encode(payload);
  if (bytes.size() > kMaxPayload) return state_->too_long(bytes.size());
  return state_->write(make_frame(frame_type(payload), bytes));
}

Result<void> Writer::sync() {
  if (::fdatasync(state_->fd) != 0) return refused("flush the journal " + state_->file.string(), errno);
  return {};
}

std::int64_t Writer::cut_bytes() const noexcept { return state_->cut_bytes; }
std::int64_t Writer::now_ns() const noexcept { return state_->now(); }

}  // namespace athanor::journal
