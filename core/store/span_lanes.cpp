#include "core/store/span_lanes.h"

#include "core/store/columns.h"
#include "core/store/database.h"

#include <algorithm>

namespace athanor::store {
namespace {

constexpr int kMaxPieces = 64;   // then they are put together, so that a tail is read quickly
constexpr int kMostLevels = 24;  // more spans than a lane can have
constexpr std::int64_t kMostStep = std::int64_t{1} << 62;
constexpr std::int64_t kFar = std::int64_t{1} << 61;  // nanoseconds from 1970; no time is farther

bool is_stepless(journal::SpanKind kind) {
  return kind == journal::SpanKind::evaluate || kind == journal::SpanKind::checkpoint;
}

std::int64_t fan_above(int level) { return level == 0 ? kSpanBase : kSpanFan; }

// False where it comes upon damage.
template <class Work>
bool if_whole(Work&& work) {
  try {
    work();
    return true;
  } catch (const Failure& failure) {
    if (failure.error().kind != ErrorKind::corrupt) throw;
    return false;
  }
}

void drop_from(Connection& connection, std::int64_t lane, int level, std::int64_t number) {
  auto& drop = connection.statement("DELETE FROM span_page WHERE lane = ? AND level = ? AND number >= ?");
  SQLite::bind(drop, lane, level, number);
  drop.exec();
}

// Of one page; nothing of it where it is damaged.
std::vector<TimedSpan> spans_of(Connection& connection, std::int64_t id, int rank, int lane, std::int64_t number,
                                SpanFields fields) {
  auto& query = connection.statement("SELECT bytes FROM span_page WHERE lane = ? AND level = 0 AND number = ?");
  SQLite::bind(query, id, number);
  std::vector<TimedSpan> spans;
  if (!query.executeStep()) return spans;
  const std::string bytes = bytes_of(query, 0);
  if (!if_whole([&] { unpack_spans(bytes, fields, rank, lane, spans); })) spans.clear();
  return spans;
}

}  // namespace

LaneSpans::LaneSpans(Connection& connection, RunId run, int rank, int lane) : rank_(rank), lane_(lane) {
  auto& query = connection.statement(
      "SELECT id, pages, spans, begin_ns, end_ns, last_step FROM span_lane WHERE run = ? AND rank = ? AND lane = ?");
  SQLite::bind(query, run, rank, lane);
  if (!query.executeStep()) {
    auto& insert = connection.statement("INSERT INTO span_lane (run, rank, lane) VALUES (?, ?, ?)");
    SQLite::bind(insert, run, rank, lane);
    insert.exec();
    id_ = connection.database().getLastInsertRowid();
    return;
  }
  id_ = query.getColumn(0).getInt64();
  pages_ = query.getColumn(1).getInt64();
  spans_ = query.getColumn(2).getInt64();
  begin_ns_ = query.getColumn(3).getInt64();
  end_ns_ = query.getColumn(4).getInt64();
  last_step_ = query.getColumn(5).getInt64();
  read_tail(connection);
}

void LaneSpans::read_tail(Connection& connection) {
  auto& query = connection.statement("SELECT bytes FROM span_piece WHERE lane = ? ORDER BY id");
  query.bind(1, id_);
  while (query.executeStep()) {
    const std::string bytes = bytes_of(query, 0);
    std::vector<TimedSpan> piece;
    if (if_whole([&] { unpack_spans(bytes, SpanFields::all, rank_, lane_, piece); }))
      tail_.insert(tail_.end(), piece.begin(), piece.end());
    ++pieces_;
  }
  written_ = tail_.size();
}

void LaneSpans::add_facts(const journal::Span& span) {
  begin_ns_ = spans_ == 0 ? span.begin_ns : std::min(begin_ns_, span.begin_ns);
  end_ns_ = spans_ == 0 ? span.end_ns : std::max(end_ns_, span.end_ns);
  last_step_ = std::max(last_step_, span.step);
  ++spans_;
}

void LaneSpans::append(TimedSpan span) {
  add_facts(span.span);
  tail_.push_back(span);
  changed_ = true;
}

void LaneSpans::flush(Connection& connection) {
  if (!changed_) return;
  if (tail_.size() >= kPageSpans) seal(connection);
  if (written_ < tail_.size()) write_piece(connection);
  auto& update = connection.statement(
      "UPDATE span_lane SET pages = ?, spans = ?, begin_ns = ?, end_ns = ?, last_step = ? WHERE id = ?");
  SQLite::bind(update, pages_, spans_, begin_ns_, end_ns_, last_step_, id_);
  update.exec();
  changed_ = false;
}

void LaneSpans::seal(Connection& connection) {
  std::size_t sealed = 0;
  for (; tail_.size() - sealed >= kPageSpans; sealed += kPageSpans) {
    write_page(connection, 0, pages_, std::span(tail_).subspan(sealed, kPageSpans), nullptr);
    ++pages_;
    sum_up_above(connection);
  }
  drop_pieces(connection);
  tail_.erase(tail_.begin(), tail_.begin() + static_cast<std::ptrdiff_t>(sealed));
}

// Of every level that has so many pages now that one more above it is full.
void LaneSpans::sum_up_above(Connection& connection) {
  std::int64_t pages = pages_;
  for (int level = 0; pages % fan_above(level) == 0; ++level) {
    pages /= fan_above(level);
    const SummedUp sum = sum_of(connection, level + 1, pages - 1);
    write_page(connection, level + 1, pages - 1, {}, &sum);
  }
}

SummedUp LaneSpans::sum_of(Connection& connection, int level, std::int64_t number) {
  const std::int64_t fan = fan_above(level - 1);
  if (level == 1) {
    std::vector<TimedSpan> spans;
    for (std::int64_t page = number * fan; page < (number + 1) * fan; ++page) {
      const auto some = spans_of(connection, id_, rank_, lane_, page, SpanFields::times);
      spans.insert(spans.end(), some.begin(), some.end());
    }
    return sum_up(spans, kPageShares);
  }
  std::vector<std::pair<int, std::string>> pages;
  auto& query = connection.statement(
      "SELECT shift, bytes FROM span_page WHERE lane = ? AND level = ? AND number >= ? AND number < ? ORDER BY number");
  SQLite::bind(query, id_, level - 1, number * fan, (number + 1) * fan);
  while (query.executeStep()) pages.emplace_back(query.getColumn(0).getInt(), bytes_of(query, 1));
  std::vector<SummedUp> parts;
  for (std::int64_t page = number * fan; const auto& [shift, bytes] : pages) {
    SummedUp part{shift, {}};
    if (!if_whole([&] { unpack_shares(bytes, part.shares); })) part = sum_of(connection, level - 1, page);
    parts.push_back(std::move(part));
    ++page;
  }
  return sum_up(std::move(parts), kPageShares);
}

// Its times and steps are those of its spans, or of the pages below it.
void LaneSpans::write_page(Connection& connection, int level, std::int64_t number, std::span<const TimedSpan> spans,
                           const SummedUp* sum) {
  std::int64_t count = 0, begin_ns = std::numeric_limits<std::int64_t>::max(), end_ns = -kFar * 2, last_step = -1;
  for (const TimedSpan& each : spans) {
    ++count;
    begin_ns = std::min(begin_ns, each.span.begin_ns);
    end_ns = std::max(end_ns, each.span.end_ns);
    last_step = std::max(last_step, each.span.step);
  }
  if (sum) {
    const std::int64_t fan = fan_above(level - 1);
    auto& query = connection.statement(
        "SELECT sum(spans), min(begin_ns), max(end_ns), max(last_step) FROM span_page "
        "WHERE lane = ? AND level = ? AND number >= ? AND number < ?");
    SQLite::bind(query, id_, level - 1, number * fan, (number + 1) * fan);
    query.executeStep();
    count = query.getColumn(0).getInt64();
    begin_ns = query.getColumn(1).getInt64();
    end_ns = query.getColumn(2).getInt64();
    last_step = query.getColumn(3).getInt64();
  }
  const std::string bytes = sum ? pack_shares(sum->shares) : pack_spans(spans);
  auto& insert = connection.statement(
      "INSERT INTO span_page (lane, level, number, spans, begin_ns, end_ns, last_step, shift, bytes) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  SQLite::bind(insert, id_, level, number, count, begin_ns, end_ns, last_step, sum ? sum->shift : 0);
  insert.bindNoCopy(9, bytes.data(), static_cast<int>(bytes.size()));
  insert.exec();
}

void LaneSpans::write_piece(Connection& connection) {
  if (pieces_ >= kMaxPieces) drop_pieces(connection);
  const auto fresh = std::span<const TimedSpan>(tail_).subspan(written_);
  const std::string bytes = pack_spans(fresh);
  auto& insert = connection.statement("INSERT INTO span_piece (lane, spans, bytes) VALUES (?, ?, ?)");
  SQLite::bind(insert, id_, static_cast<std::int64_t>(fresh.size()));
  insert.bindNoCopy(3, bytes.data(), static_cast<int>(bytes.size()));
  insert.exec();
  written_ = tail_.size();
  ++pieces_;
}

void LaneSpans::drop_pieces(Connection& connection) {
  if (written_ > 0) {
    auto& drop = connection.statement("DELETE FROM span_piece WHERE lane = ?");
    drop.bind(1, id_);
    drop.exec();
  }
  written_ = 0;
  pieces_ = 0;
}

void LaneSpans::pack(Connection& connection) {
  if (pieces_ <= 1) return;
  drop_pieces(connection);
  write_piece(connection);
}

void LaneSpans::cut(Connection& connection, std::int64_t step) {
  if (last_step_ <= step) return;
  auto& query =
      connection.statement("SELECT min(number) FROM span_page WHERE lane = ? AND level = 0 AND last_step > ?");
  SQLite::bind(query, id_, step);
  std::int64_t first = pages_;  // the first page with a span that goes
  if (query.executeStep() && !query.getColumn(0).isNull()) first = query.getColumn(0).getInt64();
  std::vector<TimedSpan> kept;
  for (std::int64_t page = first; page < pages_; ++page) {
    const auto some = spans_of(connection, id_, rank_, lane_, page, SpanFields::all);
    kept.insert(kept.end(), some.begin(), some.end());
  }
  kept.insert(kept.end(), tail_.begin(), tail_.end());
  std::erase_if(kept, [step](const TimedSpan& each) { return each.span.step > step; });
  for (std::int64_t level = 0, left = first; level < kMostLevels; left /= fan_above(static_cast<int>(level++)))
    drop_from(connection, id_, static_cast<int>(level), left);
  written_ = 1;  // there may be pieces, whatever was in them
  drop_pieces(connection);
  auto& facts = connection.statement(
      "SELECT coalesce(sum(spans), 0), coalesce(min(begin_ns), 0), coalesce(max(end_ns), 0), "
      "coalesce(max(last_step), -1) FROM span_page WHERE lane = ? AND level = 0");
  facts.bind(1, id_);
  facts.executeStep();
  spans_ = facts.getColumn(0).getInt64();
  begin_ns_ = facts.getColumn(1).getInt64();
  end_ns_ = facts.getColumn(2).getInt64();
  last_step_ = facts.getColumn(3).getInt64();
  pages_ = first;
  tail_.clear();
  for (const TimedSpan& each : kept) append(each);
  changed_ = true;
}

RankSpans::RankSpans(Connection& connection, RunId run, int rank) : run_(run), rank_(rank) {
  std::vector<int> lanes;
  auto& query = connection.statement("SELECT lane, anchor_ns FROM span_lane WHERE run = ? AND rank = ? ORDER BY lane");
  SQLite::bind(query, run, rank);
  while (query.executeStep()) {
    lanes.push_back(query.getColumn(0).getInt());
    if (lanes.back() == kUntoldLane) stored_anchor_ns_ = query.getColumn(1).getInt64();
  }
  anchor_ns_ = stored_anchor_ns_;
  for (const int each : lanes) lane(connection, each);
  untold_end_ns_ = lane(connection, kUntoldLane).end_ns();
}

LaneSpans& RankSpans::lane(Connection& connection, int lane) {
  const auto known = lanes_.find(lane);
  return known != lanes_.end() ? known->second
                               : lanes_.emplace(lane, LaneSpans(connection, run_, rank_, lane)).first->second;
}

std::int64_t RankSpans::end_ns() const {
  std::int64_t end = 0;
  for (const auto& [number, lane] : lanes_)
    if (number != kUntoldLane && lane.spans() > 0) end = std::max(end, lane.end_ns());
  return end;
}

std::int64_t RankSpans::last_step() const {
  std::int64_t step = -1;
  for (const auto& [number, lane] : lanes_)
    if (number != kUntoldLane) step = std::max(step, lane.last_step());
  return step;
}

void RankSpans::leave_untold(Connection& connection, std::int64_t begin_ns, std::int64_t end_ns, std::int64_t step) {
  if (begin_ns == 0 || end_ns <= begin_ns) return;
  untold_end_ns_ = end_ns;
  journal::Span span;
  span.rank = rank_;
  span.lane = kUntoldLane;
  span.kind = journal::SpanKind::idle;
  span.step = step;
  span.begin_ns = begin_ns;
  span.end_ns = end_ns;
  lane(connection, kUntoldLane).append({span, 0});
}

void RankSpans::tell(Connection& connection, const journal::Span& told, std::int64_t anchor_ns) {
  if (told.lane == kUntoldLane) return;
  TimedSpan timed{told, 0};
  journal::Span& span = timed.span;
  span.rank = rank_;
  span.step = std::clamp(span.step, -kMostStep, kMostStep);
  span.begin_ns = std::clamp(span.begin_ns, -kFar, kFar);
  span.end_ns = std::clamp(span.end_ns, span.begin_ns, kFar);
  const bool is_new_session = anchor_ns != anchor_ns_;
  if (is_new_session) cut(connection, is_stepless(span.kind) ? span.step : span.step - 1);
  anchor_ns_ = anchor_ns;
  // What is told of no step comes after the step whose number it has.
  const std::int64_t known = last_step();
  const std::int64_t end = end_ns();
  if (end != 0 && (is_new_session || span.step > known + (is_stepless(span.kind) ? 0 : 1)))
    leave_untold(connection, std::max(end, untold_end_ns_), span.begin_ns, span.step);
  LaneSpans& into = lane(connection, span.lane);
  if (into.spans() > 0)
    timed.gap_ns = std::max<std::int64_t>(0, span.begin_ns - std::max(into.end_ns(), untold_end_ns_));
  into.append(timed);
}

void RankSpans::cut(Connection& connection, std::int64_t last_kept) {
  const std::int64_t end = end_ns();
  if (last_step() <= last_kept) return;
  for (auto& [number, lane] : lanes_) lane.cut(connection, last_kept);
  untold_end_ns_ = lanes_.at(kUntoldLane).end_ns();
  leave_untold(connection, end_ns(), end, std::max<std::int64_t>(0, last_kept));
}

void RankSpans::flush(Connection& connection) {
  for (auto& [number, lane] : lanes_) lane.flush(connection);
  if (anchor_ns_ == stored_anchor_ns_) return;
  auto& update = connection.statement("UPDATE span_lane SET anchor_ns = ? WHERE run = ? AND rank = ? AND lane = ?");
  SQLite::bind(update, anchor_ns_, run_, rank_, kUntoldLane);
  update.exec();
  stored_anchor_ns_ = anchor_ns_;
}

void RankSpans::pack(Connection& connection) {
  for (auto& [number, lane] : lanes_) lane.pack(connection);
}

}  // namespace athanor::store
