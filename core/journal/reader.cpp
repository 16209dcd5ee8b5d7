#include "core/journal/reader.h"

#include "core/journal/codec.h"
#include "core/journal/frames.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <optional>
#include <unistd.h>

namespace athanor::journal {
namespace {

using Names = std::vector<std::string>;
using SharedNames = std::shared_ptr<const Names>;

std::optional<Names> decode_names(std::string_view bytes) {
  // The same layout as a list of texts inside an event.
  if (bytes.size() < sizeof(std::uint32_t)) return std::nullopt;
  const auto count = get<std::uint32_t>(bytes, 0);
  bytes.remove_prefix(sizeof count);
  Names names;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (bytes.size() < sizeof(std::uint32_t)) return std::nullopt;
    const auto size = get<std::uint32_t>(bytes, 0);
    bytes.remove_prefix(sizeof size);
    if (bytes.size() < size) return std::nullopt;
    names.emplace_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return names;
}

// One call of read(): walks frames and turns them into events of one batch.
class Session {
 public:
  Session(const std::filesystem::path& path, FrameFile file, FrameFile elsewhere, MetricsAs metrics_as, Batch& batch)
      : path_(path), file_(std::move(file)), elsewhere_(std::move(elsewhere)), metrics_as_(metrics_as), batch_(batch) {}

  Result<void> run(std::int64_t offset, std::int64_t max_bytes) {
    batch_.next_offset = offset;
    const std::int64_t enough = offset + max_bytes;
    while (batch_.next_offset < file_.size() && batch_.next_offset < enough) {
      const std::optional<Frame> frame = file_.next(batch_.next_offset);
      // What was read before the bad place is a batch of its own.
      if (file_.refused() != 0 && batch_.next_offset > offset) return {};
      if (file_.refused() != 0) return refused(file_.refused(), batch_.next_offset);
      if (!frame) break;
      if (frame->type != FrameType::names && frame->payload.size() >= kStampBytes && !same_anchor(*frame)) break;
      if (frame->offset > batch_.next_offset)
        damaged(batch_.next_offset, frame->offset, "these bytes are not a whole frame");
      if (auto taken = take(*frame); !taken) return taken;
      batch_.next_offset = frame->end;
    }
    // Only when nothing whole follows are the remaining bytes a tail.
    const bool is_tail = !file_.next(batch_.next_offset);
    if (!is_tail || file_.refused() != 0) return {};
    batch_.torn_tail_bytes = file_.used_behind(batch_.next_offset);
    batch_.room_bytes = file_.size() - batch_.next_offset - batch_.torn_tail_bytes;
    return {};
  }

 private:
  [[nodiscard]] tl::unexpected<Error> refused(int reason, std::int64_t offset) const {
    return fail(ErrorKind::io, "read the journal " + path_.string() + " behind byte " + std::to_string(offset),
                std::strerror(reason), "check the disk it lies on");
  }

  // All events of a batch share one anchor; a frame of another session ends it.
  bool same_anchor(const Frame& frame) {
    const auto anchor = get<std::int64_t>(frame.payload, 0);
    if (!(batch_.events.empty() && batch_.rows.empty()) && anchor != batch_.anchor_wall_ns) return false;
    if (batch_.clock && batch_.clock->wall_ns != anchor) batch_.clock.reset();
    batch_.anchor_wall_ns = anchor;
    return true;
  }

  void damaged(std::int64_t begin, std::int64_t end, std::string reason) {
    batch_.damage.push_back({begin, end - begin, std::move(reason)});
  }

  Result<void> take(const Frame& frame) {
    switch (frame.type) {
      case FrameType::session: return take_session(frame);
      case FrameType::names:
        if (auto names = decode_names(frame.payload)) keep(frame.crc, std::move(*names));
        return {};
      case FrameType::metrics: return take_metrics(frame);
      default: break;
    }
    const bool known = frame.type >= FrameType::state_changed && frame.type <= kLastEvent;
    if (!known) return {};  // of a later version
    std::optional<Payload> payload;
    if (frame.payload.size() >= kStampBytes) payload = decode(frame.type, frame.payload.substr(kStampBytes));
    if (!payload) {
      damaged(frame.offset, frame.end, "this frame does not hold the fields of its type");
      return {};
    }
    batch_.events.push_back({get<std::int64_t>(frame.payload, 8), std::move(*payload)});
    return {};
  }

  Result<void> take_session(const Frame& frame) {
    const std::string_view body =
        frame.payload.size() >= kStampBytes ? frame.payload.substr(kStampBytes) : std::string_view();
    if (body.size() < kMagic.size() + sizeof(std::uint32_t) || body.substr(0, kMagic.size()) != kMagic) {
      damaged(frame.offset, frame.end, "this session frame lacks the mark of a journal");
      return {};
    }
    const auto version = get<std::uint32_t>(body, kMagic.size());
    if (version > kFormatVersion) {
      return fail(ErrorKind::unavailable, "read the journal " + path_.string(),
                  "it was written in format " + std::to_string(version) + " and this program knows format " +
                      std::to_string(kFormatVersion),
                  "update Athanor on this machine");
    }
    const std::size_t pid_at = kMagic.size() + sizeof version;
    if (body.size() >= pid_at + sizeof(std::uint32_t)) batch_.writer_pid = get<std::uint32_t>(body, pid_at);
    const std::size_t cut_at = pid_at + sizeof(std::uint32_t);
    const auto cut = body.size() >= cut_at + sizeof(std::int64_t) ? get<std::int64_t>(body, cut_at) : 0;
    if (cut > 0) batch_.cut.push_back({frame.offset, cut, "the end of an event that was never finished"});
    batch_.clock = clock_of(get<std::int64_t>(frame.payload, 0), body.substr(std::min(body.size(), cut_at + 8)));
    return {};
  }

  static SessionClock clock_of(std::int64_t anchor_wall_ns, std::string_view bytes) {
    SessionClock clock{anchor_wall_ns, 0, {}};
    constexpr std::size_t kFixed = sizeof(std::int64_t) + sizeof(std::uint32_t);
    if (bytes.size() < kFixed) return clock;  // of an earlier version
    const auto size = get<std::uint32_t>(bytes, sizeof(std::int64_t));
    if (bytes.size() - kFixed < size) return clock;
    clock.monotonic_ns = get<std::int64_t>(bytes, 0);
    clock.host = bytes.substr(kFixed, size);
    return clock;
  }

  const SharedNames& keep(std::uint32_t crc, Names names) {
    return names_[crc] = std::make_shared<const Names>(std::move(names));
  }

  SharedNames names_of(std::int64_t offset, std::uint32_t crc, std::int64_t before) {
    if (const auto known = names_.find(crc); known != names_.end()) return known->second;
    // The frame lies before this batch: where the sample says, or as a later copy if that one is damaged.
    auto frame = elsewhere_.at(offset);
    if (!frame || frame->type != FrameType::names || frame->crc != crc) {
      frame = elsewhere_.next(0);
      while (frame && frame->offset < before && (frame->type != FrameType::names || frame->crc != crc)) {
        frame = elsewhere_.next(frame->end);
      }
    }
    if (!frame || frame->type != FrameType::names || frame->crc != crc) return nullptr;
    auto names = decode_names(frame->payload);
    if (!names) return nullptr;
    return keep(crc, std::move(*names));
  }

  Result<void> take_metrics(const Frame& frame) {
    constexpr std::size_t kFixed = kStampBytes + 8 + 8 + 4;
    if (frame.payload.size() < kFixed) {
      damaged(frame.offset, frame.end, "this metric frame is too short");
      return {};
    }
    const SharedNames names = names_of(get<std::int64_t>(frame.payload, kStampBytes + 8),
                                       get<std::uint32_t>(frame.payload, kStampBytes + 16), frame.offset);
    if (elsewhere_.refused() != 0) return refused(elsewhere_.refused(), 0);
    if (names == nullptr || frame.payload.size() < kFixed + names->size() * sizeof(double)) {
      damaged(frame.offset, frame.end,
              names == nullptr ? "the names of these metrics are damaged"
                               : "this metric frame has fewer values than names");
      return {};
    }
    const auto step = get<std::int64_t>(frame.payload, kStampBytes);
    const auto time_ns = get<std::int64_t>(frame.payload, 8);
    const std::string_view values = frame.payload.substr(kFixed, names->size() * sizeof(double));
    if (metrics_as_ == MetricsAs::rows) {
      add_row(names, step, time_ns, values);
      return {};
    }
    MetricSamples samples;
    samples.step = step;
    samples.values.reserve(names->size());
    for (std::size_t i = 0; i < names->size(); ++i)
      samples.values.emplace_back((*names)[i], get<double>(values, i * sizeof(double)));
    batch_.events.push_back({time_ns, std::move(samples)});
    return {};
  }

  void add_row(const SharedNames& names, std::int64_t step, std::int64_t time_ns, std::string_view values) {
    if (batch_.rows.empty() || batch_.rows.back().before != batch_.events.size() || batch_.rows.back().names != names)
      batch_.rows.push_back(
          {.before = batch_.events.size(), .names = names, .steps = {}, .times_ns = {}, .values = {}});
    MetricRows& rows = batch_.rows.back();
    rows.steps.push_back(step);
    rows.times_ns.push_back(time_ns);
    const std::size_t at = rows.values.size();
    rows.values.resize(at + names->size());
    if (!values.empty()) std::memcpy(rows.values.data() + at, values.data(), values.size());
  }

  const std::filesystem::path& path_;
  FrameFile file_;
  FrameFile elsewhere_;  // a second buffer, so that looking names up does not move the first
  MetricsAs metrics_as_;
  Batch& batch_;
  std::map<std::uint32_t, SharedNames> names_;
};

}  // namespace

Result<Batch> read(const std::filesystem::path& file, std::int64_t offset, std::int64_t max_bytes,
                   MetricsAs metrics_as) {
  auto frames = FrameFile::open(file);
  if (!frames) return tl::unexpected(frames.error());
  if (frames->size() < offset) {
    return fail(ErrorKind::corrupt, "read the journal " + file.string() + " from byte " + std::to_string(offset),
                "it has only " + std::to_string(frames->size()) + " bytes", "import the run again from its directory");
  }
  auto elsewhere = FrameFile::open(file);
  if (!elsewhere) return tl::unexpected(elsewhere.error());
  Batch batch;
  Session session(file, std::move(*frames), std::move(*elsewhere), metrics_as, batch);
  if (auto done = session.run(offset, max_bytes); !done) return tl::unexpected(done.error());
  return batch;
}

bool differs_from(const std::filesystem::path& file, std::int64_t bytes) {
  auto frames = FrameFile::open(file);
  return frames && (frames->size() < bytes || !frames->is_room_behind(bytes));
}

bool has_writer(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  struct flock lock {};
  lock.l_type = F_RDLCK;  // what an exclusive lock of a writer would refuse; asked, not taken
  lock.l_whence = SEEK_SET;
  const bool asked = ::fcntl(fd, F_OFD_GETLK, &lock) == 0;
  ::close(fd);
  return asked && lock.l_type != F_UNLCK;
}

std::string file_name(int rank) { return "journal-" + std::to_string(rank) + ".athj"; }

std::vector<int> ranks_in(const std::filesystem::path& folder) {
  std::vector<int> ranks;
  std::error_code code;
  for (auto entry = std::filesystem::directory_iterator(folder, code);
       !code && entry != std::filesystem::directory_iterator(); entry.increment(code)) {
    constexpr std::string_view kHead = "journal-";
    const std::string name = entry->path().filename().string();
    int rank = -1;
    if (!name.starts_with(kHead)) continue;
    std::from_chars(name.data() + kHead.size(), name.data() + name.size(), rank);
    if (rank >= 0 && name == file_name(rank)) ranks.push_back(rank);
  }
  std::ranges::sort(ranks);
  return ranks;
}

}  // namespace athanor::journal
