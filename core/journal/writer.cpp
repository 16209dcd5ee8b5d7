#include "core/journal/writer.h"

#include "core/base/files.h"
#include "core/journal/clock.h"
#include "core/journal/codec.h"
#include "core/journal/frames.h"
#include "core/journal/metric_frames.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <sys/stat.h>
#include <unistd.h>

namespace athanor::journal {
namespace {

tl::unexpected<Error> refused(const std::string& intention, int reason) {
  Error error = write_refusal(intention, reason);
  if (!error.remedy.empty()) error.remedy += ", then resume the run";
  return tl::unexpected(std::move(error));
}

// Where the last whole frame ends. What follows may be cut only when it can be what a dying writer left: all of it was
// read, and it is no more than one frame.
Result<std::int64_t> whole_end(int fd, std::int64_t size, const std::string& intention) {
  FrameFile frames(fd, size);
  std::int64_t end = 0;
  while (const auto frame = frames.next(end)) end = frame->end;
  if (frames.refused() != 0) return refused(intention, frames.refused());
  if (size - end <= static_cast<std::int64_t>(kHeaderBytes) + kMaxPayload) return end;
  return fail(ErrorKind::corrupt, intention,
              "its last " + std::to_string(size - end) + " bytes, from byte " + std::to_string(end) +
                  " on, are damaged, and that is more than an unfinished event",
              "restore the file from a copy, or fork the run from one of its checkpoints");
}

}  // namespace

struct Writer::State {
  std::filesystem::path file;
  int fd = -1;
  SessionClock clock;
  std::int64_t cut_bytes = 0;
  std::mutex mutex;  // guards everything below and the file
  std::int64_t end = 0;
  bool torn = false;  // bytes of a refused write may lie behind `end`
  MetricFrames metric_frames;

  ~State() {
    if (fd >= 0) ::close(fd);
  }

  [[nodiscard]] std::int64_t now() const { return monotonic_now_ns() - clock.monotonic_ns; }

  [[nodiscard]] std::string stamp() const {
    std::string bytes;
    put(bytes, clock.wall_ns);
    put(bytes, now());
    return bytes;
  }

  Result<void> write(std::string_view bytes) {
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
    return write(make_frame(FrameType::session, payload));
  }

  Result<void> write_metrics(const MetricSamples& samples) {
    MetricFrames::Frames frames = metric_frames.make(samples, stamp(), end);
    if (frames.longest > kMaxPayload) return too_long(frames.longest);
    if (auto done = write(frames.bytes); !done) return done;
    metric_frames.keep(std::move(frames));
    return {};
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
  state->end = *end;
  state->cut_bytes = info.st_size - state->end;
  if (state->cut_bytes > 0 && ::ftruncate(state->fd, state->end) != 0) return refused(intention, errno);
  state->clock = read_clock();
  if (auto written = state->write_session(state->cut_bytes); !written) return tl::unexpected(written.error());
  return std::unique_ptr<Writer>(new Writer(std::move(state)));
}

Writer::Writer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Writer::~Writer() = default;

Result<void> Writer::append(Payload payload) {
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
