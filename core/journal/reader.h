// Reads a journal from a byte offset on: the same call follows a live run and replays an old one.
#pragma once

#include "core/base/result.h"
#include "core/journal/clock.h"
#include "core/journal/event.h"
#include "core/journal/metric_rows.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace athanor::journal {

// A stretch of bytes in the middle that is not a whole frame; reading went on behind it.
struct Damage {
  std::int64_t offset = 0;
  std::int64_t bytes = 0;
  std::string reason;
};

struct Batch {
  std::vector<Event> events;
  std::vector<MetricRows> rows;  // only where metrics are read as rows
  std::int64_t next_offset = 0;  // read from here next time; always a frame boundary
  std::int64_t anchor_wall_ns =
      0;  // wall clock (Unix epoch, ns) at time_ns == 0, of the header that governs these events
  // Bytes behind next_offset that are not yet, or never became, a whole frame; and the zeros behind those, which are
  // room that a writer keeps for what is to come. Both 0 where whole frames follow.
  std::int64_t torn_tail_bytes = 0;
  std::int64_t room_bytes = 0;
  std::vector<Damage> damage;
  std::vector<Damage> cut;       // torn tails that a later writer has cut: where they began and how long they were
  std::uint32_t writer_pid = 0;  // process of the newest writer whose session frame was read in this batch; 0: none was
  // Of the session that governs these events, where it begins in this batch.
  std::optional<SessionClock> clock;
};

enum class MetricsAs { events, rows };

// At most max_bytes are read. ErrorKind::corrupt: the file is shorter than offset. io: it cannot be read here; what
// lies before that place is given by earlier calls. unavailable: a later version of the format.
[[nodiscard]] Result<Batch> read(const std::filesystem::path& file, std::int64_t offset,
                                 std::int64_t max_bytes = 4 << 20, MetricsAs metrics_as = MetricsAs::events);

// Whether the file has more than `bytes` bytes and room, or fewer than `bytes`; false when it cannot be read.
[[nodiscard]] bool differs_from(const std::filesystem::path& file, std::int64_t bytes);

// Whether a living process on this machine has the journal open for writing. False when there is no such file.
[[nodiscard]] bool has_writer(const std::filesystem::path& file);

// "journal-0.athj"
[[nodiscard]] std::string file_name(int rank);
// The ranks that have a journal in this folder, ascending; one may be missing between others.
[[nodiscard]] std::vector<int> ranks_in(const std::filesystem::path& folder);

}  // namespace athanor::journal
