#include "core/journal/transcript.h"

#include "core/base/files.h"
#include "core/journal/codec.h"
#include "core/journal/frames.h"
#include "core/journal/metric_frames.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <utility>

namespace athanor::journal {
namespace {

constexpr std::size_t kPiece = 1 << 20;  // bytes

}  // namespace

struct Transcript::State {
  std::filesystem::path file;
  std::int64_t anchor_ns = 0;
  int fd = -1;
  std::string waiting;
  std::int64_t end = 0;  // of the file, with what waits
  MetricFrames metric_frames;

  ~State() {
    if (fd >= 0) ::close(fd);
  }

  [[nodiscard]] std::string intention() const { return "write the journal " + file.string(); }

  // Without a sign, since times may be anything.
  [[nodiscard]] std::string stamp(std::int64_t wall_ns) const {
    std::string bytes;
    put(bytes, anchor_ns);
    put(bytes, static_cast<std::int64_t>(static_cast<std::uint64_t>(wall_ns) - static_cast<std::uint64_t>(anchor_ns)));
    return bytes;
  }

  void begin() {
    std::string payload = stamp(anchor_ns);
    payload += kMagic;
    put(payload, kFormatVersion);
    put(payload, std::uint32_t{0});
    put(payload, std::int64_t{0});
    put(payload, std::int64_t{0});
    put_text(payload, "");
    add(make_frame(FrameType::session, payload));
  }

  void add(const std::string& bytes) {
    waiting += bytes;
    end += static_cast<std::int64_t>(bytes.size());
  }

  Result<void> write() {
    std::size_t done = 0;
    while (done < waiting.size()) {
      const ssize_t got = ::write(fd, waiting.data() + done, waiting.size() - done);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return tl::unexpected(write_refusal(intention(), got == 0 ? ENOSPC : errno));
      done += static_cast<std::size_t>(got);
    }
    waiting.clear();
    return {};
  }

  Result<void> too_long(std::size_t size) const {
    return fail(ErrorKind::invalid_input, intention(),
                "an event of " + std::to_string(size) + " bytes is longer than a frame may be");
  }
};

Result<std::unique_ptr<Transcript>> Transcript::create(const std::filesystem::path& file, std::int64_t anchor_wall_ns) {
  auto state = std::make_unique<State>();
  state->file = file;
  state->anchor_ns = anchor_wall_ns;
  state->fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (state->fd < 0) return tl::unexpected(write_refusal(state->intention(), errno));
  state->begin();
  return std::unique_ptr<Transcript>(new Transcript(std::move(state)));
}

Transcript::Transcript(std::unique_ptr<State> state) : state_(std::move(state)) {}
Transcript::~Transcript() = default;

Result<void> Transcript::append(std::int64_t wall_ns, const Payload& payload) {
  State& state = *state_;
  const std::string stamp = state.stamp(wall_ns);
  if (const auto* samples = std::get_if<MetricSamples>(&payload)) {
    MetricFrames::Frames frames = state.metric_frames.make(*samples, stamp, state.end);
    if (frames.longest > kMaxPayload) return state.too_long(frames.longest);
    state.add(frames.bytes);
    state.metric_frames.keep(std::move(frames));
  } else {
    const std::string bytes = stamp + encode(payload);
    if (bytes.size() > kMaxPayload) return state.too_long(bytes.size());
    state.add(make_frame(frame_type(payload), bytes));
  }
  return state.waiting.size() < kPiece ? Result<void>() : state.write();
}

Result<void> Transcript::finish() {
  if (auto written = state_->write(); !written) return written;
  if (::fdatasync(state_->fd) != 0) return tl::unexpected(write_refusal(state_->intention(), errno));
  return {};
}

}  // namespace athanor::journal
