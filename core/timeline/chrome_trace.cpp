#include "core/timeline/chrome_trace.h"

#include "core/base/files.h"
#include "core/journal/reader.h"
#include "core/journal/text.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <set>
#include <type_traits>
#include <variant>

namespace athanor::timeline {
namespace fs = std::filesystem;
namespace {

using journal::Payload;

template <class T>
constexpr bool kIsMark = std::is_same_v<T, journal::StateChanged> || std::is_same_v<T, journal::FaultSeen> ||
                         std::is_same_v<T, journal::Recovery> || std::is_same_v<T, journal::Alert> ||
                         std::is_same_v<T, journal::CheckpointWritten> || std::is_same_v<T, journal::StragglerSeen> ||
                         std::is_same_v<T, journal::WorkShifted>;

bool is_mark(const Payload& payload) {
  return std::visit([]<class T>(const T&) { return kIsMark<T>; }, payload);
}

std::string microseconds(std::int64_t nanoseconds) {
  return fmt::format("{:.3f}", static_cast<double>(nanoseconds) / 1e3);
}

class Trace {
 public:
  Trace(std::ostream& out, const TraceRange& range) : out_(out), range_(range) {
    out_ << R"({"displayTimeUnit":"ms","traceEvents":[)";
  }

  Result<void> add(int rank, const fs::path& file) {
    name_process(rank);
    anchor_.reset();
    lanes_.clear();
    for (std::int64_t offset = 0; out_.good();) {
      const auto batch = journal::read(file, offset);
      if (!batch) return tl::unexpected(batch.error());
      if (batch->next_offset == offset) break;
      offset = batch->next_offset;
      place(*batch);
      for (const journal::Event& event : batch->events) add(rank, event);
    }
    ++written_.ranks;
    return {};
  }

  TraceWritten end() {
    out_ << "\n]}\n";
    return std::move(written_);
  }
  void pass_over(Error error) { written_.passed_over.push_back(std::move(error)); }

 private:
  void place(const journal::Batch& batch) {
    if (batch.clock) {
      zero_ns_ = axis_.place(*batch.clock);
    } else if (anchor_ != batch.anchor_wall_ns) {
      zero_ns_ = batch.anchor_wall_ns;
    }
    anchor_ = batch.anchor_wall_ns;
    if (!origin_ns_) origin_ns_ = zero_ns_;
  }

  void add(int rank, const journal::Event& event) {
    if (const auto* span = std::get_if<journal::Span>(&event.payload)) return add(rank, *span);
    if (!is_mark(event.payload) || !is_within(event.time_ns, event.time_ns)) return;
    ++written_.marks;
    line(fmt::format(R"({{"ph":"i","s":"p","name":"{}","cat":"mark","pid":{},"tid":0,"ts":{},"args":{}}})",
                     journal::event_name(event.payload), rank, time(event.time_ns), journal::to_json(event)));
  }

  void add(int rank, const journal::Span& span) {
    if (!is_within(span.begin_ns, span.end_ns)) return;
    if (lanes_.insert(span.lane).second) name_lane(rank, span.lane);
    ++written_.spans;
    const std::string_view kind = journal::to_string(span.kind);
    line(fmt::format(
        R"({{"ph":"X","name":"{} {}","cat":"{}","pid":{},"tid":{},"ts":{},"dur":{},"args":{{"step":{},"micro_batch":{},"stage":{}}}}})",
        kind, span.micro_batch, kind, rank, span.lane, time(span.begin_ns), microseconds(span.end_ns - span.begin_ns),
        span.step, span.micro_batch, span.stage));
  }

  void name_process(int rank) {
    line(fmt::format(R"({{"ph":"M","name":"process_name","pid":{0},"tid":0,"args":{{"name":"rank {0}"}}}})", rank));
    line(
        fmt::format(R"({{"ph":"M","name":"process_sort_index","pid":{0},"tid":0,"args":{{"sort_index":{0}}}}})", rank));
  }
  void name_lane(int rank, int lane) {
    line(fmt::format(R"({{"ph":"M","name":"thread_name","pid":{0},"tid":{1},"args":{{"name":"lane {1}"}}}})", rank,
                     lane));
  }

  [[nodiscard]] bool is_within(std::int64_t begin_ns, std::int64_t end_ns) const {
    const std::int64_t zero = zero_ns_ - (range_.from_beginning ? origin_ns_.value_or(0) : 0);
    return zero + begin_ns <= range_.end_ns && zero + end_ns >= range_.begin_ns;
  }

  [[nodiscard]] std::string time(std::int64_t of_session_ns) const {
    return microseconds(zero_ns_ + of_session_ns - origin_ns_.value_or(0));
  }

  void line(const std::string& text) {
    out_ << (first_ ? "\n" : ",\n") << text;
    first_ = false;
  }

  std::ostream& out_;
  TraceRange range_;
  TraceWritten written_;
  journal::TimeAxis axis_;
  std::optional<std::int64_t> origin_ns_;
  std::optional<std::int64_t> anchor_;  // of the session whose time 0 is at zero_ns_
  std::int64_t zero_ns_ = 0;
  std::set<int> lanes_;
  bool first_ = true;
};

}  // namespace

Result<TraceWritten> write_chrome_trace(const fs::path& run, const fs::path& file, const TraceRange& range) {
  const std::string intention = "write the trace " + file.string();
  const fs::path unfinished = file.string() + ".part";
  const auto give_up = [&](Error error) -> tl::unexpected<Error> {
    std::error_code ignored;
    fs::remove(unfinished, ignored);
    return tl::unexpected(std::move(error));
  };
  errno = 0;
  std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
  if (!out) return tl::unexpected(write_refusal(intention, errno));
  Trace trace(out, range);
  for (const int rank : journal::ranks_in(run)) {
    auto added = trace.add(rank, run / journal::file_name(rank));
    if (added) continue;
    if (rank == 0) return give_up(added.error());
    trace.pass_over(added.error());
  }
  TraceWritten written = trace.end();
  out.close();
  if (!out) return give_up(write_refusal(intention, errno));
  std::error_code code;
  fs::rename(unfinished, file, code);
  if (code) return give_up(write_refusal(intention, code.value()));
  return written;
}

}  // namespace athanor::timeline
