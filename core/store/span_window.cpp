#include "core/store/span_window.h"

#include "core/store/database.h"
#include "core/store/lane_columns.h"
#include "core/store/span_lanes.h"
#include "core/store/span_page.h"
#include "core/store/step_bounds.h"

#include <algorithm>
#include <string>

namespace athanor::store {
namespace {

constexpr int kWidestColumn = 60;
// So many are told singly in any case, and at most one for so many columns: narrower ones cannot be told apart.
constexpr int kFewSpans = 64;
constexpr int kColumnsPerSpan = 4;
constexpr std::int64_t kStepSpans = 50'000;  // in a window whose steps are told apart, of all lanes together

struct LaneRow {
  std::int64_t id = 0;
  int rank = 0, lane = 0;
  std::int64_t pages = 0;
  std::int64_t begin_ns = 0, end_ns = 0;
};

struct Between {
  std::int64_t begin_ns = 0, end_ns = 0;
  // What has no length counts where it begins.
  [[nodiscard]] bool overlap(std::int64_t begin, std::int64_t end) const {
    return begin < end_ns && (end > begin_ns || (begin == end && begin >= begin_ns));
  }
};

struct PageRow {
  std::int64_t number = 0;
  std::int64_t spans = 0;
  std::int64_t begin_ns = 0, end_ns = 0;
  int shift = 0;
};

// Goes through what reaches into a window of one lane: pages of shares as high up as `shift` allows, spans elsewhere.
// In place of a damaged page of shares it takes what that sums up.
class LaneWalk {
 public:
  LaneWalk(Connection& connection, const LaneRow& lane, const Between& times, std::vector<DamagedSpans>& damaged)
      : connection_(connection), lane_(lane), times_(times), damaged_(damaged) {}

  // Negative `shift`: all spans.
  template <class TakeSpan, class TakeShare>
  void run(int shift, SpanFields fields, TakeSpan&& take_span, TakeShare&& take_share) {
    shift_ = shift;
    fields_ = fields;
    const auto span = [&](const TimedSpan& each) {
      if (times_.overlap(each.span.begin_ns, each.span.end_ns)) take_span(each);
    };
    // What no page above sums up, from the highest level down.
    std::vector<std::int64_t> pages = {lane_.pages};
    for (std::int64_t fan = kSpanBase; pages.back() >= fan; fan = kSpanFan) pages.push_back(pages.back() / fan);
    for (int level = static_cast<int>(pages.size()) - 1; level >= 0; --level) {
      const auto at = static_cast<std::size_t>(level);
      const std::int64_t above = at + 1 < pages.size() ? pages[at + 1] * (level == 0 ? kSpanBase : kSpanFan) : 0;
      walk(level, above, pages[at], span, take_share);
    }
    for (const TimedSpan& each : tail()) span(each);
  }

 private:
  template <class TakeSpan, class TakeShare>
  void walk(int level, std::int64_t from, std::int64_t to, TakeSpan& take_span, TakeShare& take_share) {
    for (const PageRow& page : rows(level, from, to)) {
      if (!times_.overlap(page.begin_ns, page.end_ns)) continue;
      if (level == 0) {
        spans_.clear();
        if (!read(level, page,
                  [&](const std::string& bytes) { unpack_spans(bytes, fields_, lane_.rank, lane_.lane, spans_); }))
          damaged_.push_back({lane_.rank, lane_.lane, page.begin_ns, page.end_ns, page.spans});
        else
          for (const TimedSpan& each : spans_) take_span(each);
        continue;
      }
      shares_.clear();
      if (page.shift <= shift_ && read(level, page, [&](const std::string& bytes) { unpack_shares(bytes, shares_); })) {
        for (const BusyShare& share : shares_) take_share(share, page.shift);
        continue;
      }
      const std::int64_t fan = level == 1 ? kSpanBase : kSpanFan;
      walk(level - 1, page.number * fan, (page.number + 1) * fan, take_span, take_share);
    }
  }

  std::vector<PageRow> rows(int level, std::int64_t from, std::int64_t to) {
    std::vector<PageRow> rows;
    if (from >= to) return rows;
    auto& query = connection_.statement(
        "SELECT number, spans, begin_ns, end_ns, shift FROM span_page INDEXED BY span_page_number "
        "WHERE lane = ? AND level = ? AND number >= ? AND number < ? ORDER BY number");
    SQLite::bind(query, lane_.id, level, from, to);
    while (query.executeStep())
      rows.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getInt64(), query.getColumn(2).getInt64(),
                      query.getColumn(3).getInt64(), query.getColumn(4).getInt()});
    return rows;
  }

  template <class Unpack>
  bool read(int level, const PageRow& page, Unpack&& unpack) {
    auto& query = connection_.statement("SELECT bytes FROM span_page WHERE lane = ? AND level = ? AND number = ?");
    SQLite::bind(query, lane_.id, level, page.number);
    bytes_ = query.executeStep() ? bytes_of(query, 0) : std::string();
    return is_whole([&] { unpack(bytes_); });
  }

  std::vector<TimedSpan> tail() {
    auto& query = connection_.statement("SELECT bytes, spans FROM span_piece WHERE lane = ? ORDER BY id");
    query.bind(1, lane_.id);
    std::vector<TimedSpan> all;
    while (query.executeStep()) {
      bytes_ = bytes_of(query, 0);
      const std::size_t before = all.size();
      if (is_whole([&] { unpack_spans(bytes_, fields_, lane_.rank, lane_.lane, all); })) continue;
      all.resize(before);
      damaged_.push_back({lane_.rank, lane_.lane, lane_.begin_ns, lane_.end_ns, query.getColumn(1).getInt64()});
    }
    return all;
  }

  template <class Work>
  static bool is_whole(Work&& work) {
    try {
      work();
      return true;
    } catch (const Failure& failure) {
      if (failure.error().kind != ErrorKind::corrupt) throw;
      return false;
    }
  }

  Connection& connection_;
  const LaneRow& lane_;
  Between times_;
  std::vector<DamagedSpans>& damaged_;
  int shift_ = 0;
  SpanFields fields_ = SpanFields::times;
  std::string bytes_;
  std::vector<TimedSpan> spans_;
  BusyShares shares_;
};

constexpr auto kNoShares = [](const BusyShare&, int) {};

std::vector<LaneRow> lanes_of(Connection& connection, RunId run) {
  auto& query = connection.statement(
      "SELECT id, rank, lane, pages, begin_ns, end_ns FROM span_lane WHERE run = ? AND spans > 0 ORDER BY rank, lane");
  query.bind(1, run);
  std::vector<LaneRow> lanes;
  while (query.executeStep())
    lanes.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getInt(), query.getColumn(2).getInt(),
                     query.getColumn(3).getInt64(), query.getColumn(4).getInt64(), query.getColumn(5).getInt64()});
  return lanes;
}

TimelineLane read_lane(Connection& connection, const LaneRow& row, const TimelineWindow& window, int shift,
                       std::vector<DamagedSpans>& damaged) {
  TimelineLane lane;
  lane.rank = row.rank;
  lane.lane = row.lane;
  lane.is_untold = row.lane == kUntoldLane;
  const Between times{window.begin_ns, window.end_ns()};
  if (!times.overlap(row.begin_ns, row.end_ns)) {
    lane.is_single = true;
    return lane;
  }
  LaneColumns columns(shift, window.begin_ns >> shift, window.columns);
  std::int64_t reach_in = 0;  // begun before the window
  const auto known = static_cast<std::ptrdiff_t>(damaged.size());
  LaneWalk walk(connection, row, times, damaged);
  walk.run(
      shift, SpanFields::times,
      [&](const TimedSpan& each) {
        columns.add(each);
        if (each.span.begin_ns < window.begin_ns) ++reach_in;
      },
      [&](const BusyShare& share, int of) { columns.add(share, of); });
  lane.spans = columns.begun() + reach_in;
  lane.is_single = lane.spans <= std::max(kFewSpans, window.columns / kColumnsPerSpan);
  if (!lane.is_single) {
    columns.write(lane);
    return lane;
  }
  damaged.erase(damaged.begin() + known, damaged.end());
  walk.run(
      -1, SpanFields::all, [&](const TimedSpan& each) { lane.single.push_back(each.span); }, kNoShares);
  std::ranges::stable_sort(lane.single, {}, &journal::Span::begin_ns);
  lane.spans = std::ssize(lane.single);
  return lane;
}

// Steps that begin or end outside of the window are read on to both sides as far as it is wide.
std::vector<TimelineStep> read_steps(Connection& connection, const std::vector<LaneRow>& rows,
                                     const TimelineWindow& window) {
  std::int64_t spans = 0;
  for (const TimelineLane& lane : window.lanes)
    if (!lane.is_untold) spans += lane.spans;
  if (spans > kStepSpans) return {};
  const std::int64_t width = window.end_ns() - window.begin_ns;
  const Between times{window.begin_ns - width, window.end_ns() + width};
  std::vector<DamagedSpans> damaged;
  StepBounds steps(times.begin_ns, times.end_ns);
  for (const LaneRow& row : rows) {
    if (row.lane == kUntoldLane || !times.overlap(row.begin_ns, row.end_ns)) continue;
    LaneWalk(connection, row, times, damaged)
        .run(
            -1, SpanFields::all, [&](const TimedSpan& each) { steps.add(each.span); }, kNoShares);
  }
  return damaged.empty() ? steps.within(window.begin_ns, window.end_ns()) : std::vector<TimelineStep>();
}

}  // namespace

TimelineExtent read_extent(Connection& connection, RunId run) {
  TimelineExtent extent;
  for (const LaneRow& row : lanes_of(connection, run)) {
    if (row.lane == kUntoldLane) continue;
    const bool is_first = extent.begin_ns == extent.end_ns && extent.begin_ns == 0;
    extent.begin_ns = is_first ? row.begin_ns : std::min(extent.begin_ns, row.begin_ns);
    extent.end_ns = is_first ? row.end_ns : std::max(extent.end_ns, row.end_ns);
  }
  auto& query = connection.statement("SELECT coalesce(sum(spans), 0) FROM span_lane WHERE run = ? AND lane <> ?");
  SQLite::bind(query, run, kUntoldLane);
  if (query.executeStep()) extent.spans = query.getColumn(0).getInt64();
  return extent;
}

TimelineWindow read_window(Connection& connection, RunId run, std::int64_t begin_ns, std::int64_t end_ns, int columns) {
  TimelineWindow window;
  window.whole = read_extent(connection, run);
  begin_ns = std::max(begin_ns, window.whole.begin_ns);
  end_ns = std::min(end_ns, window.whole.end_ns);
  if (end_ns <= begin_ns || columns < 2) return window;
  int shift = 0;
  while (shift < kWidestColumn && ((end_ns - 1) >> shift) - (begin_ns >> shift) >= columns) ++shift;
  window.begin_ns = begin_ns >> shift << shift;
  window.column_ns = std::int64_t{1} << shift;
  window.columns = static_cast<int>(((end_ns - 1) >> shift) - (begin_ns >> shift) + 1);
  const std::vector<LaneRow> rows = lanes_of(connection, run);
  for (const LaneRow& row : rows) window.lanes.push_back(read_lane(connection, row, window, shift, window.damaged));
  window.steps = read_steps(connection, rows, window);
  return window;
}

}  // namespace athanor::store
